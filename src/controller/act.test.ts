import { describe, expect, it } from 'vitest';
import { aPool, NOW, OFFERING } from '../../test/support/observations.ts';
import { failure, gave, type Scripts, termInOffice } from '../../test/support/scripted-ports.ts';
import type { DrainReason } from '../engine/instance.ts';
import type { Action } from '../engine/action.ts';
import { seconds } from '../engine/time.ts';
import { act } from './act.ts';

const launch = (pool = 'linux', count = 1): Action => ({ do: 'launch', pool, count, offerings: [OFFERING] });
const drain = (instance: string, because: DrainReason = 'idle'): Action => ({
  do: 'drain',
  pool: 'linux',
  instance,
  because,
});
const terminate = (instance: string, because: DrainReason = 'orphaned'): Action => ({
  do: 'terminate',
  pool: 'linux',
  instance,
  because,
});
const forget = (manager: string): Action => ({
  do: 'forget',
  pool: 'linux',
  manager,
  because: 'instance gone',
});

async function scene(scripts: Scripts = {}) {
  const around = await termInOffice({ pools: [aPool(), aPool({ name: 'arm' })], ...scripts });
  return { ...around, run: (...actions: readonly Action[]) => act(actions, around.at) };
}

const done = (action: Action) => ({ action, done: true });
const failed = (action: Action, why: string) => ({ action, done: false, why });
const unbegun = (action: Action) => ({ ...failed(action, 'shutting down before it began'), begun: false });

describe('acting', () => {
  it('launches first, then drains, terminates and forgets, and answers for every action', async () => {
    const { run, calls } = await scene();
    const outcomes = await run(
      forget('r_1'),
      terminate('i-3'),
      drain('i-2', 'drifted'),
      terminate('i-4'),
      launch('arm', 2),
      launch('linux'),
      drain('i-1'),
    );
    expect(calls).toEqual([
      'prepare arm',
      'launch 2 of arm',
      'prepare linux',
      'launch 1 of linux',
      'drain i-2 (drifted)',
      'drain i-1 (idle)',
      'terminate i-3 i-4',
      'forget r_1 of linux',
    ]);
    expect(outcomes).toEqual([
      { ...done(launch('arm', 2)), launched: ['i-1-0', 'i-1-1'], shortfalls: [] },
      { ...done(launch()), launched: ['i-2-0'], shortfalls: [] },
      done(drain('i-2', 'drifted')),
      done(drain('i-1')),
      done(terminate('i-3')),
      done(terminate('i-4')),
      done(forget('r_1')),
    ]);
  });

  it('does nothing where there is nothing to do', async () => {
    const { run, calls } = await scene();
    expect([await run(), calls]).toEqual([[], []]);
  });

  it('drains with the time of the drain', async () => {
    const times: number[] = [];
    const { run } = await scene({ fleet: { drain: async (_id, _because, at) => void times.push(at) } });
    await run(drain('i-1'));
    expect(times).toEqual([NOW]);
  });

  it('is stopped by no failure', async () => {
    const { run } = await scene({
      fleet: {
        launch: async ({ pool }) => {
          if (pool === 'arm') throw failure('unreachable');
          return gave('i-9');
        },
        drain: async (ids) => {
          if (ids.includes('i-1')) throw failure('throttled');
        },
        terminate: () => Promise.reject(failure('unauthorized')),
      },
      runners: {
        forget: async (_pool, manager) => {
          if (manager === 'r_1') throw new Error('broken');
        },
      },
    });
    const actions = [
      launch('arm'),
      launch(),
      drain('i-1'),
      drain('i-2', 'drifted'),
      terminate('i-3'),
      terminate('i-4'),
      forget('r_1'),
      forget('r_2'),
    ];
    expect(await run(...actions)).toEqual([
      failed(launch('arm'), 'scripted: it was unreachable'),
      { ...done(launch()), launched: ['i-9'], shortfalls: [] },
      failed(drain('i-1'), 'scripted: it was throttled'),
      done(drain('i-2', 'drifted')),
      failed(terminate('i-3'), 'scripted: it was unauthorized'),
      failed(terminate('i-4'), 'scripted: it was unauthorized'),
      failed(forget('r_1'), 'broken'),
      done(forget('r_2')),
    ]);
  });

  it('asks instances that leave for the same reason to drain together, at most 500 at once', async () => {
    const asked: (readonly [number, DrainReason])[] = [];
    const { run } = await scene({
      fleet: { drain: async (ids, because) => void asked.push([ids.length, because]) },
    });
    const idle = Array.from({ length: 501 }, (_, index) => drain(`i-${index}`));
    const drifted = [drain('i-a', 'drifted'), drain('i-b', 'drifted')];
    const acted = await run(...idle, ...drifted);
    expect(acted).toEqual([...idle, ...drifted].map(done));
    expect(asked).toEqual([
      [500, 'idle'],
      [1, 'idle'],
      [2, 'drifted'],
    ]);
  });
});

describe('losing the lease', () => {
  it('begins nothing', async () => {
    const { run, calls, clock, takeOver } = await scene();
    await clock.advance(seconds(41));
    await takeOver();
    for (const action of [launch(), drain('i-1'), terminate('i-1', 'stuck'), forget('r_1')]) {
      await expect(run(action)).rejects.toMatchObject({ kind: 'fenced' });
    }
    expect(calls).toEqual([]);
  });

  it('within a launch stops everything after it', async () => {
    const { run, calls, fleet, takeOver, disk } = await scene();
    fleet.script.launch = async () => {
      await takeOver();
      return gave('i-9');
    };
    await expect(run(launch('arm'), launch(), drain('i-1'), terminate('i-2'))).rejects.toMatchObject({
      kind: 'fenced',
    });
    expect(calls).toEqual(['prepare arm', 'launch 1 of arm']);
    // The successor finds the launch open and finishes it.
    expect([...disk.intents.values()].map(({ result }) => result)).toEqual([undefined]);
  });

  it('is not what a store that cannot be asked says', async () => {
    const { run, at, clock } = await scene();
    await clock.advance(seconds(35));
    at.lease.acquire = () => Promise.reject(failure('unavailable', 'disk is gone'));
    expect(await run(drain('i-1'), forget('r_1'))).toEqual([
      failed(drain('i-1'), 'scripted: disk is gone'),
      failed(forget('r_1'), 'scripted: disk is gone'),
    ]);
  });
});

describe('shutting down', () => {
  const all = [
    launch('arm'),
    launch(),
    drain('i-1'),
    terminate('i-2', 'stuck'),
    terminate('i-3'),
    forget('r_1'),
  ];

  it('begins nothing', async () => {
    const { run, calls, abort, events } = await scene();
    abort.abort();
    expect(await run(...all)).toEqual(all.map(unbegun));
    expect([calls, events]).toEqual([[], []]);
  });

  it('finishes the step that has begun, with a signal of its own', async () => {
    const signals: AbortSignal[] = [];
    const { run, calls, abort, fleet, disk } = await scene();
    fleet.script.launch = async (_request, signal) => {
      abort.abort();
      signals.push(signal);
      return gave('i-9');
    };
    const [first, ...rest] = await run(...all);
    expect(first).toEqual({ ...done(launch('arm')), launched: ['i-9'], shortfalls: [] });
    expect(rest).toEqual(all.slice(1).map(unbegun));
    expect(calls).toEqual(['prepare arm', 'launch 1 of arm']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    expect([...disk.intents.values()].map(({ result }) => result)).toEqual([gave('i-9')]);
  });
});

/** What is done and told when `i-1`, with this console, is terminated. */
async function said(console: () => Promise<string>, because: DrainReason = 'stuck') {
  const { run, events, calls } = await scene({ fleet: { console } });
  await run(terminate('i-1', because));
  return { events, calls };
}

describe('an instance that did not boot', () => {
  it.each([
    ['the agent said', 'boot\nruntide: boot failed: no token \nlast line\n', 'no token'],
    ['the agent said last', 'runtide: boot failed: one\nruntide: boot failed: two\n', 'two'],
    ['nothing', '', 'no console output'],
    [
      'the agent said what it does',
      'runtide: booting i-1 in pool linux\nsome hook\n',
      'the agent\'s last line is "booting i-1 in pool linux": see its whole output in EC2',
    ],
    [
      'the agent was not heard',
      'Linux 6.1\nlogin:',
      'the agent did not report on the console: see its whole output in EC2',
    ],
  ])('tells why, where %s', async (_name, output, why) => {
    const { events, calls } = await said(async () => output);
    expect(events).toEqual([{ event: 'boot failed', pool: 'linux', instance: 'i-1', why }]);
    expect(calls).toEqual(['console i-1', 'terminate i-1']);
  });

  it('is terminated also when its console cannot be read', async () => {
    const { events, calls } = await said(() => Promise.reject(failure('throttled')));
    expect(events).toEqual([
      { event: 'boot failed', pool: 'linux', instance: 'i-1', why: 'no console output' },
    ]);
    expect(calls).toEqual(['console i-1', 'terminate i-1']);
  });

  it('is told once, when it is ended, however often that fails before', async () => {
    const { run, fleet, events } = await scene({
      fleet: {
        console: async () => 'runtide: boot failed: x',
        terminate: () => Promise.reject(failure('throttled')),
      },
    });
    await run(terminate('i-1', 'stuck'));
    await run(terminate('i-1', 'stuck'));
    expect(events).toEqual([]);
    fleet.script = { console: async () => 'runtide: boot failed: x' };
    await run(terminate('i-1', 'stuck'));
    expect(events).toEqual([{ event: 'boot failed', pool: 'linux', instance: 'i-1', why: 'x' }]);
  });

  it('is the only one whose console is read', async () => {
    const { events, calls } = await said(async () => 'runtide: boot failed: x', 'orphaned');
    expect([events, calls]).toEqual([[], ['terminate i-1']]);
  });

  it('does not use up the lease, however many there are and however slow their consoles', async () => {
    const { run, clock, fleet, events, at } = await scene();
    fleet.script.console = async () => {
      await clock.sleep(seconds(9));
      return 'runtide: boot failed: bad image';
    };
    const actions = Array.from({ length: 60 }, (_, index) => terminate(`i-${index}`, 'stuck'));
    const acting = run(...actions);
    await clock.advance(seconds(9 * 60));
    expect(await acting).toEqual(actions.map(done));
    expect(events).toHaveLength(60);
    expect(at.term.fence).toBe(1);
  });
});
