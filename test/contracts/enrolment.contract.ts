import { describe, expect, it } from 'vitest';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { PortError } from '../../src/controller/errors.ts';
import type { Enrolment } from '../../src/controller/ports.ts';
import type { SecretStore } from '../../src/controller/registrations.ts';
import { systemIdOf } from '../../src/controller/system-id.ts';
import { type Duration, minutes } from '../../src/engine/time.ts';

/** What a process keeps tokens with; a test may break it. */
export interface EnrolmentParts {
  readonly secrets?: SecretStore;
  /** Paths of further projects that the runners serve. */
  readonly others?: readonly string[];
}

/** A GitLab with the projects `acme/web` and `acme/tools`, and a pool `linux` without runners. */
export interface EnrolmentWorld extends AsyncDisposable {
  readonly gitlab: GitLab;
  readonly secrets: SecretStore;
  /** As a process has it that has just started; the pool's runners are those of `acme/web`. */
  enrolment(parts?: EnrolmentParts): Enrolment;
  readonly prefix: string;
  names(): readonly string[];
  outage(on: boolean): void;
  advance(duration: Duration): Promise<void>;
}

const signal = new AbortController().signal;
const FIRST = 'i-0a1b2c3d4e5f60718';
const SECOND = 'i-0a1b2c3d4e5f60719';

async function tokenOf({ secrets, prefix }: EnrolmentWorld, instance: string): Promise<string> {
  return (await secrets.read(`${prefix}/${instance}`, signal)) ?? '';
}

function broken(secrets: SecretStore): SecretStore {
  return {
    read: (name, at) => secrets.read(name, at),
    write: async () => Promise.reject(new Error('killed')),
    remove: (name, at) => secrets.remove(name, at),
  };
}

/** What every adapter of the port `Enrolment` must do. */
export function enrolmentContract(name: string, make: () => Promise<EnrolmentWorld>): void {
  describe(`enrolment: ${name}`, () => {
    it('knows only pools whose runners Runtide makes', async () => {
      await using world = await make();
      expect(await world.enrolment().enrolled('other', signal)).toBeUndefined();
      expect(await world.enrolment().enrolled('linux', signal)).toEqual(new Map());
    });

    it('gives each instance a runner of its own, once', async () => {
      await using world = await make();
      const enrolment = world.enrolment();
      await Promise.all([enrolment.enrol('linux', FIRST, signal), enrolment.enrol('linux', SECOND, signal)]);
      await enrolment.enrol('linux', FIRST, signal);
      const runners = world.gitlab.runners();
      expect(runners.map(({ description }) => description).toSorted()).toEqual([
        `Runtide acme/linux ${FIRST}`,
        `Runtide acme/linux ${SECOND}`,
      ]);
      expect(runners.every(({ locked, tags }) => locked && tags.join() === 'linux')).toBe(true);
      const enrolled = await enrolment.enrolled('linux', signal);
      expect([FIRST, SECOND].map((id) => enrolled?.get(id)?.whole)).toEqual([true, true]);
    });

    it('keeps the token of each where its instance reads it', async () => {
      await using world = await make();
      const enrolment = world.enrolment();
      for (const id of [FIRST, SECOND]) await enrolment.enrol('linux', id, signal);
      const owners = await Promise.all(
        [FIRST, SECOND].map(async (id) =>
          world.gitlab.verify({ token: await tokenOf(world, id), systemId: systemIdOf(id) }),
        ),
      );
      expect(owners.map((runner) => runner?.id)).toEqual(world.gitlab.runners().map(({ id }) => id));
    });

    it('finds them again without a memory', async () => {
      await using world = await make();
      await world.enrolment().enrol('linux', FIRST, signal);
      const restarted = world.enrolment();
      expect((await restarted.enrolled('linux', signal))?.get(FIRST)?.whole).toBe(true);
      const token = await tokenOf(world, FIRST);
      await restarted.enrol('linux', FIRST, signal);
      expect([world.gitlab.runners().length, await tokenOf(world, FIRST)]).toEqual([1, token]);
    });

    it('heals what a crash between making one and keeping its token leaves', async () => {
      await using world = await make();
      const dying = world.enrolment({ secrets: broken(world.secrets) });
      await expect(dying.enrol('linux', FIRST, signal)).rejects.toThrow('killed');
      const next = world.enrolment();
      expect((await next.enrolled('linux', signal))?.get(FIRST)?.whole).toBe(false);
      await next.enrol('linux', FIRST, signal);
      expect((await next.enrolled('linux', signal))?.get(FIRST)?.whole).toBe(true);
      const [runner] = world.gitlab.runners();
      const token = await tokenOf(world, FIRST);
      expect(world.gitlab.verify({ token, systemId: systemIdOf(FIRST) })?.id).toBe(runner?.id);
      expect(world.gitlab.runners()).toHaveLength(1);
    });

    it('never gives another token to one that its instance uses', async () => {
      await using world = await make();
      await world.enrolment().enrol('linux', FIRST, signal);
      const token = await tokenOf(world, FIRST);
      world.gitlab.verify({ token, systemId: systemIdOf(FIRST) });
      await world.secrets.remove(`${world.prefix}/${FIRST}`, signal);
      const next = world.enrolment();
      await next.enrol('linux', FIRST, signal);
      expect(world.gitlab.verify({ token, systemId: systemIdOf(FIRST) })).toBeDefined();
      expect((await next.enrolled('linux', signal))?.get(FIRST)?.whole).toBe(true);
    });

    it('makes another in place of one that somebody deleted', async () => {
      await using world = await make();
      const enrolment = world.enrolment();
      await enrolment.enrol('linux', FIRST, signal);
      for (const { id } of world.gitlab.runners()) world.gitlab.removeRunner(id);
      await world.advance(minutes(5));
      expect(await enrolment.enrolled('linux', signal)).toEqual(new Map());
      await enrolment.enrol('linux', FIRST, signal);
      const token = await tokenOf(world, FIRST);
      expect(world.gitlab.verify({ token, systemId: systemIdOf(FIRST) })).toBeDefined();
    });

    it('removes runner and token, once and again', async () => {
      await using world = await make();
      const enrolment = world.enrolment();
      await enrolment.enrol('linux', FIRST, signal);
      await enrolment.enrol('linux', SECOND, signal);
      await enrolment.dismiss('linux', FIRST, signal);
      await enrolment.dismiss('linux', FIRST, signal);
      expect(world.gitlab.runners().map(({ description }) => description)).toEqual([
        `Runtide acme/linux ${SECOND}`,
      ]);
      expect(world.names()).toEqual([`${world.prefix}/${SECOND}`]);
      expect([...((await enrolment.enrolled('linux', signal)) ?? [])].map(([id]) => id)).toEqual([SECOND]);
    });

    it('lets them serve further projects, and removes them all the same', async () => {
      await using world = await make();
      const enrolment = world.enrolment({ others: ['acme/tools'] });
      await enrolment.enrol('linux', FIRST, signal);
      const [runner] = world.gitlab.runners();
      expect([runner?.projects?.size, runner?.locked]).toEqual([2, true]);
      await enrolment.dismiss('linux', FIRST, signal);
      expect([world.gitlab.runners(), world.names()]).toEqual([[], []]);
    });

    it('fails while GitLab is away, and answers from memory for some minutes', async () => {
      await using world = await make();
      const enrolment = world.enrolment();
      await enrolment.enrol('linux', FIRST, signal);
      world.outage(true);
      await expect(enrolment.enrol('linux', SECOND, signal)).rejects.toBeInstanceOf(PortError);
      await expect(world.enrolment().enrolled('linux', signal)).rejects.toBeInstanceOf(PortError);
      expect((await enrolment.enrolled('linux', signal))?.size).toBe(1);
      await world.advance(minutes(5));
      await expect(enrolment.enrolled('linux', signal)).rejects.toBeInstanceOf(PortError);
      world.outage(false);
      await enrolment.enrol('linux', SECOND, signal);
      expect(world.gitlab.runners()).toHaveLength(2);
    });
  });
}
