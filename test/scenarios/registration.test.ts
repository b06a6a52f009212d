import { describe, expect, it } from 'vitest';
import { isPortError } from '../../src/controller/errors.ts';
import type { SecretStore } from '../../src/controller/registrations.ts';
import { systemIdOf } from '../../src/controller/system-id.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { registrarWorld, TOKEN_PREFIX } from '../support/registrar-world.ts';

const signal = new AbortController().signal;
const DAY = 24 * 60;
const INSTANCE = 'i-0a1b2c3d4e5f60718';

type World = Awaited<ReturnType<typeof registrarWorld>>;

/** The runners that GitLab has, oldest first. */
function ids({ gitlab }: World): readonly number[] {
  return gitlab.runners().map(({ id }) => id);
}

/** An instance that serves the runner. */
function serve(world: World, runner: number): void {
  world.setInstance(INSTANCE, 'running');
  world.gitlab.verify({ token: world.token(runner), systemId: systemIdOf(INSTANCE) });
}

describe('a runner that Runtide makes', () => {
  it('is made once, as it is wanted, and its token kept where instances read it', async () => {
    await using world = await registrarWorld();
    const registrar = world.registrar({
      settings: {
        tags: ['linux', 'docker'],
        runUntagged: true,
        protectedOnly: true,
        locked: true,
        maximumTimeout: minutes(180),
        maintenanceNote: 'Ask the platform team',
      },
      words: 'for the web team',
    });
    expect(registrar.current('linux')).toBeUndefined();
    expect(await registrar.tend(signal)).toEqual([]);
    const [runner] = world.gitlab.runners();
    expect(runner).toMatchObject({
      description: 'Runtide acme/linux: for the web team',
      tags: ['linux', 'docker'],
      runUntagged: true,
      accessLevel: 'ref_protected',
      locked: true,
      maximumTimeout: minutes(180),
      maintenanceNote: 'Ask the platform team',
      projects: new Set([world.web]),
    });
    const id = runner?.id ?? 0;
    expect(world.gitlab.verify({ token: world.token(id), systemId: 'r_x' })?.id).toBe(id);
    expect(registrar.current('linux')).toEqual([id]);
    const before = world.notes.length;
    await registrar.tend(signal);
    expect(world.notes).toHaveLength(before);
    expect(ids(world)).toEqual([id]);
  });

  it('is found again by a process that knows nothing', async () => {
    await using world = await registrarWorld();
    await world.registrar().tend(signal);
    const [id] = ids(world);
    const restarted = world.registrar();
    const [runner] = await restarted.runnersOf('linux', signal);
    expect([runner?.runnerId, await runner?.token(signal)]).toEqual([id, world.token(id ?? 0)]);
    await restarted.tend(signal);
    expect(ids(world)).toEqual([id]);
  });

  it('is missing until it is made, and that is said', async () => {
    await using world = await registrarWorld();
    const asked = world.registrar().runnersOf('linux', signal);
    await expect(asked).rejects.toSatisfy((error) => isPortError(error, 'not-found'));
    await expect(asked).rejects.toThrow('runtide runners apply');
    expect(ids(world)).toEqual([]);
  });

  it('is kept in step, and its projects come and go', async () => {
    await using world = await registrarWorld();
    await world.registrar().tend(signal);
    const [id = 0] = ids(world);
    const serving = () => world.gitlab.runner(id)?.projects;
    const owner = { kind: 'project', project: 'acme/web', others: ['acme/tools'] } as const;
    await world.registrar({ owner }).tend(signal);
    expect(serving()).toEqual(new Set([world.web, world.tools]));
    expect(world.gitlab.runner(id)?.locked).toBe(true);
    const settings = { tags: ['arm'], runUntagged: true, protectedOnly: true, locked: false };
    await world.registrar({ settings }).tend(signal);
    expect(world.gitlab.runner(id)).toMatchObject({ tags: ['arm'], runUntagged: true, locked: false });
    expect(serving()).toEqual(new Set([world.web]));
    expect(ids(world)).toEqual([id]);
  });

  it.each([['a group', { kind: 'group', group: 'acme' }]] as const)('may be one of %s', async (_, owner) => {
    await using world = await registrarWorld();
    const settings = { tags: ['linux'], runUntagged: false, protectedOnly: false };
    await world.registrar({ owner, settings }).tend(signal);
    await world.registrar({ owner, settings }).tend(signal);
    expect(world.gitlab.runners().map(({ group }) => group)).toEqual([world.gitlab.groups.find('acme')?.id]);
  });

  it('comes several times where the instances are spread, and goes where they no longer are', async () => {
    await using world = await registrarWorld();
    const three = world.registrar({ shards: 3 });
    await three.tend(signal);
    expect(world.gitlab.runners().map(({ description }) => description)).toEqual([
      'Runtide acme/linux',
      'Runtide acme/linux #2',
      'Runtide acme/linux #3',
    ]);
    expect(three.current('linux')).toEqual(ids(world));
    const [first = 0, second = 0] = ids(world);
    serve(world, second);
    await world.registrar().tend(signal);
    expect(ids(world)).toEqual([first, second]);
    world.setInstance(INSTANCE, 'terminated');
    await world.registrar().tend(signal);
    expect(ids(world)).toEqual([first]);
  });

  it('heals what a crash between making it and keeping its token leaves', async () => {
    await using world = await registrarWorld();
    const broken: SecretStore = {
      read: (name, at) => world.secrets.read(name, at),
      write: async () => Promise.reject(new Error('killed')),
      remove: (name, at) => world.secrets.remove(name, at),
    };
    const registrar = world.registrar({ secrets: broken });
    expect(await registrar.tend(signal)).toEqual([{ about: 'runner of pool linux', why: 'killed' }]);
    expect(registrar.every()).toBe(seconds(30));
    expect(registrar.current('linux')).toBeUndefined();
    const [id = 0] = ids(world);
    const next = world.registrar();
    expect(await next.tend(signal)).toEqual([]);
    expect(next.every()).toBe(minutes(10));
    expect(ids(world)).toEqual([id]);
    expect(world.gitlab.verify({ token: world.token(id), systemId: 'r_x' })?.id).toBe(id);
  });

  it('never gets another token while somebody may use the one that is lost', async () => {
    await using world = await registrarWorld();
    await world.registrar().tend(signal);
    const [id = 0] = ids(world);
    const token = world.token(id);
    serve(world, id);
    world.ssm.deleteParameter(`${TOKEN_PREFIX}/${id}`);
    const registrar = world.registrar();
    expect(await registrar.tend(signal)).toEqual([
      expect.objectContaining({ about: `runner ${id} of pool linux` }),
    ]);
    expect(world.gitlab.verify({ token, systemId: systemIdOf(INSTANCE) })?.id).toBe(id);
    expect(ids(world)).toEqual([id]);
  });

  it('is left alone while GitLab is away', async () => {
    await using world = await registrarWorld();
    const registrar = world.registrar();
    await registrar.tend(signal);
    const before = ids(world);
    world.outage(true);
    const [concern] = await registrar.tend(signal);
    expect(concern?.why).toContain('503');
    expect(registrar.current('linux')).toEqual(before);
    world.outage(false);
    expect(await registrar.tend(signal)).toEqual([]);
    expect(ids(world)).toEqual(before);
  });

  it('goes with its tokens and leaves nothing', async () => {
    await using world = await registrarWorld({ lifetime: minutes(60 * DAY) });
    const owner = { kind: 'project', project: 'acme/web', others: ['acme/tools'] } as const;
    const registrar = world.registrar({ owner, shards: 2 });
    await registrar.tend(signal);
    expect(world.ssm.names()).toHaveLength(4);
    expect(await registrar.remove('linux', signal)).toHaveLength(2);
    expect([ids(world), world.ssm.names()]).toEqual([[], []]);
  });
});

describe('a token that ends', () => {
  it('is replaced by a successor before, and the old runner goes after its last instance', async () => {
    await using world = await registrarWorld({ lifetime: minutes(60 * DAY) });
    const registrar = world.registrar();
    await registrar.tend(signal);
    const [first = 0] = ids(world);
    serve(world, first);
    await world.clock.advance(minutes(45 * DAY));
    await registrar.tend(signal);
    expect(ids(world)).toEqual([first]);

    await world.clock.advance(minutes(2 * DAY));
    expect(await registrar.tend(signal)).toEqual([]);
    const [, second = 0] = ids(world);
    expect(registrar.current('linux')).toEqual([second]);
    // The old one works on, and both are asked for managers.
    expect(world.gitlab.verify({ token: world.token(first), systemId: systemIdOf(INSTANCE) })?.id).toBe(
      first,
    );
    const runners = await registrar.runnersOf('linux', signal);
    expect(runners.map(({ runnerId }) => runnerId)).toEqual([first, second]);

    world.setInstance(INSTANCE, 'terminated');
    await registrar.tend(signal);
    expect(ids(world)).toEqual([second]);
    expect(world.ssm.names().toSorted()).toEqual([
      `${TOKEN_PREFIX}/${second}`,
      `${TOKEN_PREFIX}/${second}.validity`,
    ]);
  });
});

describe('a registration token', () => {
  const TOKEN = 'GR1348941-registration';

  it('makes the runner in the deprecated way', async () => {
    await using world = await registrarWorld({ registrationTokens: [{ token: TOKEN, project: 'acme/web' }] });
    const registrar = world.registrar({ registrationToken: () => TOKEN });
    expect(await registrar.tend(signal)).toEqual([]);
    const [id = 0] = ids(world);
    expect(world.token(id)).toMatch(/^glrtr-/);
    expect(registrar.current('linux')).toEqual([id]);
  });

  it('of another owner makes none that would be made again and again', async () => {
    await using world = await registrarWorld({
      registrationTokens: [{ token: TOKEN, project: 'other/web' }],
    });
    const [concern] = await world.registrar({ registrationToken: () => TOKEN }).tend(signal);
    expect(concern?.why).toContain('the registration token is not one of that owner');
    expect(concern?.why).not.toContain(TOKEN);
    expect([ids(world), world.ssm.names()]).toEqual([[], []]);
  });
});
