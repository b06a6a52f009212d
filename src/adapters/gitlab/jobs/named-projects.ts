import type { NamedProjects } from '../../../controller/ports.ts';
import type { GitLabClient } from '../client/client.ts';
import { identified } from '../client/schemas.ts';

/** The ids of projects that the configuration names by their paths, for the caps on what they count for. */
export class GitLabNamedProjects implements NamedProjects {
  readonly #client: GitLabClient;
  readonly #ids = new Map<string, number>();
  /** Paths that are not known, and why not. */
  readonly #unknown: Map<string, string>;

  constructor(client: GitLabClient, paths: readonly string[]) {
    this.#client = client;
    this.#unknown = new Map(paths.map((path) => [path, 'it was not looked up yet']));
  }

  async lookUp(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#unknown.keys()].map((path) => this.#lookUp(path, signal)));
  }

  /** The id of a project; undefined where it could not be looked up yet. */
  idOf(path: string): number | undefined {
    return this.#ids.get(path);
  }

  /** The projects that could not be looked up last, and why not. */
  unknown(): ReadonlyMap<string, string> {
    return this.#unknown;
  }

  async #lookUp(path: string, signal: AbortSignal): Promise<void> {
    const call = {
      doing: `looking up project ${path}, whose jobs count up to a cap`,
      needs: 'the scope read_api and membership of the project',
      path: `/projects/${encodeURIComponent(path)}`,
      signal,
    };
    try {
      const { id } = await this.#client.get(call, identified);
      this.#ids.set(path, id);
      this.#unknown.delete(path);
    } catch (error) {
      this.#unknown.set(path, error instanceof Error ? error.message : String(error));
    }
  }
}
