import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ended, TestMachine } from './test-machine.ts';
import { ready, says } from './test-watch.ts';

/** The words that start the agent's shell after a line of shell. */
function after(line: string): readonly string[] {
  return ['/bin/sh', '-c', `${line}; exec /bin/sh "$@"`, 'sh'];
}

/** Notes its words. */
const CHOWN = '#!/bin/sh\necho "chown $*" >>"$RUNTIDE_ROOT/chowned"\n';

describe.concurrent('what the agent makes', { timeout: 60_000 }, () => {
  it('is written by its owner alone, and where it is secret read by him alone, whatever the umask was', async () => {
    await using machine = await TestMachine.create({ shell: after('umask 0') });
    await ready(machine);
    const mode = (name: string): string => (statSync(machine.path(name)).mode & 0o777).toString(8);
    expect(mode('etc/gitlab-runner/config.toml')).toBe('600');
    expect(mode('run/runtide')).toBe('700');
    for (const folder of ['etc/gitlab-runner', 'var/lib/runtide', 'var/log'])
      expect(mode(folder)).toBe('755');
    for (const file of ['etc/gitlab-runner/.runner_system_id', 'var/log/runtide-runner.log', 'console.log']) {
      expect(mode(file)).toBe('644');
    }
  });
});

describe.concurrent('without systemd, jobs', { timeout: 60_000 }, () => {
  it('run as the user that the bootstrap makes', async () => {
    await using machine = await TestMachine.create();
    await machine.install('id', '#!/bin/sh\n[ "$*" = "-un runtide-jobs" ] && echo runtide-jobs\n');
    await machine.install('chown', CHOWN);
    await ready(machine);
    expect(machine.read('chowned')).toBe(`chown runtide-jobs ${machine.path('var/lib/runtide')}\n`);
    expect(machine.read('seen')).toContain('"--user","runtide-jobs"]');
  });

  it('run as the one that the environment names, or as that of the runner', async () => {
    await using other = await TestMachine.create({ shell: after('export RUNTIDE_JOBS_USER=4711') });
    await other.install('chown', CHOWN);
    await ready(other);
    expect(other.read('seen')).toContain('"--user","4711"]');

    await using none = await TestMachine.create({ shell: after('export RUNTIDE_JOBS_USER=') });
    await none.install('id', '#!/bin/sh\necho runtide-jobs\n');
    await ready(none);
    expect(none.read('seen')).not.toContain('--user');
  });

  it('do not run at all where their folder cannot be theirs', async () => {
    await using machine = await TestMachine.create({ shell: after('export RUNTIDE_JOBS_USER=4711') });
    await machine.install('chown', '#!/bin/sh\nexit 1\n');
    const agent = machine.run();
    await says(machine, 'boot failed: the runner cannot be started; check the image\n');
    expect(await ended(agent)).toBe(1);
    expect(machine.has('seen')).toBe(false);
  });
});
