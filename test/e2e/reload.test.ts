import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SqliteLease } from '../../src/adapters/sqlite/lease.ts';
import { thisProcess } from '../../src/adapters/sqlite/owner.ts';
import { openStore } from '../../src/adapters/sqlite/store.ts';
import { instant, seconds } from '../../src/engine/time.ts';
import { eventually } from '../support/eventually.ts';
import {
  openSandbox,
  poolIn,
  type SeenStatus,
  succeeded,
  type WatchedSandbox,
} from '../support/watched-sandbox.ts';

/** Only pool `linux` takes jobs without tags; with two slots an instance, these ask for three. */
const JOBS = Array.from({ length: 6 }, (_, index) => ({ name: `job ${index}`, script: ['echo works'] }));

/** Submits the jobs, waits until all succeeded, and answers with the pool as it was while they waited. */
async function runJobs(sandbox: WatchedSandbox): Promise<SeenStatus['pools'][number]> {
  const jobs = sandbox.submit(...JOBS);
  const seen = await eventually('the jobs are seen', async () => {
    // Before the first pass the status names no pool.
    const pool = (await sandbox.status()).pools.find((one) => one.pool === 'linux');
    return pool?.pending === JOBS.length && pool;
  });
  await succeeded(jobs);
  return seen;
}

/** Whether the lease goes at once to somebody who cannot tell whether its last holder still lives. */
async function leaseIsFree({ folder }: WatchedSandbox): Promise<boolean> {
  using store = openStore(join(folder, 'daemon', 'runtide.db'));
  const lease = new SqliteLease(store.database, { owner: thisProcess() });
  const { held } = await lease.acquire(instant(Date.now()), seconds(60));
  await lease.release();
  return held;
}

const NOT_RELOADED = { level: 'error', msg: 'configuration not reloaded, the old one stays' };

describe('SIGHUP', () => {
  it('applies a change of max to what runs, without a restart', async () => {
    await using sandbox = await openSandbox();
    const daemon = sandbox.daemonId();
    expect(await sandbox.reload([['pools', 'linux', 'max'], 1])).toMatchObject([
      { level: 'info', msg: 'pools.linux.max changed', from: '4', to: '1' },
      { level: 'info', msg: 'configuration reloaded: 1 changes' },
    ]);
    expect((await runJobs(sandbox)).desired.count).toBe(1);
    expect(sandbox.ec2.instances()).toHaveLength(1);
    expect(sandbox.daemonId()).toBe(daemon);
  });

  it('says that it is applied once no pass decides by the old one any more', async () => {
    await using sandbox = await openSandbox();
    const { faults } = sandbox.double;
    faults.set({ kind: 'hang', path: '/api/v4/runners' });
    await eventually('a pass is under way', () => faults.hanging > 0);
    await sandbox.reload([['pools', 'linux', 'max'], 1]);
    const messages = (await sandbox.log()).map(({ msg }) => msg);
    // Which of its readings the pass was at, nobody knows.
    const failed = messages.findIndex((msg) => /^reading (?:managers|runner) of \w+ failed$/.test(msg));
    expect(failed).toBeGreaterThanOrEqual(0);
    expect(failed).toBeLessThan(messages.indexOf('configuration reloaded: 1 changes'));
  });

  it('applies nothing of a file with a mistake, or with a change that needs a restart', async () => {
    await using sandbox = await openSandbox();
    const daemon = sandbox.daemonId();
    const lower = [['pools', 'linux', 'max'], 1] as const;

    const [broken, ...more] = await sandbox.reload(
      lower,
      [['pollInterval'], 'soon'],
      [['pools', 'large', 'slots'], 'many'],
      [['polls'], 3],
    );
    expect([broken, more]).toMatchObject([NOT_RELOADED, []]);
    for (const mistake of ['3 mistakes', 'pollInterval: ', 'pools.large.slots: ', 'polls: ']) {
      expect(broken?.why).toContain(mistake);
    }
    expect(await sandbox.reloadText('pools: [')).toMatchObject([NOT_RELOADED]);

    const [late] = await sandbox.reload(lower, [['installation'], 'other']);
    expect(late).toMatchObject({ ...NOT_RELOADED, why: expect.stringContaining('installation') });

    expect((await runJobs(sandbox)).desired.count).toBe(3);
    expect(sandbox.daemonId()).toBe(daemon);
  });
});

describe('SIGTERM', () => {
  it('ends the daemon in good order: instances stay, and the next daemon decides at once', async () => {
    await using sandbox = await openSandbox();
    await sandbox.reload([['pools', 'linux', 'idle', 'time'], '5m']);
    await succeeded(sandbox.submit({ name: 'works', script: ['echo works'] }));
    const [instance] = sandbox.ec2.instances();

    expect(await sandbox.daemon.stop()).toBe(true);
    const ended = await sandbox.log();
    expect(ended.at(-1)?.msg).toMatch(/^runtide has stopped/);
    expect(sandbox.running()).toBe(1);
    expect(await leaseIsFree(sandbox)).toBe(true);

    sandbox.daemon.start();
    await sandbox.daemon.answers(sandbox.statusUrl);
    const status = await eventually('it decides', async () => {
      const now = await sandbox.status();
      return now.role === 'deciding' && now;
    });
    expect(poolIn(status, 'linux').instances).toMatchObject([{ id: instance?.id, phase: 'idle' }]);
    const messages = (await sandbox.log()).slice(ended.length).map(({ msg }) => msg);
    expect(messages).toContain('lease taken');
    expect(messages).not.toContain('standing by');
  });
});
