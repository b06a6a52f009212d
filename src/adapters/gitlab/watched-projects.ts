import type { GitLabClient } from './client.ts';
import { concurrently } from './concurrently.ts';
import { project as projectShape } from './schemas.ts';

/**
 * The projects as configured, by path or by id, and the ids that GitLab knows them by. Ids of paths
 * are asked for when an id comes up that no project has yet, once per project.
 */
export class WatchedProjects {
  readonly #client: GitLabClient;
  readonly #concurrency: number;
  readonly #byId = new Map<number, string>();
  readonly #unresolved: Set<string>;

  constructor(client: GitLabClient, projects: readonly string[], concurrency: number) {
    this.#client = client;
    this.#concurrency = concurrency;
    this.#unresolved = new Set(projects);
    for (const project of projects) {
      if (/^\d+$/.test(project)) this.learn(project, Number(project));
    }
  }

  /** Notes the id of a configured project, and answers with the first name under which that id is configured. */
  learn(project: string, id: number): string {
    this.#unresolved.delete(project);
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    this.#byId.set(id, project);
    return project;
  }

  /** The configured projects by id, complete enough to tell which of `ids` are watched. */
  async including(ids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
    if (ids.some((id) => !this.#byId.has(id))) await this.#resolve(signal);
    return this.#byId;
  }

  async #resolve(signal: AbortSignal): Promise<void> {
    await concurrently([...this.#unresolved], this.#concurrency, signal, async (project, either) => {
      const { id } = await this.#client.get(
        {
          doing: `looking up the id of project ${project}`,
          needs: `the scope read_api and the role Reporter in ${project}`,
          path: `/projects/${encodeURIComponent(project)}`,
          signal: either,
        },
        projectShape,
      );
      this.learn(project, id);
    });
  }
}
