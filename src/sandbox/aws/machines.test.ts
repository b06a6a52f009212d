import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { gone, isAlive, openRoom, patience, pidsIn } from '../../../test/support/machine-room.ts';
import { EC2_LIFE_TIMES } from '../../adapters/memory/ec2/life-times.ts';

/** A machine with a stubborn process, one in a session of its own, and one that forgot its environment. */
const crowd = `#!/bin/sh
trap '' TERM
sh -c 'echo "pid $$"; exec sleep 1000' &
setsid sh -c 'trap "" TERM; echo "pid $$"; while :; do sleep 1; done' &
env -i /bin/sh -c 'echo "pid $$"; exec /bin/sleep 1000' &
echo "pid $$"
wait
`;

describe('a machine', () => {
  it('runs its user data in a folder of its own, and knows nothing of the environment around it', async () => {
    vi.stubEnv('GITLAB_TOKEN', 'secret');
    await using room = await openRoom();
    const id = await room.boot(
      '#!/bin/sh\npwd\nenv | sort\necho "wrong" >&2\necho "to the file" >> "$RUNTIDE_ROOT/console.log"\n',
    );
    for (const line of ['to the file', 'wrong', 'TMPDIR=']) await room.saw(id, line);
    vi.unstubAllEnvs();
    const lines = room.consoleOf(id).split('\n');
    const root = join(room.dir, id);
    expect(lines).toContain(root);
    const names = lines.flatMap((line) => /^([A-Z_0-9]+)=/.exec(line)?.[1] ?? []);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual([
      'AWS_EC2_METADATA_DISABLED',
      'AWS_ENDPOINT_URL_SSM',
      'AWS_REGION',
      'HOME',
      'PATH',
      'RUNTIDE_IMDS',
      'RUNTIDE_JOBS_USER',
      'RUNTIDE_ROOT',
      'RUNTIDE_SUPERVISOR',
      'RUNTIDE_WATCH_INTERVAL',
      'TMPDIR',
    ]);
    expect(lines).toContain(`PATH=${room.dir}/tools:/usr/local/bin:/usr/bin:/bin`);
    expect(lines).toContain(`RUNTIDE_IMDS=${room.double.aws.imdsUrl(id)}`);
    expect(lines).toContain(`HOME=${root}`);
    expect(lines).toContain('RUNTIDE_JOBS_USER=');
  });

  it('goes on running when its user data has ended', async () => {
    await using room = await openRoom();
    const id = await room.boot(`#!/bin/sh\n(sleep 1000; :) &\necho "pid $!"\n`);
    await room.saw(id, 'pid');
    expect(room.state(id)).toBe('running');
    expect(pidsIn(room.consoleOf(id)).filter(isAlive)).toHaveLength(1);
  });

  it('takes compressed user data, and none that is no script', async () => {
    await using room = await openRoom();
    const packed = await room.boot(gzipSync('#!/bin/sh\necho unpacked\n'));
    await room.saw(packed, 'unpacked');
    const config = await room.boot('#cloud-config\n');
    await room.saw(config, 'no shell script');
    expect(room.state(config)).toBe('running');
  });

  it('fails to boot, or never does, as scripted', async () => {
    await using room = await openRoom();
    room.double.model.faults.boot('fails');
    room.double.model.faults.boot('never');
    const fails = await room.boot('#!/bin/sh\necho booted\n');
    const never = await room.boot('#!/bin/sh\necho booted\n');
    expect(room.consoleOf(fails)).toContain('Kernel panic');
    expect(room.consoleOf(never)).toBe('');
    expect(readdirSync(room.dir)).toEqual(['tools']);
  });

  it('switches itself off', async () => {
    await using room = await openRoom();
    const id = await room.boot(
      '#!/bin/sh\ntrap "echo stopping; exit" TERM\necho "pid $$"\npoweroff\nsleep 1000 & wait\n',
    );
    await vi.waitFor(() => expect(room.state(id)).toBe('shutting-down'), patience);
    await gone(pidsIn(room.consoleOf(id)));
    await room.double.clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    await vi.waitFor(() => expect(room.state(id)).toBe('terminated'), patience);
    expect(room.consoleOf(id)).toContain('stopping');
    await vi.waitFor(() => expect(readdirSync(room.dir)).toEqual(['tools']), patience);
  });
});

describe('stopping a machine', () => {
  it('ends its processes, keeps its folder, and starting boots it again', async () => {
    await using room = await openRoom();
    const { model, clock } = room.double;
    const script =
      '#!/bin/sh\ndate +%s%N >> "$RUNTIDE_ROOT/boots"\necho "boot $(wc -l < boots | tr -d " ")" >> "$RUNTIDE_ROOT/console.log"\necho "pid $$"\nsleep 1000 & wait\n';
    const id = await room.boot(script, {}, 'on-demand');
    await room.saw(id, 'boot 1');
    await vi.waitFor(() => expect(pidsIn(room.consoleOf(id))).toHaveLength(1), patience);
    model.stopInstances([id]);
    await gone(pidsIn(room.consoleOf(id)));
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    await vi.waitFor(() => expect(room.state(id)).toBe('stopped'), patience);
    expect(readdirSync(room.dir)).toContain(id);
    model.startInstances([id]);
    await clock.advance(EC2_LIFE_TIMES.start.longest);
    await room.saw(id, 'boot 2');
    expect(room.consoleOf(id).match(/boot 1/g)).toHaveLength(1);
    expect(room.state(id)).toBe('running');
  });
});

describe('ending a machine', () => {
  it('asks first, then forces, and is over only when the last process is gone', async () => {
    await using room = await openRoom();
    const { model, clock } = room.double;
    const id = await room.boot(crowd);
    await vi.waitFor(() => expect(pidsIn(room.consoleOf(id))).toHaveLength(4), patience);
    const pids = pidsIn(room.consoleOf(id));
    model.terminateInstances([id]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    expect(room.state(id)).toBe('shutting-down');
    const aliveAtTheEnd: number[] = [];
    model.onStateChange(({ to }) => {
      if (to === 'terminated') aliveAtTheEnd.push(...pids.filter(isAlive));
    });
    await vi.waitFor(() => expect(room.state(id)).toBe('terminated'), patience);
    expect(aliveAtTheEnd).toEqual([]);
  });

  it('survives a script that ends its own process group', async () => {
    await using room = await openRoom();
    const escape = `setsid sh -c 'echo "pid $$"; exec sleep 1000' &`;
    const id = await room.boot(
      `#!/bin/sh\necho "leader $$"\n${escape}\nuntil read -r go < "$HOME/go"; do sleep 0.05; done\nkill -KILL 0\n`,
    );
    await room.saw(id, 'pid');
    writeFileSync(join(room.dir, id, 'go'), 'now\n');
    const leader = Number(/leader (\d+)/.exec(room.consoleOf(id))?.[1]);
    await gone([leader]);
    expect(room.state(id)).toBe('running');
    room.double.model.terminateInstances([id]);
    const escaped = pidsIn(room.consoleOf(id));
    await gone(escaped);
    expect(escaped).toHaveLength(1);
  });

  it('finds by their user what the jobs of the machine have hidden', async () => {
    // Only root can give processes another user; what has this one is hidden from everything else.
    const own = process.getuid?.() === 0 ? 1_073_700_000 + (process.pid % 40_000) : undefined;
    await using room = await openRoom({
      next: () => ({ word: String(own ?? ''), ...(own !== undefined && { own }) }),
    });
    const user = own === undefined ? '' : `setpriv --reuid ${own} --clear-groups`;
    const hidden = `env -i ${own === undefined ? 'RUNTIDE_ROOT="$RUNTIDE_ROOT"' : ''} PATH=/usr/bin:/bin ${user}`;
    const id = await room.boot(
      `#!/bin/sh\necho "user $RUNTIDE_JOBS_USER"\nsetsid ${hidden} sh -c 'echo "pid $$"; exec sleep 1000' &\n`,
    );
    await room.saw(id, 'pid');
    expect(room.consoleOf(id)).toContain(`user ${own ?? ''}\n`);
    const pids = pidsIn(room.consoleOf(id));
    expect(pids.filter(isAlive)).toHaveLength(1);
    room.double.model.terminateInstances([id]);
    await gone(pids);
  });

  it('comes with the loss of its power cord', async () => {
    await using room = await openRoom();
    const id = await room.boot('#!/bin/sh\necho "pid $$"\nsleep 1000\n');
    await room.saw(id, 'pid');
    const pids = pidsIn(room.consoleOf(id));
    const running = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'args='], { encoding: 'utf8' });
    const cord = running.split('\n').find((line) => line.includes(`power-cord ${join(room.dir, id)} `));
    process.kill(Number.parseInt(cord ?? '', 10), 'SIGKILL');
    await gone(pids);
    expect(room.state(id)).toBe('shutting-down');
    expect(room.failures.splice(0)).toEqual([expect.stringContaining('its power cord was cut')]);
  });

  it('comes with closing', async () => {
    const room = await openRoom();
    const id = await room.boot(crowd);
    await vi.waitFor(() => expect(pidsIn(room.consoleOf(id))).toHaveLength(4), patience);
    const pids = pidsIn(room.consoleOf(id));
    await room[Symbol.asyncDispose]();
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

it('pulls the plug when the sandbox is killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'machines-'));
  const sandbox = spawn(
    process.execPath,
    ['--input-type=module', '--eval', killedSandbox, new URL('.', import.meta.url).href, dir, crowd],
    { stdio: ['ignore', 'pipe', 'inherit'], env: {} },
  );
  let printed = '';
  sandbox.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  const booted = await vi.waitUntil(() => pidsIn(printed).length === 4, patience).catch(() => false);
  expect({ booted, printed }).toMatchObject({ booted: true });
  const pids = pidsIn(printed);
  expect(pids.filter(isAlive)).toHaveLength(4);
  sandbox.kill('SIGKILL');
  await once(sandbox, 'exit');
  await gone(pids);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}, 20_000);

/** Runs one machine, which writes to standard output, until it is killed. */
const killedSandbox = `
const [, base, dir, script] = process.argv;
const { bootMachine } = await import(new URL('machine-process.ts', base));
const { writeFileSync } = await import('node:fs');
writeFileSync(dir + '/user-data', script);
bootMachine({
  root: dir,
  script: dir + '/user-data',
  environment: { PATH: '/usr/bin:/bin', RUNTIDE_ROOT: dir },
  print: (text) => process.stdout.write(text),
  lost: (why) => process.stdout.write(why),
});
setInterval(() => undefined, 1000);
`;
