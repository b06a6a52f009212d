import { isPortError, type PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import { after, type Duration, elapsed, type Instant, minutes, seconds } from '../../../engine/time.ts';
import type { GitLabClient } from '../client/client.ts';
import { concurrently } from '../client/concurrently.ts';
import type { GroupProjects } from './group-projects.ts';
import { concernsOnlyOne } from './job-reader.ts';
import { project as projectShape } from '../client/schemas.ts';
import type { WatchedProject } from './watched-project.ts';

/** How often the projects of groups are listed again. */
const RENEWAL = minutes(10);
/** The soonest that they are, for a project that nobody knows or after a failure. */
const SOONEST = seconds(30);
/** How long a project of a group is left out that could not be read. */
const LEFT_OUT = minutes(60);

export interface WatchedProjectsOptions {
  readonly client: GitLabClient;
  readonly clock: Clock;
  readonly members: GroupProjects;
  /** Full paths ("acme/web") or ids ("42"). */
  readonly projects: readonly string[];
  readonly groups: readonly string[];
  readonly concurrency: number;
  /** Hears which projects are left out, and why. */
  readonly note: (message: string) => void;
}

/** The watched projects, as the configuration names them or the groups that they lie in. */
export class WatchedProjects {
  readonly #options: WatchedProjectsOptions;
  readonly #named = new Map<string, WatchedProject>();
  readonly #leftOut = new Map<number, Instant>();
  /** What cannot be read of what the configuration names. */
  readonly #problems = new Map<string, PortError>();
  #told: ReadonlySet<string> = new Set();
  #all: ReadonlyMap<number, WatchedProject> = new Map();
  #renewedAt: Instant | undefined;

  constructor(options: WatchedProjectsOptions) {
    this.#options = options;
    for (const project of options.projects) {
      if (/^\d+$/.test(project)) this.#learn(project, Number(project), project);
    }
  }

  /** As they were known last, by id. */
  get known(): ReadonlyMap<number, WatchedProject> {
    return this.#all;
  }

  /** Why a project or a group that the configuration names cannot be read. */
  get problem(): PortError | undefined {
    return this.#problems.values().next().value;
  }

  /** All of them by id. Throws what concerns all of GitLab, and what concerns one where nothing else is known. */
  async all(signal: AbortSignal): Promise<ReadonlyMap<number, WatchedProject>> {
    await this.#resolve(signal);
    const ofGroups = await this.#membersOf(RENEWAL, signal);
    const now = this.#options.clock.now();
    for (const [id, until] of this.#leftOut) if (until <= now) this.#leftOut.delete(id);
    const named = [...this.#named.values()].map((project) => [project.id, project] as const);
    this.#all = new Map([...ofGroups.filter(([id]) => !this.#leftOut.has(id)), ...named]);
    if (this.#all.size === 0 && this.problem !== undefined) throw this.problem;
    return this.#all;
  }

  /** Complete enough to tell which of `ids` are watched. */
  async including(ids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, WatchedProject>> {
    const unknown = ids.filter((id) => !this.#all.has(id) && !this.#leftOut.has(id));
    if (unknown.length > 0 && this.#options.groups.length > 0 && this.#isOlderThan(SOONEST)) {
      await this.#membersOf(SOONEST, signal);
      return this.all(signal);
    }
    return this.#all;
  }

  /** Takes note of what came of reading a project: one that a group brought is left out for an hour. */
  unreadable({ id, name, named }: WatchedProject, failure: PortError): void {
    if (named) {
      this.#problem(`project ${name}`, failure);
      return;
    }
    this.#leftOut.set(id, after(this.#options.clock.now(), LEFT_OUT));
    this.#options.note(`project ${name} is left out for an hour: ${failure.message}`);
  }

  readable({ name, named }: WatchedProject): void {
    if (named) this.#problems.delete(`project ${name}`);
  }

  #problem(about: string, failure: PortError): void {
    this.#problems.set(about, failure);
  }

  /** Notes once what cannot be read, where it was no reason to throw. */
  tellProblems(): void {
    for (const [about, { message }] of this.#problems) {
      if (!this.#told.has(about)) this.#options.note(`${about} cannot be read: ${message}`);
    }
    this.#told = new Set(this.#problems.keys());
  }

  #learn(asNamed: string, id: number, name: string): void {
    // One project under two names must not count twice: the first stands.
    const twin = [...this.#named.values()].find((known) => known.id === id);
    this.#named.set(asNamed, twin ?? { id, name, named: true });
  }

  /** Asks for the ids of projects that are named by their paths. */
  async #resolve(signal: AbortSignal): Promise<void> {
    const { client, projects, concurrency } = this.#options;
    const unknown = projects.filter((project) => !this.#named.has(project));
    await concurrently(unknown, concurrency, signal, async (project, either) => {
      try {
        const { id } = await client.get(
          {
            doing: `looking up the id of project ${project}`,
            needs: `the scope read_api and the role Reporter in ${project}`,
            path: `/projects/${encodeURIComponent(project)}`,
            signal: either,
          },
          projectShape,
        );
        this.#learn(project, id, project);
        this.#problems.delete(`project ${project}`);
      } catch (error) {
        if (!concernsOnlyOne(error)) throw error;
        this.#problem(`project ${project}`, error);
      }
    });
  }

  #isOlderThan(age: Duration): boolean {
    return this.#renewedAt === undefined || elapsed(this.#renewedAt, this.#options.clock.now()) >= age;
  }

  /** The projects of all groups. A group that cannot be listed keeps those that were known. */
  async #membersOf(
    maxAge: Duration,
    signal: AbortSignal,
  ): Promise<readonly (readonly [number, WatchedProject])[]> {
    const { groups, members, clock } = this.#options;
    const isDue = this.#isOlderThan(maxAge) || (this.#problems.size > 0 && this.#isOlderThan(SOONEST));
    if (isDue) {
      this.#renewedAt = clock.now();
      for (const group of groups) await this.#renew(group, maxAge, signal);
    }
    return groups.flatMap((group) =>
      Array.from(members.known(group) ?? [], ([id, name]) => [id, { id, name, named: false }] as const),
    );
  }

  async #renew(group: string, maxAge: Duration, signal: AbortSignal): Promise<void> {
    const { members, note } = this.#options;
    try {
      const before = members.known(group);
      const now = await members.of(group, maxAge, signal);
      this.#problems.delete(`group ${group}`);
      if (before !== undefined && before !== now) tellChanges(group, before, now, note);
    } catch (error) {
      if (concernsOnlyOne(error)) this.#problem(`group ${group}`, error);
      else if (!isPortError(error) || members.known(group) === undefined) {
        // What was never listed is not empty.
        this.#renewedAt = undefined;
        throw error;
      }
    }
  }
}

function tellChanges(
  group: string,
  before: ReadonlyMap<number, string>,
  now: ReadonlyMap<number, string>,
  note: (message: string) => void,
): void {
  const come = [...now].filter(([id]) => !before.has(id)).map(([, path]) => path);
  const gone = [...before].filter(([id]) => !now.has(id)).map(([, path]) => path);
  if (come.length > 0) note(`group ${group} has new projects: ${few(come)}`);
  if (gone.length > 0) note(`group ${group} no longer has projects: ${few(gone)}`);
}

function few(paths: readonly string[]): string {
  const named = paths.slice(0, 5).join(', ');
  return paths.length > 5 ? `${named} and ${paths.length - 5} more` : named;
}
