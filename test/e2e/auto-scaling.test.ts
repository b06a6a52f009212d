import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

const GROUP = 'runtide-sandbox-linux';

/** The sandbox, whose pool of that name is an Auto Scaling group's from now on. */
async function openGroup(): Promise<WatchedSandbox> {
  const sandbox = await openSandbox();
  await sandbox.reload([['pools', 'linux', 'instances', 'group'], {}]);
  return sandbox;
}

const states = (sandbox: WatchedSandbox): readonly string[] =>
  sandbox.groups.group(GROUP)?.instances.map(({ lifecycleState }) => lifecycleState) ?? [];

describe('a pool whose instances are an Auto Scaling group', () => {
  it('runs jobs, has one that is terminated by hand end its job, and goes to zero', async () => {
    await using sandbox = await openGroup();
    const { ec2, groups } = sandbox;
    const [quick] = sandbox.submit({ name: 'quick', script: ['echo done'], tags: ['linux'] });
    await eventually('a member is in service', () => states(sandbox).includes('InService'));
    await succeeded(quick === undefined ? [] : [quick]);

    const long = sandbox.submit({ name: 'long', script: ['sleep 8'], tags: ['linux'] });
    await eventually('the job runs', () => long[0]?.status === 'running');
    const busy = groups.group(GROUP)?.instances[0]?.id ?? '';
    groups.terminateInstanceInAutoScalingGroup({ ids: [busy], shouldDecrementDesiredCapacity: true });
    await eventually('its group waits', () => states(sandbox).includes('Terminating:Wait'));
    expect(long[0]?.status).toBe('running');
    await succeeded(long);

    await eventually('the fleet is at zero', () => sandbox.running() === 0 && sandbox.managers() === 0);
    expect(groups.group(GROUP)).toMatchObject({ desiredCapacity: 0, minSize: 0 });
    const said = ec2.getConsoleOutput(busy).text;
    expect(said).toContain('runtide: draining: ');
    expect(said).not.toContain('powering off');
    expect((await sandbox.log()).filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });
});
