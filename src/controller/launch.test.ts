import { describe, expect, it } from 'vitest';
import { aPool, NOW, OFFERING } from '../../test/support/observations.ts';
import { failure, gave, type Scripts, termInOffice } from '../../test/support/scripted-ports.ts';
import type { VirtualClock } from '../adapters/memory/clock.ts';
import type { Action } from '../engine/action.ts';
import type { PoolPolicy } from '../engine/pool.ts';
import { after, minutes, seconds } from '../engine/time.ts';
import { isPortError, type PortErrorKind } from './errors.ts';
import { launch, replayOpenIntents } from './launch.ts';
import type { LaunchIntent, Lease } from './ports.ts';
import { Term } from './term.ts';

type Launch = Extract<Action, { do: 'launch' }>;
const ACTION: Launch = { do: 'launch', pool: 'linux', count: 2, offerings: [OFFERING] };
const ID = `linux-1-${NOW.toString(36)}-0`;

const INTENT: LaunchIntent = {
  request: {
    launchId: ID,
    pool: 'linux',
    count: 2,
    offerings: [OFFERING],
    slots: 4,
    generation: 'g7',
    template: { id: 'lt-linux', version: '3' },
  },
  fence: 1,
  openedAt: NOW,
};

/** A launch of two instances of four slots, and what is on the disk. */
async function scene(scripts: Scripts = {}) {
  const around = await termInOffice(scripts);
  const pool = aPool({ slots: 4, generation: 'g7' });
  return {
    ...around,
    run: (action = ACTION, of: PoolPolicy = pool, number = 0) => launch(action, of, number, around.at),
    replay: () => replayOpenIntents(around.at),
    intents: () => [...around.disk.intents.values()],
  };
}

const failing = (kind: PortErrorKind): Scripts => ({
  fleet: { launch: () => Promise.reject(failure(kind)) },
});

describe('a launch', () => {
  it('is written down before it is made, frozen with the slots and the template of the moment', async () => {
    const seen: unknown[] = [];
    const { run, intents, calls, fleet } = await scene();
    fleet.script.launch = async (request) => {
      seen.push(...intents());
      return gave(`i-${request.count}`);
    };
    const outcome = await run();
    expect(seen).toEqual([INTENT]);
    expect(fleet.requests).toEqual([INTENT.request]);
    expect(calls).toEqual(['prepare linux', 'launch 2 of linux']);
    expect(outcome).toEqual({ action: ACTION, done: true, launched: ['i-2'], shortfalls: [] });
    expect(intents()).toEqual([{ ...INTENT, result: gave('i-2') }]);
  });

  it('freezes the number of jobs of its instances where they are counted', async () => {
    const { run, fleet } = await scene();
    await run(ACTION, aPool({ maxJobs: 3 }));
    await run(ACTION, aPool(), 1);
    expect(fleet.requests.map(({ maxJobs }) => maxJobs)).toEqual([3, undefined]);
    expect(fleet.requests[1]).not.toHaveProperty('maxJobs');
  });

  it('tells what the cloud could not give', async () => {
    const short = { code: 'InsufficientInstanceCapacity', message: 'none left' };
    const { run } = await scene({
      fleet: {
        launch: async () => ({ ...gave('i-1'), shortfalls: [{ ...short, offering: OFFERING }, short] }),
      },
    });
    expect(await run()).toEqual({
      action: ACTION,
      done: true,
      launched: ['i-1'],
      shortfalls: [
        { pool: 'linux', code: short.code, at: NOW, offering: OFFERING },
        { pool: 'linux', code: short.code, at: NOW },
      ],
    });
  });

  it.each<PortErrorKind>(['refused', 'unauthorized', 'throttled', 'not-found'])(
    'that is %s has certainly bought nothing',
    async (kind) => {
      const { run, intents } = await scene(failing(kind));
      const shortfalls = [{ code: kind, message: `scripted: it was ${kind}` }];
      expect(await run()).toEqual({
        action: ACTION,
        done: true,
        launched: [],
        shortfalls: [{ pool: 'linux', code: kind, at: NOW }],
      });
      expect(intents()).toEqual([{ ...INTENT, result: { launched: [], shortfalls } }]);
    },
  );

  it.each<PortErrorKind>(['unreachable', 'unavailable', 'invalid-answer'])(
    'whose answer is %s may have bought: it stays open',
    async (kind) => {
      const { run, intents } = await scene(failing(kind));
      await expect(run()).rejects.toThrow(`scripted: it was ${kind}`);
      expect(intents()).toEqual([INTENT]);
    },
  );

  it('that broke in a way nobody foresaw may have bought', async () => {
    const { run, intents } = await scene({ fleet: { launch: () => Promise.reject(new Error('a bug')) } });
    await expect(run()).rejects.toThrow('a bug');
    expect(intents()).toEqual([INTENT]);
  });

  it('whose answer cannot be written down stays open', async () => {
    const { run, intents, calls } = await scene({
      store: { closeIntent: () => Promise.reject(failure('unavailable', 'disk full')) },
    });
    await expect(run()).rejects.toThrow('disk full');
    expect([calls.at(-1), intents()]).toEqual(['launch 2 of linux', [INTENT]]);
  });

  it('that cannot be prepared is not written down, one that cannot be written down is not made', async () => {
    const unprepared = await scene({ fleet: { prepare: () => Promise.reject(failure('throttled')) } });
    await expect(unprepared.run()).rejects.toThrow('it was throttled');
    expect([unprepared.calls, unprepared.intents()]).toEqual([['prepare linux'], []]);
    const unwritten = await scene({ store: { openIntent: () => Promise.reject(failure('unavailable')) } });
    await expect(unwritten.run()).rejects.toThrow('it was unavailable');
    expect([unwritten.calls, unwritten.intents()]).toEqual([['prepare linux'], []]);
  });

  it('does not start when preparing it has used up the lease and somebody else took over', async () => {
    const { run, calls, clock, fleet, takeOver } = await scene();
    fleet.script.prepare = async () => {
      await clock.advance(seconds(41));
      await takeOver();
      return { id: 'lt', version: '1' };
    };
    expect(isPortError(await run().catch((error: unknown) => error), 'fenced')).toBe(true);
    expect(calls).toEqual(['prepare linux']);
  });

  it('starts on an extended lease when preparing it took long', async () => {
    const { run, clock, disk, fleet } = await scene();
    fleet.script.prepare = async () => {
      await clock.advance(seconds(31));
      return { id: 'lt', version: '1' };
    };
    expect((await run()).done).toBe(true);
    expect(disk.lease).toEqual({ owner: 'this controller', fence: 1, expiresAt: after(NOW, seconds(71)) });
  });
});

/** A term under this fence, whatever came before. */
async function termUnder(fence: number, clock: VirtualClock): Promise<Term> {
  const expiresAt = after(clock.now(), minutes(60));
  const lease: Lease = { acquire: async () => ({ held: true, fence, expiresAt }), release: async () => {} };
  const term = await Term.begin({ lease, clock, duration: minutes(60) });
  if (!(term instanceof Term)) throw new Error('the lease is always held');
  return term;
}

describe('the id of a launch', () => {
  it('is unique over pools, numbers, time and terms', async () => {
    const { at, run, clock, fleet } = await scene();
    await run();
    await run(ACTION, aPool(), 1);
    await run({ ...ACTION, pool: 'linux-1' });
    await clock.advance(seconds(1));
    await run();
    const ids = () => fleet.requests.map(({ launchId }) => launchId);
    const now = NOW.toString(36);
    const later = clock.now().toString(36);
    expect(ids()).toEqual([
      `linux-1-${now}-0`,
      `linux-1-${now}-1`,
      `linux-1-1-${now}-0`,
      `linux-1-${later}-0`,
    ]);
    await launch(ACTION, aPool(), 0, { ...at, term: await termUnder(2, clock) });
    expect(ids().at(-1)).toBe(`linux-2-${later}-0`);
  });

  it('that was used before is refused, and nothing is bought under it', async () => {
    const { run, calls } = await scene();
    await run();
    await expect(run()).rejects.toThrow(`opening launch ${ID} in memory: it was opened before`);
    expect(calls.filter((call) => call.startsWith('launch'))).toHaveLength(1);
  });

  it('has at most 64 characters, however long the name of the pool and the fence are', async () => {
    const { at, clock, fleet } = await scene();
    const pool = 'a'.repeat(24);
    const term = await termUnder(Number.MAX_SAFE_INTEGER, clock);
    await launch({ ...ACTION, pool }, aPool({ name: pool }), 999, { ...at, term });
    const id = fleet.requests[0]?.launchId ?? '';
    expect(id).toBe(`${pool}-2gosa7pa2gv-${NOW.toString(36)}-rr`);
    expect(id.length).toBeLessThanOrEqual(64);
  });
});

/** A launch whose first answer was lost; afterwards the fleet answers as `second` says. */
async function lost(second: Scripts['fleet'] = {}) {
  const at = await scene(failing('unreachable'));
  await at.run().catch(() => undefined);
  at.fleet.script = second;
  at.calls.length = 0;
  return at;
}

describe('replaying open launches', () => {
  it('asks for the same again, byte for byte, whatever the policy says by now', async () => {
    const { at, fleet, intents, events, calls, clock } = await lost({
      launch: async () => gave('i-1', 'i-2'),
    });
    await clock.advance(minutes(20));
    const answered = await replayOpenIntents({ ...at, term: await termUnder(2, clock) });
    // Dated now: it may have bought only now.
    expect(answered).toEqual([{ ...INTENT, openedAt: clock.now(), result: gave('i-1', 'i-2') }]);
    const [first, second] = fleet.requests;
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    expect(calls).toEqual(['launch 2 of linux']);
    expect(intents()).toEqual([{ ...INTENT, result: gave('i-1', 'i-2') }]);
    expect(events).toEqual([{ event: 'launch replayed', launchId: ID, launched: ['i-1', 'i-2'] }]);
  });

  it('asks nothing twice', async () => {
    const { replay, calls } = await lost();
    await replay();
    await replay();
    expect(calls).toEqual(['launch 2 of linux']);
  });

  it.each<PortErrorKind>(['refused', 'not-found'])('ends with one that is %s', async (kind) => {
    const { replay, intents, events } = await lost(failing(kind).fleet);
    await replay();
    expect(intents()[0]?.result).toEqual({
      launched: [],
      shortfalls: [{ code: kind, message: `scripted: it was ${kind}` }],
    });
    expect(events).toEqual([{ event: 'launch replayed', launchId: ID, launched: [] }]);
  });

  it.each<PortErrorKind>(['throttled', 'unauthorized', 'unreachable', 'unavailable', 'invalid-answer'])(
    'goes on with one that is %s: that says nothing about the first try',
    async (kind) => {
      const { replay, intents, events } = await lost(failing(kind).fleet);
      expect(await replay()).toEqual([]);
      expect(intents()).toEqual([INTENT]);
      expect(events).toEqual([{ event: 'launch unanswered', launchId: ID, why: `scripted: it was ${kind}` }]);
    },
  );

  it('finishes the others when one stays without an answer, oldest first', async () => {
    const { replay, run, fleet, clock, events } = await lost(failing('unreachable').fleet);
    await clock.advance(seconds(1));
    await run().catch(() => undefined);
    const younger = fleet.requests[1]?.launchId;
    fleet.script.launch = async ({ launchId }) => {
      if (launchId === ID) throw failure('throttled');
      return gave('i-9');
    };
    await replay();
    expect(events).toEqual([
      { event: 'launch unanswered', launchId: ID, why: 'scripted: it was throttled' },
      { event: 'launch replayed', launchId: younger, launched: ['i-9'] },
    ]);
  });

  it('begins none when it is to stop', async () => {
    const { replay, abort, calls, intents } = await lost();
    abort.abort();
    await replay();
    expect([calls, intents()]).toEqual([[], [INTENT]]);
  });

  it('stops when somebody else has taken over', async () => {
    const { replay, clock, takeOver, calls } = await lost();
    await clock.advance(seconds(41));
    await takeOver();
    await expect(replay()).rejects.toMatchObject({ kind: 'fenced' });
    expect(calls).toEqual([]);
  });

  it('stops when it cannot write down an answer because somebody newer has written', async () => {
    const { replay, fleet, takeOver, intents } = await lost();
    fleet.script.launch = async () => {
      await takeOver();
      return gave('i-1');
    };
    await expect(replay()).rejects.toMatchObject({ kind: 'fenced' });
    expect(intents()).toEqual([INTENT]);
  });
});
