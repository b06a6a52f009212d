import { describe, expect, it } from 'vitest';
import { isPortError } from '../../src/controller/errors.ts';
import type { Fleet, LaunchRequest } from '../../src/controller/ports.ts';
import type { Instance } from '../../src/engine/instance.ts';
import type { Offering } from '../../src/engine/pool.ts';
import { instant } from '../../src/engine/time.ts';

/** A cloud with one pool, `linux`, that a fleet can be tried in. */
export interface FleetWorld extends AsyncDisposable {
  readonly fleet: Fleet;
  /** The fleet of another process of the same installation. */
  reopen(): Fleet;
  readonly offerings: readonly Offering[];
  /** Lets the cloud go on until the instance is in the state. */
  reach(id: string, state: Instance['state']): Promise<void>;
  /** The next `count` instances cannot be given. */
  runShort(count: number): void;
  /** The next launch is carried out, and its answer lost. */
  loseAnswer(): void;
  /** The next call is refused for now. */
  throttle(): void;
  /** The cloud gives the instance notice that it takes it. */
  interrupt(id: string): Promise<void>;
  /** Where a launch only orders: lets the cloud go on until so many instances are listed, and answers all their ids. */
  fill?(count: number): Promise<readonly string[]>;
  /** The machine writes to its console. */
  say(id: string, text: string): Promise<void>;
}

/** How a cloud that is known not to behave like EC2 departs from one case of the contract. */
export interface FleetDifference<W extends FleetWorld = FleetWorld> {
  /** What it does instead, in words. */
  readonly because: string;
  /** Shows in a fresh world that this is what happens instead. */
  readonly instead: (world: W) => Promise<void>;
}

const signal = new AbortController().signal;
const AT = instant(Date.UTC(2026, 0, 5, 8));
let launches = 0;

/** A launch of three instances that no other launch is confused with. */
export async function launchRequest(
  world: FleetWorld,
  over: Partial<LaunchRequest> = {},
): Promise<LaunchRequest> {
  return {
    launchId: `linux-1-${(launches++).toString(36)}`,
    pool: 'linux',
    count: 3,
    offerings: world.offerings,
    slots: 2,
    generation: 'g1',
    template: await world.fleet.prepare('linux', signal),
    ...over,
  };
}

/** The ids of what a launch has bought; where it only orders, once that has come. */
export async function launch(
  world: FleetWorld,
  over: Partial<LaunchRequest> = {},
): Promise<readonly string[]> {
  const before = new Set((await world.fleet.list(signal)).map(({ id }) => id));
  const { launched, ordered = 0 } = await world.fleet.launch(await launchRequest(world, over), signal);
  const filled = ordered === 0 ? [] : ((await world.fill?.(before.size + ordered)) ?? []);
  return [...launched.map(({ id }) => id), ...filled.filter((id) => !before.has(id))];
}

/** The cases of the contract, each in a world of its own. */
const CASES: Readonly<Record<string, (world: FleetWorld) => Promise<void>>> = {
  async 'is empty at first'(world) {
    expect(await world.fleet.list(signal)).toEqual([]);
  },

  async 'lists what was launched, with everything that its tags say'(world) {
    const asked = await launchRequest(world, { count: 2 });
    const { launched, shortfalls } = await world.fleet.launch(asked, signal);
    expect(launched).toHaveLength(2);
    expect(shortfalls).toEqual([]);
    const listed = await world.fleet.list(signal);
    expect(listed.map(({ id }) => id).toSorted()).toEqual(launched.map(({ id }) => id).toSorted());
    for (const instance of listed) {
      expect(instance).toMatchObject({
        pool: 'linux',
        launchId: asked.launchId,
        slots: 2,
        generation: 'g1',
      });
      expect(['pending', 'running']).toContain(instance.state);
      expect(asked.offerings).toContainEqual(instance.offering);
      expect(instance.drain).toBeUndefined();
      expect(instance.launchedAt).toBeGreaterThan(0);
    }
    expect(asked.offerings).toContainEqual(launched[0]?.offering);
  },

  async 'lists the number of jobs of instances where they are counted'(world) {
    const [one] = await launch(world, { count: 1, slots: 1, maxJobs: 3 });
    const [other] = await launch(world, { count: 1 });
    const listed = await world.fleet.list(signal);
    expect(listed.find(({ id }) => id === one)).toMatchObject({ slots: 1, maxJobs: 3 });
    expect(listed.find(({ id }) => id === other)).not.toHaveProperty('maxJobs');
  },

  async 'prepares the same template again'(world) {
    const first = await world.fleet.prepare('linux', signal);
    expect(await world.fleet.prepare('linux', signal)).toEqual(first);
    expect(first.version).toMatch(/^\d+$/);
  },

  async 'prepares what an earlier process has left'(world) {
    const first = await world.fleet.prepare('linux', signal);
    expect(await world.reopen().prepare('linux', signal)).toEqual(first);
  },

  async 'answers the same request again with the same instances'(world) {
    const asked = await launchRequest(world);
    const first = await world.fleet.launch(asked, signal);
    const again = await world.fleet.launch(asked, signal);
    expect(again.launched.map(({ id }) => id).toSorted()).toEqual(
      first.launched.map(({ id }) => id).toSorted(),
    );
    expect(await world.fleet.list(signal)).toHaveLength(3);
  },

  async 'finds the instances of a launch whose answer was lost'(world) {
    const asked = await launchRequest(world);
    world.loseAnswer();
    await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'unreachable'),
    );
    const { launched } = await world.fleet.launch(asked, signal);
    expect(launched).toHaveLength(3);
    expect(await world.fleet.list(signal)).toHaveLength(3);
  },

  async 'gives what there is and says what is short'(world) {
    world.runShort(2);
    const { launched, shortfalls } = await world.fleet.launch(
      await launchRequest(world, { count: 5 }),
      signal,
    );
    expect(launched).toHaveLength(3);
    expect(shortfalls.map(({ code }) => code)).toContain('InsufficientInstanceCapacity');
  },

  async 'answers with shortfalls alone when nothing can be given'(world) {
    world.runShort(100);
    const { launched, shortfalls } = await world.fleet.launch(await launchRequest(world), signal);
    expect(launched).toEqual([]);
    expect(shortfalls.length).toBeGreaterThan(0);
  },

  async 'throws `throttled` when the cloud asks to slow down'(world) {
    const asked = await launchRequest(world);
    world.throttle();
    await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'throttled'),
    );
  },

  async 'sets the drain tag with its reason and time, again and again'(world) {
    const [id = ''] = await launch(world);
    await world.fleet.drain([id, 'i-0123456789abcdef0'], 'drifted', AT, signal);
    await world.fleet.drain([id, 'i-0123456789abcdef0'], 'drifted', AT, signal);
    const [found] = await world.fleet.find([id], signal);
    expect(found?.drain).toEqual({ because: 'drifted', at: AT });
  },

  async 'finds by id, and leaves out what the cloud does not know'(world) {
    const ids = await launch(world);
    const found = await world.fleet.find([...ids, 'i-0123456789abcdef0'], signal);
    expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(await world.fleet.find(['i-0123456789abcdef0'], signal)).toEqual([]);
    expect(await world.fleet.find([], signal)).toEqual([]);
  },

  async 'says in lists and of single instances which of them the cloud takes'(world) {
    const [taken = '', other = ''] = await launch(world, { count: 2 });
    await world.reach(taken, 'running');
    await world.interrupt(taken);
    const readings = [
      await world.fleet.list(signal),
      await world.fleet.find([taken, other], signal),
      await world.reopen().list(signal),
    ];
    for (const instances of readings) {
      const of = (id: string) => instances.find((instance) => instance.id === id);
      expect(of(taken)).toMatchObject({
        state: 'running',
        interruption: { kind: 'interruption', at: expect.any(Number) },
      });
      expect(of(other)).toBeDefined();
      expect(of(other)?.interruption).toBeUndefined();
    }
  },

  async 'terminates, also what is gone already'(world) {
    const [first = '', second = ''] = await launch(world);
    await world.fleet.terminate([first, 'i-0123456789abcdef0'], signal);
    await world.reach(first, 'terminated');
    await world.fleet.terminate([first], signal);
    await world.fleet.terminate([], signal);
    const listed = await world.fleet.list(signal);
    expect(listed.map(({ id }) => id)).toContain(second);
    expect(listed.map(({ id }) => id)).not.toContain(first);
  },

  async 'drains what is gone without an error'(world) {
    await expect(world.fleet.drain(['i-0123456789abcdef0'], 'idle', AT, signal)).resolves.toBeUndefined();
  },

  async 'reads the console: empty at first, then what the machine said'(world) {
    const [id = ''] = await launch(world, { count: 1 });
    await world.reach(id, 'running');
    await world.say(id, 'runtide: boot failed: no token\n');
    expect(await world.fleet.console(id, signal)).toContain('runtide: boot failed: no token');
  },
};

/**
 * What every adapter of the port `Fleet` must do. Where `differences` names a case, the case must fail and
 * the difference must show: once the cloud behaves, the entry has to go. `variants` take the place of cases that
 * cannot be so for one kind of fleet, and add those that it alone has.
 */
export function fleetContract<W extends FleetWorld = FleetWorld>(
  name: string,
  make: () => Promise<W>,
  differences: Readonly<Record<string, FleetDifference<W>>> = {},
  variants: Readonly<Record<string, (world: W) => Promise<void>>> = {},
): void {
  const cases: Readonly<Record<string, (world: W) => Promise<void>>> = { ...CASES, ...variants };
  const inWorld = async (body: (world: W) => Promise<void>): Promise<void> => {
    await using world = await make();
    await body(world);
  };

  describe(`fleet: ${name}`, () => {
    it.each(Object.entries(cases).filter(([title]) => differences[title] === undefined))(
      '%s',
      async (_title, body) => {
        expect.hasAssertions();
        await inWorld(body);
      },
    );

    it.each(Object.entries(differences))('%s: differs as expected', async (title, { because, instead }) => {
      const body = cases[title];
      if (body === undefined) throw new Error(`the contract has no such case: ${title}`);
      await expect(
        inWorld(body),
        `the case holds now, so this is no longer true: ${because}`,
      ).rejects.toBeInstanceOf(Error);
      await inWorld(instead);
    });
  });
}
