import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BOOTSTRAP, programPath } from './test-bootstrap.ts';

/** A network of its own needs root; so does a process of another user. */
const APART = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const MAY_TRY = process.getuid?.() === 0 && spawnSync('unshare', [...APART, 'true']).status === 0;

/** What each way to the rules is made of, and the rules with which Docker lets its containers out. */
const WAYS = {
  nft: {
    programs: ['nft'],
    docker:
      "printf 'table inet docker { chain forward { type filter hook forward priority -1; accept; }; }' | nft -f -",
  },
  iptables: {
    programs: ['iptables', 'ip6tables'],
    docker: 'iptables -I FORWARD -j ACCEPT && ip6tables -I FORWARD -j ACCEPT',
  },
} as const;

type Way = keyof typeof WAYS;
const ALL: readonly Way[] = ['nft', 'iptables'];

/** What this machine lacks to try a way. */
function missing(way: Way): readonly string[] {
  return [...WAYS[way].programs, 'ip', 'curl', 'setpriv'].filter((name) => programPath(name) === undefined);
}

const TRIABLE = ALL.filter((way) => MAY_TRY && missing(way).length === 0);

/** Answers whatever it is asked. */
const METADATA =
  "require('node:http').createServer((_, answer) => answer.end('metadata')).listen(80, '::', () => console.log('up'))";

/**
 * Three networks: the instance, a container on it, and what is beyond the instance, where the metadata are.
 * Says who reaches them in which form, before the firewall and after it.
 */
const TRIAL = `
set -eu
bootstrap=$1 node=$2 server=$3 folder=$4 docker=$5
ip link set lo up
mount -t tmpfs none /run
for one in beyond container; do
  ip netns add "$one"
  ip -n "$one" link set lo up
  ip link add "$one" type veth peer name eth0 netns "$one"
  ip link set "$one" up
  ip -n "$one" link set eth0 up
done
join() { # NETWORK NUMBER
  ip addr add "10.0.$2.1/24" dev "$1" && ip addr add "fd01:$2::1/64" dev "$1" nodad
  ip -n "$1" addr add "10.0.$2.2/24" dev eth0 && ip -n "$1" addr add "fd01:$2::2/64" dev eth0 nodad
  ip -n "$1" route add default via "10.0.$2.1" && ip -n "$1" -6 route add default via "fd01:$2::1"
}
join beyond 1
join container 2
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip -n beyond addr add 169.254.169.254/32 dev lo
ip -n beyond addr add fd00:ec2::254/128 dev lo nodad
ip route add 169.254.169.254/32 via 10.0.1.2
ip -6 route add fd00:ec2::254/128 via fd01:1::2
mkfifo /run/up
ip netns exec beyond "$node" -e "$server" >/run/up &
read -r up </run/up

job() { setpriv --reuid 4711 --regid 4711 --clear-groups "$@"; }
ask() { # WHO WORDS...
  who=$1
  shift
  for address in 169.254.169.254 '[fd00:ec2::254]' '[::ffff:169.254.169.254]'; do
    if "$@" curl -s -g -o /dev/null --noproxy '*' --max-time 2 "http://$address/"; then
      echo "$when $who $address: reached"
    else
      echo "$when $who $address: refused"
    fi
  done
}
all() {
  ask root env
  ask job job
  ! job unshare -r true 2>/dev/null || ask 'job with a user namespace' job unshare -r
  ask container ip netns exec container
}
when=before
all
PATH=$folder/bin RUNTIDE_ROOT=$folder /bin/sh "$bootstrap" firewall
PATH=$folder/bin RUNTIDE_ROOT=$folder /bin/sh "$bootstrap" firewall
eval "$docker"
when=after
all
`;

/** The outcomes of a trial, as `who address` and whether it reached the metadata, before the firewall and after it. */
async function tried(way: Way): Promise<Record<'before' | 'after', Map<string, string>>> {
  const folder = mkdtempSync(join(tmpdir(), 'runtide-firewall-'));
  try {
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'proc/net/if_inet6'), { recursive: true });
    for (const name of ['cat', 'sh', 'tr', 'cut', 'tee', ...WAYS[way].programs]) {
      symlinkSync(programPath(name) ?? name, join(folder, 'bin', name));
    }
    const words = [BOOTSTRAP, process.execPath, METADATA, folder, WAYS[way].docker];
    const env = { PATH: `${process.env['PATH']}:${dirname(process.execPath)}` };
    const run = promisify(execFile)('unshare', [...APART, '/bin/sh', '-c', TRIAL, 'sh', ...words], { env });
    const { stdout } = await run;
    const outcomes = (when: string) =>
      new Map(
        Array.from(stdout.matchAll(new RegExp(`^${when} (.+): (\\w+)$`, 'gm'))).map(
          ([, who = '', outcome = '']) => [who, outcome],
        ),
      );
    return { before: outcomes('before'), after: outcomes('after') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ADDRESSES = ['169.254.169.254', '[fd00:ec2::254]', '[::ffff:169.254.169.254]'];

describe('the rules of the firewall, in a network of their own', { timeout: 120_000 }, () => {
  it.for(TRIABLE)('leave the metadata to root of the instance, by %s', async (way) => {
    const { before, after } = await tried(way);
    for (const who of ['root', 'job', 'container']) {
      for (const address of ADDRESSES) expect(before.get(`${who} ${address}`)).toBe('reached');
    }
    expect([...before.values()]).not.toContain('refused');
    const reached = [...after].filter(([, outcome]) => outcome === 'reached').map(([who]) => who);
    expect(reached).toEqual(ADDRESSES.map((address) => `root ${address}`));
    expect([...after.keys()]).toEqual([...before.keys()]);
  });

  // What cannot be tried is said aloud. A program that is missing fails under CI, which can install it.
  it.for(ALL.filter((way) => !TRIABLE.includes(way)))('cannot be tried here by %s', (way) => {
    const why = MAY_TRY ? `${missing(way).join(', ')} not on PATH` : 'needs root that may make a network';
    process.stderr.write(`SKIPPED: trying the firewall by ${way}: ${why}\n`);
    expect(MAY_TRY && process.env['CI'] === 'true' ? missing(way) : []).toEqual([]);
  });
});
