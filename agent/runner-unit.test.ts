import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const UNIT = readFileSync(fileURLToPath(new URL('runtide-runner.service', import.meta.url)), 'utf8');

/** The shell text of the unit's start, as systemd hands it over. */
function startText(): string {
  const quoted = /^ExecStart=\/bin\/sh -c '([^']*)'$/m.exec(UNIT.replaceAll('\\\n', ' '))?.[1];
  if (quoted === undefined) throw new Error('reading the unit: ExecStart has another form');
  return quoted.replaceAll('$$', '$');
}

/** Starts the runner where `id` and `chown` end with the given codes; answers with what it called. */
function start(codes: { readonly id: number; readonly chown: number }): string {
  const folder = mkdtempSync(join(tmpdir(), 'runtide-unit-'));
  try {
    for (const [name, code] of Object.entries({ ...codes, 'gitlab-runner': 0 })) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@" >&3\nexit ${String(code)}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const run = spawnSync('/bin/sh', ['-c', startText()], {
      env: { PATH: folder },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return run.output[3] ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const RUN = 'gitlab-runner run --config /etc/gitlab-runner/config.toml --working-directory /var/lib/runtide';

describe('the unit of the runner', () => {
  it('runs jobs as the user that is made for them', () => {
    expect(start({ id: 0, chown: 0 })).toBe(
      `id -u runtide-jobs\nchown runtide-jobs /var/lib/runtide\n${RUN} --user runtide-jobs\n`,
    );
  });

  it('runs them as root where there is no such user', () => {
    expect(start({ id: 1, chown: 0 })).toBe(`id -u runtide-jobs\n${RUN}\n`);
  });

  it('does not start a runner whose jobs could not write', () => {
    expect(start({ id: 0, chown: 1 })).not.toContain('gitlab-runner run');
  });

  it('stops it by QUIT, and waits for its jobs without a limit', () => {
    expect(UNIT).toMatch(/^KillSignal=SIGQUIT$/m);
    expect(UNIT).toMatch(/^TimeoutStopSec=infinity$/m);
  });
});
