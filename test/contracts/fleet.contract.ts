import { describe, expect, it } from 'vitest';
import { isPortError } from '../../src/controller/errors.ts';
import type { Fleet, LaunchRequest } from '../../src/controller/ports.ts';
import type { Instance } from '../../src/engine/instance.ts';
import type { Offering } from '../../src/engine/pool.ts';
import { instant } from '../../src/engine/time.ts';

/** A cloud with one pool, `linux`, that a fleet can be tried in. */
export interface FleetWorld extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly offerings: readonly Offering[];
  /** Lets the cloud go on until the instance is in the state. */
  reach(id: string, state: Instance['state']): Promise<void>;
  /** The next `count` instances cannot be given. */
  runShort(count: number): void;
  /** The next launch is carried out, and its answer lost. */
  loseAnswer(): void;
  /** The next call is refused for now. */
  throttle(): void;
  /** The machine writes to its console. */
  say(id: string, text: string): Promise<void>;
}

/** How a cloud that is known not to behave like EC2 departs from one case of the contract. */
export interface FleetDifference {
  /** What it does instead, in words. */
  readonly because: string;
  /** Shows in a fresh world that this is what happens instead. */
  readonly instead: (world: FleetWorld) => Promise<void>;
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

async function launch(world: FleetWorld, over: Partial<LaunchRequest> = {}): Promise<readonly string[]> {
  const { launched } = await world.fleet.launch(await launchRequest(world, over), signal);
  return launched.map(({ id }) => id);
}

/**
 * What every adapter of the port `Fleet` must do. Where `differences` names a case, the case must fail and
 * the difference must show: once the cloud behaves, the entry has to go.
 */
export function fleetContract(
  name: string,
  make: () => Promise<FleetWorld>,
  differences: Readonly<Record<string, FleetDifference>> = {},
): void {
  const left = new Set(Object.keys(differences));

  const check = (title: string, body: (world: FleetWorld) => Promise<void>): void => {
    left.delete(title);
    const difference = differences[title];
    if (difference === undefined) {
      it(title, async () => {
        await using world = await make();
        await body(world);
      });
      return;
    }
    it(`${title} (differs: ${difference.because})`, async () => {
      await expect(
        (async () => {
          await using world = await make();
          await body(world);
        })(),
        'the case holds now: take it out of the expected differences',
      ).rejects.toThrow(/./);
      await using world = await make();
      await difference.instead(world);
    });
  };

  describe(`fleet: ${name}`, () => {
    check('is empty at first', async (world) => {
      expect(await world.fleet.list(signal)).toEqual([]);
    });

    check('lists what was launched, with everything that its tags say', async (world) => {
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
    });

    check('prepares the same template again', async (world) => {
      const first = await world.fleet.prepare('linux', signal);
      expect(await world.fleet.prepare('linux', signal)).toEqual(first);
      expect(first.version).toMatch(/^\d+$/);
    });

    check('answers the same request again with the same instances', async (world) => {
      const asked = await launchRequest(world);
      const first = await world.fleet.launch(asked, signal);
      const again = await world.fleet.launch(asked, signal);
      expect(again.launched.map(({ id }) => id).toSorted()).toEqual(
        first.launched.map(({ id }) => id).toSorted(),
      );
      expect(await world.fleet.list(signal)).toHaveLength(3);
    });

    check('finds the instances of a launch whose answer was lost', async (world) => {
      const asked = await launchRequest(world);
      world.loseAnswer();
      await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
        isPortError(error, 'unreachable'),
      );
      const { launched } = await world.fleet.launch(asked, signal);
      expect(launched).toHaveLength(3);
      expect(await world.fleet.list(signal)).toHaveLength(3);
    });

    check('gives what there is and says what is short', async (world) => {
      world.runShort(2);
      const { launched, shortfalls } = await world.fleet.launch(
        await launchRequest(world, { count: 5 }),
        signal,
      );
      expect(launched).toHaveLength(3);
      expect(shortfalls.map(({ code }) => code)).toContain('InsufficientInstanceCapacity');
    });

    check('answers with shortfalls alone when nothing can be given', async (world) => {
      world.runShort(100);
      const { launched, shortfalls } = await world.fleet.launch(await launchRequest(world), signal);
      expect(launched).toEqual([]);
      expect(shortfalls.length).toBeGreaterThan(0);
    });

    check('throws `throttled` when the cloud asks to slow down', async (world) => {
      const asked = await launchRequest(world);
      world.throttle();
      await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
        isPortError(error, 'throttled'),
      );
    });

    check('sets the drain tag with its reason and time, again and again', async (world) => {
      const [id = ''] = await launch(world);
      await world.fleet.drain(id, 'drifted', AT, signal);
      await world.fleet.drain(id, 'drifted', AT, signal);
      const [found] = await world.fleet.find([id], signal);
      expect(found?.drain).toEqual({ because: 'drifted', at: AT });
    });

    check('finds by id, and leaves out what the cloud does not know', async (world) => {
      const ids = await launch(world);
      const found = await world.fleet.find([...ids, 'i-0123456789abcdef0'], signal);
      expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(await world.fleet.find(['i-0123456789abcdef0'], signal)).toEqual([]);
      expect(await world.fleet.find([], signal)).toEqual([]);
    });

    check('terminates, also what is gone already', async (world) => {
      const [first = '', second = ''] = await launch(world);
      await world.fleet.terminate([first, 'i-0123456789abcdef0'], signal);
      await world.reach(first, 'terminated');
      await world.fleet.terminate([first], signal);
      await world.fleet.terminate([], signal);
      const listed = await world.fleet.list(signal);
      expect(listed.map(({ id }) => id)).toContain(second);
      expect(listed.map(({ id }) => id)).not.toContain(first);
    });

    check('drains what is gone without an error', async (world) => {
      await expect(world.fleet.drain('i-0123456789abcdef0', 'idle', AT, signal)).resolves.toBeUndefined();
    });

    check('reads the console: empty at first, then what the machine said', async (world) => {
      const [id = ''] = await launch(world, { count: 1 });
      await world.reach(id, 'running');
      await world.say(id, 'runtide: boot failed: no token\n');
      expect(await world.fleet.console(id, signal)).toContain('runtide: boot failed: no token');
    });

    it('differs in no case that the contract does not have', () => {
      expect([...left]).toEqual([]);
    });
  });
}
