import { PortError } from '../../controller/errors.ts';
import type { RunnerRegistry } from '../../controller/ports.ts';
import { unitedManagers, unitedScope } from '../../controller/united-runners.ts';
import type { Manager } from '../../engine/instance.ts';
import type { RunnerScope } from '../../engine/job.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import { managersOf } from './managers.ts';
import type { GitLabOutage } from './outage.ts';

interface MemoryRunner {
  readonly id: number;
  readonly token: string;
}

export interface MemoryRunnerRegistryOptions {
  readonly gitlab: GitLab;
  /** The runner of each pool, or its several runners, or who knows them. */
  readonly pools: Readonly<
    Record<string, MemoryRunner | readonly MemoryRunner[] | (() => readonly MemoryRunner[])>
  >;
  readonly outage?: GitLabOutage;
}

/** The `RunnerRegistry` port straight over the model of GitLab. */
export class MemoryRunnerRegistry implements RunnerRegistry {
  readonly #options: MemoryRunnerRegistryOptions;

  constructor(options: MemoryRunnerRegistryOptions) {
    this.#options = options;
  }

  async managers(pool: string): Promise<readonly Manager[]> {
    const runners = this.#runners(pool, `reading the managers of pool ${pool}`);
    return unitedManagers(runners.map(({ id }) => managersOf(this.#options.gitlab, id)));
  }

  async scope(pool: string): Promise<RunnerScope> {
    const runners = this.#runners(pool, `reading the runner of pool ${pool}`);
    return unitedScope(runners.map(({ id }) => this.#scopeOf(id)));
  }

  #scopeOf(id: number): RunnerScope {
    const { gitlab } = this.#options;
    const runner = gitlab.runner(id);
    const ofGroup =
      runner?.group === undefined ? undefined : gitlab.projectsOfGroup(runner.group, true).map((of) => of.id);
    const projects = runner?.projects ?? ofGroup;
    return {
      paused: runner?.paused ?? false,
      protectedOnly: runner?.accessLevel === 'ref_protected',
      ...(projects !== undefined && { projects: new Set(projects) }),
    };
  }

  async forget(pool: string, systemId: string): Promise<void> {
    const runners = this.#runners(pool, `forgetting manager ${systemId} of pool ${pool}`);
    for (const { token } of runners) this.#options.gitlab.removeManager({ token, systemId });
  }

  #runners(pool: string, doing: string): readonly MemoryRunner[] {
    if (this.#options.outage?.on === true) {
      throw new PortError({ kind: 'unavailable', system: 'gitlab', doing, why: '500' });
    }
    const runners = this.#options.pools[pool];
    if (runners === undefined) {
      throw new PortError({ kind: 'not-found', system: 'gitlab', doing, why: 'the pool has no runner' });
    }
    return typeof runners === 'function' ? runners() : [runners].flat();
  }
}
