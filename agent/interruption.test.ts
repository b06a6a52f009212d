import { describe, expect, it } from 'vitest';
import { ended, TestMachine } from './test-machine.ts';
import { disturbances, DRAIN_TAG, eventually, INTERRUPTION, looksAgain, ready, says } from './test-watch.ts';

const REBALANCE = 'events/recommendations/rebalance';
const RECOMMENDATION = '{"noticeTime":"2026-01-05T08:00:00Z"}';

/** EC2's notice that it takes the machine in so many seconds. */
function taking(machine: TestMachine, inSeconds: number): string {
  const time = `${new Date(Date.now() + inSeconds * 1000).toISOString().slice(0, 19)}Z`;
  machine.metadata.set(INTERRUPTION, JSON.stringify({ action: 'terminate', time }));
  return time;
}

describe.concurrent('an interruption', { timeout: 60_000 }, () => {
  it('of an idle machine unregisters it and powers it off long before the end', async () => {
    await using machine = await TestMachine.create();
    const agent = machine.run();
    await says(machine, 'ready\n');
    taking(machine, 120);
    expect(await ended(agent)).toBe(0);
    expect(machine.read('unregistered').trim().split('\n')).toHaveLength(1);
    expect(machine.read('etc/gitlab-runner/config.toml')).not.toContain('[[runners]]');
    expect(machine.read('powered-off')).toBe('off\n');
    expect(machine.signals()).not.toContain('TERM');
  });

  it('ends the running job 45 seconds before the end, and not before', async () => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    const time = taking(machine, 600);
    await says(machine, `draining: interrupted: EC2 takes the instance at ${time}\n`);
    await eventually(() => expect(machine.signals()).toContain('QUIT'));
    expect(machine.signals()).not.toContain('TERM');

    await machine.advance(600 - 45);
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain(`runtide: taken at ${time}: ending the running jobs\n`);
    expect(machine.signals().filter((signal) => signal === 'TERM')).toHaveLength(1);
    expect(machine.has('powered-off')).toBe(true);
  });

  it.for([
    ['that comes late', 30],
    ['whose end has passed', -3600],
  ] as const)('%s ends the running job at once', async ([_what, inSeconds]) => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    const time = taking(machine, inSeconds);
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain(
      `runtide: draining: interrupted: EC2 takes the instance at ${time}\nruntide: taken at ${time}: ending the running jobs\n`,
    );
    expect(machine.signals().filter((signal) => signal === 'TERM')).toHaveLength(1);
    expect(machine.has('unregistered')).toBe(true);
    expect(machine.has('powered-off')).toBe(true);
  });

  it('without a time that can be read counts two minutes', async () => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(INTERRUPTION, '{"action": "stop", "time": "soon"}');
    await says(machine, 'draining: interrupted: EC2 takes the instance at an unknown time\n');
    await eventually(() => expect(machine.signals()).toContain('QUIT'));
    expect(machine.signals()).not.toContain('TERM');
    await machine.advance(120 - 45);
    expect(await ended(agent)).toBe(0);
    expect(machine.signals()).toContain('TERM');
  });

  it('ends the jobs in time also where the machine was draining already', async () => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'expired@2026-01-05T08:00:00.000Z');
    await says(machine, 'draining: expired@2026-01-05T08:00:00.000Z\n');
    const before = machine.metadata.asked(INTERRUPTION);
    taking(machine, 600);
    await eventually(() => expect(machine.metadata.asked(INTERRUPTION)).toBeGreaterThan(before));
    expect(machine.signals()).not.toContain('TERM');
    await machine.advance(600 - 45);
    expect(await ended(agent)).toBe(0);
    expect(machine.signals()).toContain('TERM');
    expect(machine.console().match(/draining/g)).toHaveLength(1);
  });
});

describe.concurrent('a recommendation to rebalance', { timeout: 60_000 }, () => {
  it('drains where the settings say so, once its job has ended', async () => {
    await using machine = await TestMachine.create({ settings: { RUNTIDE_REBALANCE: 'drain' } });
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(REBALANCE, RECOMMENDATION);
    await says(
      machine,
      `rebalance recommended: ${RECOMMENDATION}\nruntide: draining: rebalance recommended\n`,
    );
    await looksAgain(machine, INTERRUPTION);
    expect(machine.has('powered-off')).toBe(false);
    expect(machine.signals()).toContain('QUIT');
    expect(machine.signals()).not.toContain('TERM');
    await machine.remove('job');
    expect(await ended(agent)).toBe(0);
    expect(machine.has('unregistered')).toBe(true);
    expect(machine.has('powered-off')).toBe(true);
  });

  it.for([{}, { RUNTIDE_REBALANCE: 'note' }])('is only noted with the settings %j', async (settings) => {
    await using machine = await TestMachine.create({ settings });
    await ready(machine);
    machine.metadata.set(REBALANCE, RECOMMENDATION);
    await says(machine, `rebalance recommended: ${RECOMMENDATION}\n`);
    await looksAgain(machine, DRAIN_TAG);
    expect(disturbances(machine)).toEqual([]);
  });

  it('that cannot be read drains nothing', async () => {
    await using machine = await TestMachine.create({ settings: { RUNTIDE_REBALANCE: 'drain' } });
    await ready(machine);
    machine.metadata.fail(REBALANCE, { status: 500, body: RECOMMENDATION });
    await looksAgain(machine, REBALANCE);
    expect(disturbances(machine)).toEqual([]);
  });

  it('with a setting that is none of its words fails the boot', async () => {
    await using machine = await TestMachine.create({ settings: { RUNTIDE_REBALANCE: 'sometimes' } });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      "runtide: boot failed: RUNTIDE_REBALANCE is 'sometimes'; set drain or note\n",
    );
  });
});
