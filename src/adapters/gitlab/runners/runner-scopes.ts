import { isPortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import type { RunnerScope } from '../../../engine/job.ts';
import { elapsed, type Instant, minutes } from '../../../engine/time.ts';
import type { GitLabCall } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import type { GroupProjects } from '../jobs/group-projects.ts';
import { runner as runnerShape } from '../client/schemas.ts';

/** A change is seen within five minutes, sweeps included. */
const MAX_AGE = minutes(4);

/** Whose jobs runners get, remembered for some minutes. */
export class RunnerScopes {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #members: GroupProjects;
  readonly #known = new Map<number, { readonly at: Instant; readonly scope: RunnerScope }>();

  constructor(client: GitLabClient, clock: Clock, members: GroupProjects) {
    this.#client = client;
    this.#clock = clock;
    this.#members = members;
  }

  /** Whether any runner that was asked for takes jobs of protected refs only. */
  get someProtectedOnly(): boolean {
    return [...this.#known.values()].some(({ scope }) => scope.protectedOnly);
  }

  /** The scope of the runner that the call reads. What the token may not see of it is no limit. */
  async of(runner: number, call: GitLabCall): Promise<RunnerScope> {
    const at = this.#clock.now();
    const before = this.#known.get(runner);
    if (before !== undefined && elapsed(before.at, at) < MAX_AGE) return before.scope;
    const found = await this.#client.get(call, runnerShape);
    const projects = await this.#projectsOf(found, call.signal);
    const scope = {
      paused: found.paused,
      protectedOnly: found.access_level === 'ref_protected',
      ...(projects !== undefined && { projects }),
    };
    this.#known.set(runner, { at, scope });
    return scope;
  }

  /** Undefined for every project, and where it is not told. */
  async #projectsOf(
    { runner_type: type, projects, groups }: ReturnType<(typeof runnerShape)['parse']>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number> | undefined> {
    // GitLab lists of both only what the token may see, and every runner of these types serves at least one.
    if (type === 'project_type') return projects?.length ? new Set(projects.map(({ id }) => id)) : undefined;
    if (type !== 'group_type' || !groups?.length) return undefined;
    try {
      const members = await Promise.all(
        groups.map(({ id }) => this.#members.of(String(id), MAX_AGE, signal)),
      );
      return new Set(members.flatMap((projectsOfGroup) => [...projectsOfGroup.keys()]));
    } catch (error) {
      if (!isPortError(error, 'not-found') && !isPortError(error, 'unauthorized')) throw error;
      return undefined;
    }
  }
}
