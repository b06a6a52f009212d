import type { Clock } from '../../../controller/ports.ts';
import { elapsed, type Instant, minutes } from '../../../engine/time.ts';
import { FULL_PAGES } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { concernsOnlyOne } from './job-reader.ts';
import type { Ref } from './job-reading.ts';
import { protectionsPage } from '../client/schemas.ts';

const MAX_AGE = minutes(10);

/** What is protected in a project; undefined: the token may not know. */
interface Protections {
  readonly at: Instant;
  readonly branches: readonly RegExp[] | undefined;
  readonly tags: readonly RegExp[] | undefined;
}

/** Which refs of projects are protected, read where it is asked for and remembered for ten minutes. */
export class ProtectedRefs {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #note: (message: string) => void;
  readonly #byProject = new Map<number, Protections>();

  constructor(client: GitLabClient, clock: Clock, note: (message: string) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#note = note;
  }

  /** Those of these projects whose protections are not known, or were read too long ago. */
  unread(projects: readonly number[]): readonly number[] {
    const now = this.#clock.now();
    return projects.filter((project) => {
      const known = this.#byProject.get(project);
      return known === undefined || elapsed(known.at, now) >= MAX_AGE;
    });
  }

  /** Reads what is protected in a project, in two requests. What the token may not read stays unknown; fails otherwise. */
  async read(project: number, signal: AbortSignal): Promise<void> {
    const at = this.#clock.now();
    const first = !this.#byProject.has(project);
    const [branches, tags] = await Promise.all(
      (['branches', 'tags'] as const).map((kind) => this.#list(project, kind, first, signal)),
    );
    this.#byProject.set(project, { at, branches, tags });
  }

  isProtected(project: number, { name, tag }: Ref): boolean | undefined {
    const known = this.#byProject.get(project);
    return (tag ? known?.tags : known?.branches)?.some((pattern) => pattern.test(name));
  }

  async #list(
    project: number,
    kind: 'branches' | 'tags',
    first: boolean,
    signal: AbortSignal,
  ): Promise<readonly RegExp[] | undefined> {
    const call = {
      doing: `listing the protected ${kind} of project ${project}`,
      needs: 'the scope read_api and the role Maintainer',
      path: `/projects/${project}/protected_${kind}`,
      query: [FULL_PAGES],
      signal,
    };
    try {
      return (await this.#client.list(call, protectionsPage)).map(({ name }) => patternOf(name));
    } catch (error) {
      if (!concernsOnlyOne(error)) throw error;
      if (first) this.#note(`whether ${kind} are protected is not known: ${error.message}`);
      return undefined;
    }
  }
}

/** In the name of a protection `*` stands for any text. */
function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
