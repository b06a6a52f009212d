import { describe, expect, it } from 'vitest';
import { PortError } from '../../controller/errors.ts';
import type { Fleet, LaunchRequest } from '../../controller/ports.ts';
import type { Instance } from '../../engine/instance.ts';
import { instant } from '../../engine/time.ts';
import { placedFleet } from './placed-fleet.ts';

const NEVER = new AbortController().signal;
const AT = instant(0);

function instance(id: string): Instance {
  return {
    id,
    pool: 'linux',
    launchId: 'l-1',
    state: 'running',
    launchedAt: AT,
    slots: 1,
    generation: 'g1',
    offering: { instanceType: 'm7i.large', market: 'spot' },
  };
}

function notFound(id: string): PortError {
  return new PortError({ kind: 'not-found', system: 'ec2', doing: `reading ${id}`, why: 'it is not here' });
}

/** A fleet that holds these instances and notes what it is asked. */
function fleetWith(
  name: string,
  ids: readonly string[],
  asked: string[],
  failing = () => false,
  buys: readonly string[] = [],
): Fleet {
  const note = (what: string): void => {
    asked.push(`${name}: ${what}`);
  };
  const own = (some: readonly string[]): readonly Instance[] =>
    some.filter((id) => ids.includes(id)).map(instance);
  return {
    async list() {
      note('list');
      if (failing())
        throw new PortError({ kind: 'unreachable', system: 'ec2', doing: 'listing', why: 'silence' });
      return ids.map(instance);
    },
    async find(some) {
      note(`find ${some.join(' ')}`);
      return own(some);
    },
    async prepare(pool) {
      note(`prepare ${pool}`);
      return { id: name, version: '1' };
    },
    async launch(request) {
      note(`launch ${request.pool}`);
      const offering = { instanceType: 'm7i.large', market: 'spot' as const };
      return { launched: buys.map((id) => ({ id, offering })), shortfalls: [] };
    },
    async drain(some, because) {
      note(`drain ${some.join(' ')} ${because}`);
    },
    async terminate(some) {
      note(`terminate ${some.join(' ')}`);
    },
    async console(id) {
      note(`console ${id}`);
      if (own([id]).length === 0) throw notFound(id);
      return `console of ${id}`;
    },
  };
}

function twoPlaces(buys: readonly string[] = []) {
  const asked: string[] = [];
  const fleet = placedFleet([
    { pools: ['linux'], fleet: fleetWith('near', ['i-1', 'i-2'], asked) },
    { pools: ['arm', 'gpu'], fleet: fleetWith('far', ['i-3'], asked, () => false, buys) },
  ]);
  return { fleet, asked };
}

describe('placedFleet', () => {
  it('is the fleet itself where all pools are in one place', () => {
    const fleet = fleetWith('near', [], []);
    expect(placedFleet([{ pools: ['linux'], fleet }])).toBe(fleet);
  });

  it('lists all places, and asks each for its own afterwards', async () => {
    const { fleet, asked } = twoPlaces();
    expect((await fleet.list(NEVER)).map(({ id }) => id)).toEqual(['i-1', 'i-2', 'i-3']);
    asked.length = 0;
    await fleet.drain(['i-1', 'i-3', 'i-2'], 'idle', AT, NEVER);
    await fleet.terminate(['i-3'], NEVER);
    expect((await fleet.find(['i-3', 'i-1'], NEVER)).map(({ id }) => id)).toEqual(['i-1', 'i-3']);
    expect(await fleet.console('i-3', NEVER)).toBe('console of i-3');
    expect(asked).toEqual([
      'near: drain i-1 i-2 idle',
      'far: drain i-3 idle',
      'far: terminate i-3',
      'near: find i-1',
      'far: find i-3',
      'far: console i-3',
    ]);
  });

  it('asks every place for what it has not seen', async () => {
    const { fleet, asked } = twoPlaces();
    expect((await fleet.find(['i-3', 'i-9'], NEVER)).map(({ id }) => id)).toEqual(['i-3']);
    await fleet.terminate(['i-3'], NEVER);
    expect(await fleet.console('i-3', NEVER)).toBe('console of i-3');
    await expect(fleet.console('i-9', NEVER)).rejects.toMatchObject({ kind: 'not-found' });
    expect(asked).toEqual([
      'near: find i-3 i-9',
      'far: find i-3 i-9',
      'near: terminate i-3',
      'far: terminate i-3',
      'near: console i-3',
      'far: console i-3',
      'near: console i-9',
      'far: console i-9',
    ]);
  });

  it('launches where the pool is', async () => {
    const { fleet, asked } = twoPlaces();
    expect(await fleet.prepare('gpu', NEVER)).toEqual({ id: 'far', version: '1' });
    const request: LaunchRequest = {
      launchId: 'l-1',
      pool: 'linux',
      count: 1,
      offerings: [],
      slots: 1,
      generation: 'g1',
      template: { id: 'near', version: '1' },
    };
    await fleet.launch(request, NEVER);
    expect(asked).toEqual(['far: prepare gpu', 'near: launch linux']);
    await expect(fleet.prepare('mac', NEVER)).rejects.toThrow('the configuration has no such pool');
  });

  it('gives no listing to who does not hear what it leaves out, or where no place answers', async () => {
    const far = { pools: ['arm'], fleet: fleetWith('far', [], [], () => true) };
    const fleet = placedFleet([{ pools: ['linux'], fleet: fleetWith('near', ['i-1'], []) }, far]);
    await expect(fleet.list(NEVER)).rejects.toMatchObject({ kind: 'unreachable' });
    const none = placedFleet([far, far]);
    await expect(none.list(NEVER, { leaveOut: () => expect.unreachable() })).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });

  it('lists the places that answer, and says which pools that leaves out', async () => {
    const asked: string[] = [];
    let fails = false;
    const far = fleetWith('far', ['i-3', 'i-4'], asked, () => fails);
    const fleet = placedFleet([
      { pools: ['mac'], fleet: fleetWith('near', ['i-1', 'i-2'], asked) },
      { pools: ['arm', 'gpu'], fleet: far },
    ]);
    const leftOut: (readonly [readonly string[], string])[] = [];
    const list = async (): Promise<readonly string[]> =>
      (await fleet.list(NEVER, { leaveOut: (pools, why) => void leftOut.push([pools, why]) })).map(
        ({ id }) => id,
      );
    expect(await list()).toEqual(['i-1', 'i-2', 'i-3', 'i-4']);
    expect(leftOut).toEqual([]);
    fails = true;
    expect(await list()).toEqual(['i-1', 'i-2']);
    // Its instances are of pool `linux`, which has moved: they are among what is not known.
    expect(leftOut).toEqual([[['arm', 'gpu', 'linux'], 'listing: silence']]);
    asked.length = 0;
    await fleet.drain(['i-3'], 'asked', AT, NEVER);
    expect(asked).toEqual(['far: drain i-3 asked']);
    fails = false;
    leftOut.length = 0;
    expect(await list()).toEqual(['i-1', 'i-2', 'i-3', 'i-4']);
    expect(leftOut).toEqual([]);
  });

  it('asks for what it has bought where it has bought it, also before any listing shows it', async () => {
    const { fleet, asked } = twoPlaces(['i-7']);
    const template = { id: 'far', version: '1' };
    const request = { launchId: 'l-1', count: 1, offerings: [], slots: 1, generation: 'g1', template };
    await fleet.launch({ ...request, pool: 'gpu' }, NEVER);
    await fleet.list(NEVER);
    asked.length = 0;
    expect(await fleet.find(['i-7'], NEVER)).toEqual([]);
    await fleet.terminate(['i-7'], NEVER);
    expect(asked).toEqual(['far: find i-7', 'far: terminate i-7']);
  });

  it('counts an instance once where two roles lead into one account', async () => {
    const fleet = placedFleet([
      { pools: ['linux'], fleet: fleetWith('near', ['i-1', 'i-2'], []) },
      { pools: ['arm'], fleet: fleetWith('far', ['i-2', 'i-1'], []) },
    ]);
    expect((await fleet.list(NEVER)).map(({ id }) => id)).toEqual(['i-1', 'i-2']);
    expect(await fleet.find(['i-9'], NEVER)).toEqual([]);
  });
});
