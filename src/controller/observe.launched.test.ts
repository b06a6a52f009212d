import { describe, expect, it } from 'vitest';
import { aManager, anInstance, NOW, OFFERING } from '../../test/support/observations.ts';
import { failure, gave, type Scripts, surroundings } from '../../test/support/scripted-ports.ts';
import type { Instance } from '../engine/instance.ts';
import { lastKnown } from '../engine/observation.ts';
import type { Action } from '../engine/action.ts';
import { after, minutes, seconds } from '../engine/time.ts';
import { Observer } from './observe.ts';
import type { LaunchIntent, LaunchRequest } from './ports.ts';

const REQUEST: LaunchRequest = {
  launchId: 'l-1',
  pool: 'linux',
  count: 2,
  offerings: [OFFERING],
  slots: 3,
  generation: 'g1',
  template: { id: 'lt', version: '1' },
};
const OPEN: LaunchIntent = { request: REQUEST, fence: 1, openedAt: NOW };

/** `i-1` as the answer of its launch tells of it. */
const LAUNCHED: Instance = {
  id: 'i-1',
  pool: 'linux',
  launchId: 'l-1',
  state: 'pending',
  launchedAt: NOW,
  slots: 3,
  generation: 'g1',
  offering: OFFERING,
};

function scene(scripts: Scripts = {}) {
  const around = surroundings(scripts);
  const observer = new Observer({ ...around, policy: () => around.policy, freshFor: () => minutes(60) });
  const { signal } = around.abort;
  const seen = async (sweep: boolean) => {
    around.calls.length = 0;
    return lastKnown((await observer.observe({ sweep, pipelines: [] }, signal)).instances, []);
  };
  return {
    ...around,
    observer,
    sweep: () => seen(true),
    glance: () => seen(false),
    /** Writes down a launch that gave `ids`. */
    bought: async (...ids: readonly string[]) => {
      await around.store.openIntent({ ...OPEN, openedAt: around.clock.now() });
      await around.store.closeIntent('l-1', gave(...ids), 1);
    },
    observe: () => observer.observe({ sweep: true, pipelines: [] }, signal),
  };
}

describe('an instance that was just launched', () => {
  it('counts before it is listed, and is asked for by its id', async () => {
    const { bought, sweep, calls } = scene();
    await bought('i-1');
    expect(await sweep()).toEqual([LAUNCHED]);
    expect(calls).toContain('find i-1');
  });

  it('ends after as many jobs as its launch has said', async () => {
    const { store, sweep } = scene();
    await store.openIntent({ ...OPEN, request: { ...REQUEST, slots: 1, maxJobs: 2 } });
    await store.closeIntent('l-1', gave('i-1'), 1);
    expect(await sweep()).toEqual([{ ...LAUNCHED, slots: 1, maxJobs: 2 }]);
  });

  it('counts between two sweeps, once', async () => {
    const { bought, sweep, glance, calls } = scene();
    expect(await sweep()).toEqual([]);
    await bought('i-1');
    expect(await glance()).toEqual([LAUNCHED]);
    expect(await glance()).toEqual([LAUNCHED]);
    expect(calls).toEqual([]);
    expect(await sweep()).toEqual([LAUNCHED]);
  });

  it('counts for five minutes and no longer', async () => {
    const { bought, sweep, clock } = scene();
    await bought('i-1');
    await clock.advance(seconds(299));
    expect(await sweep()).toEqual([LAUNCHED]);
    await clock.advance(seconds(1));
    expect(await sweep()).toEqual([]);
  });

  it('counts also when the listing fails: else it would be bought again', async () => {
    const { bought, sweep, fleet } = scene();
    fleet.instances = [anInstance('i-0')];
    expect(await sweep()).toEqual([anInstance('i-0')]);
    await bought('i-1');
    fleet.script.list = () => Promise.reject(failure('unavailable'));
    expect(await sweep()).toEqual([anInstance('i-0'), LAUNCHED]);
    fleet.script = { find: () => Promise.reject(failure('throttled')) };
    expect(await sweep()).toEqual([anInstance('i-0'), LAUNCHED]);
  });

  it('is what EC2 says of it, as soon as EC2 says something', async () => {
    const { bought, sweep, fleet, calls } = scene();
    await bought('i-1', 'i-2', 'i-3');
    const listed = anInstance('i-1', { launchId: 'l-1' });
    const ended = anInstance('i-2', { launchId: 'l-1', state: 'terminated' });
    fleet.instances = [listed, ended];
    fleet.script.list = async () => [listed];
    expect(await sweep()).toEqual([listed, ended, { ...LAUNCHED, id: 'i-3' }]);
    expect(calls).toContain('find i-2 i-3');
  });

  it('is nobody’s guess while nothing was ever read', async () => {
    const { bought, observe } = scene({ fleet: { list: () => Promise.reject(failure('unavailable')) } });
    await bought('i-1');
    expect((await observe()).instances).toEqual({ known: false, failure: 'scripted: it was unavailable' });
  });
});

describe('a launch without an answer', () => {
  it('counts for as long as it is open, by its first offering', async () => {
    const { store, observe, clock } = scene();
    await store.openIntent(OPEN);
    const { launchId, pool, count, slots, generation } = REQUEST;
    const unanswered = [{ launchId, pool, count, slots, generation, offering: OFFERING, openedAt: NOW }];
    expect((await observe()).unanswered).toEqual(unanswered);
    await clock.advance(minutes(60));
    expect((await observe()).unanswered).toEqual(unanswered);
    await store.closeIntent('l-1', gave(), 1);
    expect((await observe()).unanswered).toEqual([]);
  });

  it('that is answered at last counts from then on, however long ago it was written down', async () => {
    const { store, observer, sweep, glance, clock } = scene();
    await store.openIntent(OPEN);
    await clock.advance(minutes(20));
    await store.closeIntent('l-1', gave('i-1'), 1);
    const answeredAt = clock.now();
    observer.foldReplayed([{ ...OPEN, openedAt: answeredAt, result: gave('i-1') }]);
    const launched = { ...LAUNCHED, launchedAt: answeredAt };
    expect(await sweep()).toEqual([launched]);
    expect(await glance()).toEqual([launched]);
    await clock.advance(seconds(299));
    expect(await sweep()).toEqual([launched]);
    await clock.advance(seconds(1));
    expect(await sweep()).toEqual([]);
  });

  it('that is answered soon counts once, as new', async () => {
    const { bought, observer, sweep, clock, calls } = scene();
    await bought('i-1');
    await clock.advance(minutes(1));
    observer.foldReplayed([{ ...OPEN, openedAt: clock.now(), result: gave('i-1') }]);
    expect(await sweep()).toEqual([{ ...LAUNCHED, launchedAt: clock.now() }]);
    expect(calls).toContain('find i-1');
  });
});

describe('what was done', () => {
  const drain: Action = { do: 'drain', pool: 'linux', instance: 'i-1', because: 'idle' };
  const terminate: Action = { do: 'terminate', pool: 'linux', instance: 'i-1', because: 'orphaned' };
  const running = anInstance('i-1');
  const draining = { ...running, drain: { because: 'idle', at: NOW } };
  const ending = { ...running, state: 'shutting-down' };

  async function after1(action: Action, done = true) {
    const around = scene();
    around.fleet.instances = [running, anInstance('i-2')];
    await around.sweep();
    around.observer.fold([done ? { action, done } : { action, done, why: 'refused' }]);
    return around;
  }

  it.each([
    ['a drain', drain, draining],
    ['a termination', terminate, ending],
  ] as const)(
    '%s is seen before EC2 lists it, for five minutes and no longer',
    async (_name, action, marked) => {
      const { glance, sweep, clock } = await after1(action);
      expect(await glance()).toEqual([marked, anInstance('i-2')]);
      await clock.advance(minutes(5));
      expect(await sweep()).toEqual([marked, anInstance('i-2')]);
      await clock.advance(seconds(1));
      expect(await sweep()).toEqual([running, anInstance('i-2')]);
    },
  );

  it('is not seen where it failed', async () => {
    for (const action of [drain, terminate]) {
      const { glance } = await after1(action, false);
      expect(await glance()).toEqual([running, anInstance('i-2')]);
    }
  });

  it('is no more than EC2 says', async () => {
    const { sweep, fleet } = await after1(drain);
    const own = { ...running, drain: { because: 'drifted', at: after(NOW, seconds(1)) } } as const;
    fleet.instances = [own];
    expect(await sweep()).toEqual([own]);
    const { sweep: sweepEnded, fleet: ended } = await after1(terminate);
    ended.instances = [anInstance('i-1', { state: 'terminated' })];
    expect(await sweepEnded()).toEqual(ended.instances);
  });

  it('stays so until a listing could show it, also of what was stopped', async () => {
    const { fleet, sweep, glance, observer, clock } = scene();
    fleet.instances = [anInstance('i-1', { state: 'stopped' }), anInstance('i-2')];
    await sweep();
    observer.fold([
      { action: { do: 'terminate', pool: 'linux', instance: 'i-1', because: 'orphaned' }, done: true },
      { action: { do: 'drain', pool: 'linux', instance: 'i-2', because: 'idle' }, done: true },
    ]);
    await clock.advance(minutes(6));
    const [ended, leaving] = await glance();
    expect([ended?.state, leaving?.drain?.because]).toEqual(['shutting-down', 'idle']);
    expect(await sweep()).toEqual(fleet.instances);
  });

  it('a forgotten manager is not there between two sweeps', async () => {
    const { observer, observe, runners, abort } = scene();
    runners.listed = { linux: [aManager('i-1'), aManager('i-2')] };
    await observe();
    const forget: Action = { do: 'forget', pool: 'linux', manager: 'r_i-1', because: 'instance gone' };
    observer.fold([
      { action: forget, done: true },
      { action: { ...forget, manager: 'r_i-2' }, done: false, why: 'refused' },
      { action: { ...forget, pool: 'gone' }, done: true },
    ]);
    const { managers } = await observer.observe({ sweep: false, pipelines: [] }, abort.signal);
    expect(lastKnown(managers['linux'], [])).toEqual([aManager('i-2')]);
    expect(Object.keys(managers)).toEqual(['linux']);
  });
});
