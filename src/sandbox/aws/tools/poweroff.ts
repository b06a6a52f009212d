import { request } from 'node:http';

/** `poweroff` on a machine of the sandbox: arguments are the machine's metadata address. */
const [metadata = ''] = process.argv.slice(2);

function fail(why: string): void {
  process.stderr.write(`poweroff: ${why}\n`);
  process.exitCode = 1;
}

if (metadata === '') {
  fail('RUNTIDE_IMDS is not set');
} else {
  request(`${metadata}/sandbox/poweroff`, { method: 'POST' }, (answer) => {
    answer.resume();
    if (answer.statusCode !== 204) fail(`the sandbox answered ${answer.statusCode}`);
  })
    .on('error', (error) => fail(error.message))
    .end();
}
