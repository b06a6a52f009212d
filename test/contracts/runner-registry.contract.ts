import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { isPortError } from '../../src/controller/errors.ts';
import type { RunnerRegistry } from '../../src/controller/ports.ts';
import { systemIdOf } from '../../src/controller/system-id.ts';
import { minutes, seconds } from '../../src/engine/time.ts';

/**
 * A GitLab with the runners of two pools, `linux` and `docker`, and the registry of both; a third pool, `both`, serves
 * the two runners.
 */
export interface RunnerRegistryWorld extends AsyncDisposable {
  readonly runners: RunnerRegistry;
  readonly gitlab: GitLab;
  readonly clock: VirtualClock;
  /** Served by the runner of the pool `own` alone; those of `linux` and `docker` serve every project. */
  readonly project: number;
  /** Lies in the group of the runner of the pool `team`. */
  readonly other: number;
  /** The runners' tokens by pool. */
  readonly tokens: Readonly<Record<'linux' | 'docker', string>>;
  /** Makes GitLab's API fail, or work again. */
  outage(on: boolean): void;
}

const signal = new AbortController().signal;
const ONE = 'i-0a1b2c3d4e5f60718';
const OTHER = 'i-0ffffffffffffffff';

const unavailable = (error: unknown): boolean => isPortError(error, 'unavailable');
const notFound = (error: unknown): boolean => isPortError(error, 'not-found');

function contact(
  { gitlab, tokens }: RunnerRegistryWorld,
  systemId: string,
  pool: 'linux' | 'docker' = 'linux',
) {
  gitlab.verify({ token: tokens[pool], systemId });
}

async function systemIds({ runners }: RunnerRegistryWorld, pool = 'linux'): Promise<readonly string[]> {
  return (await runners.managers(pool, signal)).map(({ systemId }) => systemId).toSorted();
}

/** What every adapter of the port `RunnerRegistry` must do. */
export function runnerRegistryContract(name: string, make: () => Promise<RunnerRegistryWorld>): void {
  describe(`runner registry: ${name}, the managers`, () => {
    it('are none at first', async () => {
      await using world = await make();
      expect(await world.runners.managers('linux', signal)).toEqual([]);
    });

    it('are listed with their instance and when they were first and last seen', async () => {
      await using world = await make();
      const start = world.clock.now();
      contact(world, systemIdOf(ONE));
      await world.clock.advance(seconds(60));
      contact(world, systemIdOf(OTHER));
      const later = world.clock.now();
      await world.clock.advance(seconds(60));
      contact(world, systemIdOf(ONE));
      const managers = await world.runners.managers('linux', signal);
      expect(managers.toSorted((a, b) => a.firstSeenAt - b.firstSeenAt)).toEqual([
        {
          systemId: systemIdOf(ONE),
          instance: ONE,
          firstSeenAt: start,
          contactedAt: world.clock.now(),
          active: false,
        },
        {
          systemId: systemIdOf(OTHER),
          instance: OTHER,
          firstSeenAt: later,
          contactedAt: later,
          active: false,
        },
      ]);
    });

    it('are active while they run a job, and idle before and after', async () => {
      await using world = await make();
      const { gitlab, project, tokens } = world;
      contact(world, systemIdOf(ONE));
      contact(world, systemIdOf(OTHER));
      const active = async () =>
        (await world.runners.managers('linux', signal))
          .filter((manager) => manager.active)
          .map(({ instance }) => instance);
      gitlab.createPipeline(project, {
        stages: ['test'],
        jobs: [{ name: 'unit', stage: 'test', tags: ['linux'] }],
      });
      expect(await active()).toEqual([]);
      const job = gitlab.requestJob({ token: tokens.linux, systemId: systemIdOf(OTHER) });
      expect(await active()).toEqual([OTHER]);
      gitlab.updateJob(job?.token ?? '', { state: 'success', exitCode: 0 });
      expect(await active()).toEqual([]);
    });

    it('of foreign machines name no instance', async () => {
      await using world = await make();
      // A system id from a machine id, one beyond 17 hex digits, one of another length, and none at all.
      const foreign = ['s_c2d22f638c25', 'r_zzzzzzzzzzzz', 'r_abc', '<legacy>'];
      for (const systemId of foreign) contact(world, systemId);
      const managers = await world.runners.managers('linux', signal);
      expect(managers.map(({ systemId }) => systemId).toSorted()).toEqual(foreign.toSorted());
      expect(managers.map(({ instance }) => instance)).toEqual(foreign.map(() => undefined));
    });

    it('are those of the pool that is asked for', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE), 'linux');
      contact(world, systemIdOf(OTHER), 'docker');
      expect(await systemIds(world, 'linux')).toEqual([systemIdOf(ONE)]);
      expect(await systemIds(world, 'docker')).toEqual([systemIdOf(OTHER)]);
    });
  });

  describe(`runner registry: ${name}, forgetting`, () => {
    it('removes one manager and leaves the others', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE));
      contact(world, systemIdOf(OTHER));
      await world.runners.forget('linux', systemIdOf(ONE), signal);
      expect(await systemIds(world)).toEqual([systemIdOf(OTHER)]);
    });

    it('takes a manager that is gone, or never was, for done', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE));
      await world.runners.forget('linux', systemIdOf(ONE), signal);
      await world.runners.forget('linux', systemIdOf(ONE), signal);
      await world.runners.forget('linux', systemIdOf(OTHER), signal);
      expect(await systemIds(world)).toEqual([]);
    });

    it('touches no manager of the same name in another pool', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE), 'linux');
      contact(world, systemIdOf(ONE), 'docker');
      await world.runners.forget('docker', systemIdOf(ONE), signal);
      expect(await systemIds(world, 'linux')).toEqual([systemIdOf(ONE)]);
      expect(await systemIds(world, 'docker')).toEqual([]);
    });

    it('is not for ever: a manager that comes back is a new one', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE));
      await world.runners.forget('linux', systemIdOf(ONE), signal);
      await world.clock.advance(seconds(30));
      contact(world, systemIdOf(ONE));
      const managers = await world.runners.managers('linux', signal);
      expect(managers.map(({ firstSeenAt }) => firstSeenAt)).toEqual([world.clock.now()]);
    });
  });

  describe(`runner registry: ${name}, the scope`, () => {
    it('is every project for a runner of the instance', async () => {
      await using world = await make();
      const scope = await world.runners.scope('linux', signal);
      expect(scope).toEqual({ paused: false, protectedOnly: false });
    });

    it('is the projects that a runner names, and the projects of its group and below', async () => {
      await using world = await make();
      const { runners, gitlab, project, other } = world;
      expect((await runners.scope('own', signal)).projects).toEqual(new Set([project]));
      expect((await runners.scope('team', signal)).projects).toEqual(new Set([other]));
      const below = gitlab.addProject({ path: 'acme/teams/deep/down/web' }).id;
      await world.clock.advance(minutes(5));
      expect((await runners.scope('team', signal)).projects).toEqual(new Set([other, below]));
    });

    it('changes within five minutes', async () => {
      await using world = await make();
      const { runners, gitlab, tokens } = world;
      await runners.scope('linux', signal);
      const id = gitlab.runnerByToken(tokens.linux)?.id ?? 0;
      gitlab.updateRunner(id, { paused: true, accessLevel: 'ref_protected' });
      await world.clock.advance(minutes(5));
      expect(await runners.scope('linux', signal)).toEqual({ paused: true, protectedOnly: true });
    });
  });

  describe(`runner registry: ${name}, a pool of several runners`, () => {
    it('has the managers of all, each instance once', async () => {
      await using world = await make();
      const start = world.clock.now();
      contact(world, systemIdOf(ONE), 'linux');
      contact(world, systemIdOf(OTHER), 'docker');
      await world.clock.advance(seconds(60));
      contact(world, systemIdOf(ONE), 'docker');
      const managers = await world.runners.managers('both', signal);
      expect(managers.flatMap(({ instance }) => instance ?? []).toSorted()).toEqual([ONE, OTHER]);
      expect(managers.find(({ instance }) => instance === ONE)).toMatchObject({
        firstSeenAt: start,
        contactedAt: world.clock.now(),
      });
    });

    it('forgets a manager of every runner that has it', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE), 'linux');
      contact(world, systemIdOf(ONE), 'docker');
      contact(world, systemIdOf(OTHER), 'docker');
      await world.runners.forget('both', systemIdOf(ONE), signal);
      expect(await systemIds(world, 'both')).toEqual([systemIdOf(OTHER)]);
      expect(await systemIds(world, 'linux')).toEqual([]);
    });

    it('is paused where all are', async () => {
      await using world = await make();
      const paused = async (pool: 'linux' | 'docker'): Promise<boolean> => {
        const id = world.gitlab.runnerByToken(world.tokens[pool])?.id ?? 0;
        world.gitlab.updateRunner(id, { paused: true });
        await world.clock.advance(minutes(5));
        return (await world.runners.scope('both', signal)).paused;
      };
      expect(await paused('linux')).toBe(false);
      expect(await paused('docker')).toBe(true);
    });
  });

  describe(`runner registry: ${name}, what fails`, () => {
    it('is a pool without a runner', async () => {
      await using world = await make();
      await expect(world.runners.managers('windows', signal)).rejects.toSatisfy(notFound);
      await expect(world.runners.forget('windows', systemIdOf(ONE), signal)).rejects.toSatisfy(notFound);
    });

    it('is everything in an outage, and nothing once it is over', async () => {
      await using world = await make();
      contact(world, systemIdOf(ONE));
      world.outage(true);
      await expect(world.runners.managers('linux', signal)).rejects.toSatisfy(unavailable);
      await expect(world.runners.forget('linux', systemIdOf(ONE), signal)).rejects.toSatisfy(unavailable);
      world.outage(false);
      expect(await systemIds(world)).toEqual([systemIdOf(ONE)]);
      await world.runners.forget('linux', systemIdOf(ONE), signal);
      expect(await systemIds(world)).toEqual([]);
    });
  });
}
