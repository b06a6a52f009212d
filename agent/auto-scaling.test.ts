import { describe, expect, it } from 'vitest';
import { ended, INSTANCE, type MachineOptions, TestMachine } from './test-machine.ts';
import {
  disturbances,
  DRAIN_TAG,
  eventually,
  GROUP_TAG,
  INTERRUPTION,
  looksAgain,
  ready,
  says,
  TARGET_STATE,
  WAITING,
} from './test-watch.ts';

const SYSTEMD = { settings: { RUNTIDE_SUPERVISOR: 'systemd' } };
const UNKNOWN = 'drained; asking whether Auto Scaling takes the instance\n';

/** A machine of a group, as the group launches it. */
async function member(options: MachineOptions = {}): Promise<TestMachine> {
  const machine = await TestMachine.create(options);
  machine.metadata.set(GROUP_TAG, 'runtide-acme-linux');
  machine.metadata.set(TARGET_STATE, 'InService');
  return machine;
}

/** Waits until the agent has noted that it waits, and a while longer: the machine stays up. */
async function staysUp(machine: TestMachine): Promise<void> {
  await says(machine, WAITING);
  await eventually(() => expect(machine.read('etc/runtide/drained')).toBe(INSTANCE));
  const before = machine.read('slept').length;
  await eventually(() => expect(machine.read('slept').length).toBeGreaterThan(before + 3));
  expect(machine.has('powered-off')).toBe(false);
}

/** Every way into a drain but the interruption. */
const WAYS: readonly (readonly [
  what: string,
  begin: (machine: TestMachine) => Promise<void> | void,
  because: string,
  settings?: Readonly<Record<string, string>>,
])[] = [
  ['is asked to', (machine) => machine.metadata.set(DRAIN_TAG, 'idle'), 'idle'],
  [
    'is taken by the group',
    (machine) => machine.metadata.set(TARGET_STATE, 'Terminated'),
    'Auto Scaling takes the instance',
  ],
  ['is used up', (machine) => machine.write('exit', '0'), 'used up', { RUNTIDE_MAX_JOBS: '1' }],
  [
    'has lost its runner',
    (machine) => machine.write('exit', '3'),
    'the runner exited before its time: no word',
    { RUNTIDE_MAX_JOBS: '1' },
  ],
  ['has lost its runner twice', (machine) => machine.write('exit', '3'), 'the runner exited twice: no word'],
  [
    'is recommended to go',
    (machine) => machine.metadata.set('events/recommendations/rebalance', '{"noticeTime":"soon"}'),
    'rebalance recommended',
    { RUNTIDE_REBALANCE: 'drain' },
  ],
];

describe.concurrent('a member of an Auto Scaling group', { timeout: 60_000 }, () => {
  it.for(WAYS)('that %s drains and waits to be taken', async ([_what, begin, because, settings = {}]) => {
    await using machine = await member({ settings });
    const agent = machine.run();
    await says(machine, 'ready\n');
    await begin(machine);
    await staysUp(machine);
    expect(machine.console()).toContain(`runtide: draining: ${because}\nruntide: ${WAITING}`);
    expect(machine.console()).not.toContain('powering off');
    expect(machine.read('unregistered').trim().split('\n')).toHaveLength(1);
    expect(machine.read('etc/gitlab-runner/config.toml')).not.toContain('[[runners]]');
    expect(agent.exitCode).toBe(null);
  });

  it('waits for its job before', async () => {
    await using machine = await member();
    await machine.write('job', '');
    await ready(machine);
    machine.metadata.set(TARGET_STATE, 'Terminated');
    await says(machine, 'draining: Auto Scaling takes the instance\n');
    await looksAgain(machine, INTERRUPTION);
    expect(machine.signals()).toContain('QUIT');
    expect(machine.signals()).not.toContain('TERM');
    expect(machine.console()).not.toContain(WAITING);
    await machine.remove('job');
    await staysUp(machine);
  });

  it('starts no runner where the group takes it before', async () => {
    await using machine = await member();
    machine.metadata.set(TARGET_STATE, 'Terminated');
    machine.run();
    await staysUp(machine);
    expect(machine.console()).toContain('runtide: draining: Auto Scaling takes the instance\n');
    expect(machine.has('runner-pids')).toBe(false);
  });

  it('that EC2 takes does not wait for the group', async () => {
    await using machine = await member();
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(INTERRUPTION, '{"action": "terminate", "time": "soon"}');
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain('runtide: drained; powering off\n');
    expect(machine.has('powered-off')).toBe(true);
  });

  it('that EC2 takes while it drains does not wait for the group', async () => {
    await using machine = await member();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'idle');
    await says(machine, 'draining: idle\n');
    machine.metadata.set(INTERRUPTION, '{"action": "terminate", "time": "soon"}');
    await machine.remove('job');
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).not.toContain(WAITING);
  });

  it('waits on when GitLab does not let the manager go', async () => {
    await using machine = await member();
    await machine.write('unregister-fails', '');
    await ready(machine);
    machine.metadata.set(DRAIN_TAG, 'asked');
    await staysUp(machine);
    expect(machine.console()).toContain('runtide: unregistering failed: ');
  });

  it('waits on when its agent is started anew', async () => {
    await using machine = await member(SYSTEMD);
    const first = machine.run();
    await says(machine, 'ready\n');
    await machine.write('unit-state', 'inactive');
    machine.metadata.set(DRAIN_TAG, 'drifted');
    await staysUp(machine);
    expect(await ended(first, 'SIGTERM')).toBe(0);
    expect(machine.has('powered-off')).toBe(false);

    const second = machine.run();
    await eventually(() => expect(machine.console().split(WAITING)).toHaveLength(3));
    await staysUp(machine);
    expect(second.exitCode).toBe(null);
    expect(machine.console().match(/booting/g)).toHaveLength(1);
  });

  it('waits on when it is started again, whatever it drained for', async () => {
    await using machine = await member();
    const first = machine.run();
    await says(machine, 'ready\n');
    await machine.write('exit', '3');
    await staysUp(machine);
    await ended(first, 'SIGKILL');
    await machine.remove('exit');
    const runners = machine.read('runner-pids');

    machine.run();
    await says(machine, 'draining: started again after its drain\n');
    await eventually(() => expect(machine.console().split(WAITING)).toHaveLength(3));
    await staysUp(machine);
    expect(machine.read('runner-pids')).toBe(runners);
  });

  it('boots from an image that was made of one that waits', async () => {
    await using machine = await member();
    await machine.write('etc/runtide/drained', 'i-0fedcba9876543210');
    await ready(machine);
    expect(machine.has('runner-pids')).toBe(true);
  });
});

describe.concurrent('whether an instance is of a group', { timeout: 60_000 }, () => {
  it.for([500, 503, 403])('is asked again where the metadata answers %d', async (status) => {
    await using machine = await member();
    await ready(machine);
    machine.metadata.fail(GROUP_TAG, { status, body: '' });
    machine.metadata.set(DRAIN_TAG, 'idle');
    await says(machine, UNKNOWN);
    await looksAgain(machine, GROUP_TAG);
    expect(machine.has('powered-off')).toBe(false);
    expect(machine.console().split(UNKNOWN)).toHaveLength(2);
    machine.metadata.set(GROUP_TAG, 'runtide-acme-linux');
    await staysUp(machine);
  });

  it('is asked again where the metadata is gone, and a clear no powers off', async () => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'idle');
    await says(machine, 'draining: idle\n');
    const port = new URL(machine.metadata.url).port;
    await machine.metadata.stop();
    await machine.remove('job');
    await says(machine, UNKNOWN);
    expect(machine.has('powered-off')).toBe(false);
    await machine.metadata.restart(Number(port));
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain(`runtide: ${UNKNOWN}runtide: drained; powering off\n`);
  });

  it('is known although its id is not yet, which is asked again', async () => {
    await using machine = await member();
    await ready(machine);
    machine.metadata.fail('instance-id', { status: 503, body: '' });
    machine.metadata.set(DRAIN_TAG, 'idle');
    await says(machine, WAITING);
    await looksAgain(machine, 'instance-id');
    expect(machine.has('powered-off')).toBe(false);
    expect(machine.has('etc/runtide/drained')).toBe(false);
    machine.metadata.set('instance-id', INSTANCE);
    await staysUp(machine);
  });
});

describe.concurrent('the target of a lifecycle', { timeout: 60_000 }, () => {
  it.for([
    'InService',
    'Standby',
    'Detached',
    'Warmed:Stopped',
    'Terminated:Not',
    '',
    '<html>Terminated</html>',
  ])('%j is no reason to drain', async (state) => {
    await using machine = await member();
    await ready(machine);
    machine.metadata.set(TARGET_STATE, state);
    await looksAgain(machine, TARGET_STATE);
    expect(disturbances(machine)).toEqual([]);
  });

  it.for([500, 503, 403, 404])('Terminated with the status %d is no reason to drain', async (status) => {
    await using machine = await member();
    await ready(machine);
    machine.metadata.fail(TARGET_STATE, { status, body: 'Terminated' });
    await looksAgain(machine, TARGET_STATE);
    expect(disturbances(machine)).toEqual([]);
  });

  it('that hangs is no reason to drain', async () => {
    await using machine = await member();
    await ready(machine);
    machine.metadata.fail(TARGET_STATE, 'hang');
    await looksAgain(machine, TARGET_STATE);
    expect(disturbances(machine)).toEqual([]);
  });

  it('is still read when the token of the metadata has ended, six hours later', async () => {
    await using machine = await member();
    await ready(machine);
    await machine.advance(6 * 3600 + 60);
    machine.metadata.forgetTokens();
    await looksAgain(machine, TARGET_STATE);
    expect(disturbances(machine)).toEqual([]);
    machine.metadata.set(TARGET_STATE, 'Terminated');
    await staysUp(machine);
  });
});
