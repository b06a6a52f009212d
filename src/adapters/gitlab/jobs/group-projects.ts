import type { Clock } from '../../../controller/ports.ts';
import { type Duration, elapsed, type Instant } from '../../../engine/time.ts';
import { FULL_PAGES } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { projectsPage } from '../client/schemas.ts';

/** Paths of the projects in a group and in the groups below it, by id. */
export type Members = ReadonlyMap<number, string>;

interface Listed {
  readonly at: Instant;
  readonly members: Members;
}

/** Which projects lie in groups, archived ones left out: in them nothing runs. */
export class GroupProjects {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #listed = new Map<string, Listed>();

  constructor(client: GitLabClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** As it was listed last, however long ago; undefined: never. */
  known(group: string): Members | undefined {
    return this.#listed.get(group)?.members;
  }

  /** The projects of a group, by its full path or id, as they were at most `maxAge` ago. */
  async of(group: string, maxAge: Duration, signal: AbortSignal): Promise<Members> {
    const before = this.#listed.get(group);
    const at = this.#clock.now();
    if (before !== undefined && elapsed(before.at, at) < maxAge) return before.members;
    const listed = await this.#client.list(
      {
        doing: `listing the projects of group ${group}`,
        needs: `the scope read_api and the role Reporter in ${group}`,
        path: `/groups/${encodeURIComponent(group)}/projects`,
        query: [
          ['include_subgroups', 'true'],
          // What is only shared with the group is not the group's.
          ['with_shared', 'false'],
          ['archived', 'false'],
          ['simple', 'true'],
          // What is added meanwhile comes last, so that pages do not shift.
          ['order_by', 'id'],
          ['sort', 'asc'],
          FULL_PAGES,
        ],
        signal,
      },
      projectsPage,
    );
    const members = new Map(listed.map(({ id, path_with_namespace: path }) => [id, path]));
    this.#listed.set(group, { at, members });
    return members;
  }
}
