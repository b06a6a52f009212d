"""Runs moto on a free port of 127.0.0.1, prints the port, and ends when standard input closes.

Whoever starts it holds the other end of standard input: however that process ends, this one ends with it.
"""

import logging
import os
import sys

from moto.server import ThreadedMotoServer

# Each reset would read the 1,285 images that moto ships: tests register the one that they need.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
# moto's own calls to itself go there.
os.environ["MOTO_PORT"] = str(port)
print(port, flush=True)
sys.stdin.read()
server.stop()
