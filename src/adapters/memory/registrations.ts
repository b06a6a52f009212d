import { PortError } from '../../controller/errors.ts';
import type {
  IssuedToken,
  ListedRunner,
  RegisteredRunner,
  Registrations,
  RunnerOwner,
  RunnerSettings,
} from '../../controller/registrations.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import type { Runner, RunnerChange } from './gitlab/runner.ts';
import { managersOf } from './managers.ts';
import type { GitLabOutage } from './outage.ts';

export interface MemoryRegistrationsOptions {
  readonly gitlab: GitLab;
  readonly outage?: GitLabOutage;
}

/** The settings in the model's words. */
function changeOf(settings: Partial<RunnerSettings>): RunnerChange {
  const { protectedOnly, ...rest } = settings;
  if (protectedOnly === undefined) return rest;
  return { ...rest, accessLevel: protectedOnly ? 'ref_protected' : 'not_protected' };
}

/** The port `Registrations` straight over the model of GitLab. */
export class MemoryRegistrations implements Registrations {
  readonly #options: MemoryRegistrationsOptions;

  constructor(options: MemoryRegistrationsOptions) {
    this.#options = options;
  }

  async projectsOf(owner: RunnerOwner): Promise<readonly number[]> {
    if (owner.kind !== 'project') return [];
    return [owner.project, ...owner.others].map((name) => this.#project(name));
  }

  async names(
    owner: RunnerOwner,
    isOurs: (description: string) => boolean,
  ): Promise<readonly ListedRunner[]> {
    return this.#runnersOf(owner).filter(({ description }) => isOurs(description));
  }

  async list(
    owner: RunnerOwner,
    isOurs: (description: string) => boolean,
  ): Promise<readonly RegisteredRunner[]> {
    return this.#runnersOf(owner)
      .filter(({ description }) => isOurs(description))
      .map((runner) => ({
        id: runner.id,
        settings: {
          description: runner.description,
          tags: runner.tags,
          runUntagged: runner.runUntagged,
          protectedOnly: runner.accessLevel === 'ref_protected',
          locked: runner.locked,
          ...(runner.maximumTimeout !== undefined && { maximumTimeout: runner.maximumTimeout }),
          ...(runner.maintenanceNote !== undefined && { maintenanceNote: runner.maintenanceNote }),
        },
        projects: [...(runner.projects ?? [])],
        managers: managersOf(this.#options.gitlab, runner.id),
      }));
  }

  async create(owner: RunnerOwner, settings: RunnerSettings): Promise<IssuedToken & { readonly id: number }> {
    const { gitlab } = this.#options;
    this.#check('making a runner');
    const { tags, runUntagged } = settings;
    const { id, token } = gitlab.addRunner({
      ...changeOf(settings),
      tags,
      runUntagged,
      ...(owner.kind === 'project' && { projects: [this.#project(owner.project)] }),
      ...(owner.kind === 'group' && { group: this.#group(owner.group) }),
    });
    return { id, ...this.#issued(id, token) };
  }

  async update(runner: number, change: Partial<RunnerSettings>): Promise<void> {
    const doing = `changing runner ${runner}`;
    this.#check(doing);
    if (!this.#options.gitlab.updateRunner(runner, changeOf(change))) throw missing(doing, 'runner');
  }

  async enable(runner: number, project: number): Promise<void> {
    const doing = `enabling runner ${runner} for project ${project}`;
    const { projects = new Set<number>(), locked } = this.#runner(runner, doing);
    if (locked) throw new PortError({ kind: 'refused', system: 'gitlab', doing, why: 'it is locked' });
    this.#options.gitlab.updateRunnerProjects(runner, new Set([...projects, project]));
  }

  async disable(runner: number, project: number): Promise<void> {
    const { projects = new Set<number>() } = this.#runner(runner, `disabling runner ${runner}`);
    const others = [...projects].filter((one) => one !== project);
    this.#options.gitlab.updateRunnerProjects(runner, new Set(others));
  }

  async resetToken(runner: number): Promise<IssuedToken> {
    const doing = `giving runner ${runner} another token`;
    this.#check(doing);
    const token = this.#options.gitlab.resetRunnerToken(runner);
    if (token === undefined) throw missing(doing, 'runner');
    return this.#issued(runner, token);
  }

  async remove(runner: number): Promise<void> {
    this.#check(`removing runner ${runner}`);
    this.#options.gitlab.removeRunner(runner);
  }

  #issued(runner: number, token: string): IssuedToken {
    const expiresAt = this.#options.gitlab.runner(runner)?.tokenExpiresAt;
    return { token, ...(expiresAt !== undefined && { expiresAt }) };
  }

  #runnersOf(owner: RunnerOwner): readonly Runner[] {
    this.#check('listing runners');
    const runners = this.#options.gitlab.runners();
    if (owner.kind === 'project') {
      const project = this.#project(owner.project);
      return runners.filter(({ projects }) => projects?.has(project) === true);
    }
    const group = owner.kind === 'group' ? this.#group(owner.group) : undefined;
    return runners.filter((runner) => runner.projects === undefined && runner.group === group);
  }

  #runner(id: number, doing: string): Runner {
    this.#check(doing);
    const runner = this.#options.gitlab.runner(id);
    if (runner === undefined) throw missing(doing, 'runner');
    return runner;
  }

  #project(name: string): number {
    const doing = `looking up project ${name}`;
    this.#check(doing);
    const project = this.#options.gitlab.project(/^\d+$/.test(name) ? Number(name) : name);
    if (project === undefined) throw missing(doing, 'project');
    return project.id;
  }

  #group(name: string): number {
    const group = /^\d+$/.test(name) ? Number(name) : this.#options.gitlab.groups.find(name)?.id;
    if (group === undefined) throw missing(`looking up group ${name}`, 'group');
    return group;
  }

  #check(doing: string): void {
    if (this.#options.outage?.on !== true) return;
    throw new PortError({ kind: 'unavailable', system: 'gitlab', doing, why: '500' });
  }
}

function missing(doing: string, what: string): PortError {
  return new PortError({ kind: 'not-found', system: 'gitlab', doing, why: `there is no such ${what}` });
}
