import { isPortError, PortError } from '../../../controller/errors.ts';
import type {
  IssuedToken,
  ListedRunner,
  RegisteredRunner,
  Registrations,
  RunnerOwner,
  RunnerSettings,
} from '../../../controller/registrations.ts';
import { seconds } from '../../../engine/time.ts';
import { FULL_PAGES } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { managerOf } from './runners.ts';
import {
  issuedToken,
  managersPage,
  newRunner,
  identified,
  runner as runnerShape,
  runnersPage,
} from '../client/schemas.ts';

const READ =
  'the scope read_api, and the role Maintainer of the project or group (an administrator for the whole GitLab)';
const CREATE =
  'the scope create_runner, and the role Maintainer of the project or Owner of the group (an administrator for the whole GitLab)';
const MANAGE =
  'the scope manage_runner, and the role Maintainer of the project or Owner of the group (an administrator for the whole GitLab)';
const ASSIGN = 'the scope api, and the role Maintainer of both projects';

/** In words: "project acme/web". */
function named(owner: RunnerOwner): string {
  if (owner.kind === 'project') return `project ${owner.project}`;
  return owner.kind === 'group' ? `group ${owner.group}` : 'the whole GitLab';
}

function pathOf(owner: RunnerOwner): string {
  if (owner.kind === 'project') return `/projects/${encodeURIComponent(owner.project)}/runners`;
  return owner.kind === 'group' ? `/groups/${encodeURIComponent(owner.group)}/runners` : '/runners/all';
}

/** The settings in GitLab's words. */
function fieldsOf(settings: Partial<RunnerSettings>): Readonly<Record<string, unknown>> {
  const { description, tags, runUntagged, protectedOnly, locked, maximumTimeout, maintenanceNote } = settings;
  return {
    ...(description !== undefined && { description }),
    ...(tags !== undefined && { tag_list: tags }),
    ...(runUntagged !== undefined && { run_untagged: runUntagged }),
    ...(protectedOnly !== undefined && { access_level: protectedOnly ? 'ref_protected' : 'not_protected' }),
    ...(locked !== undefined && { locked }),
    ...(maximumTimeout !== undefined && { maximum_timeout: Math.round(maximumTimeout / 1000) }),
    ...(maintenanceNote !== undefined && { maintenance_note: maintenanceNote }),
  };
}

function issued({
  token,
  token_expires_at: expiresAt,
}: {
  token: string;
  token_expires_at?: IssuedToken['expiresAt'] | null | undefined;
}): IssuedToken {
  return { token, ...(expiresAt !== undefined && expiresAt !== null && { expiresAt }) };
}

/** Runners made and kept over GitLab's REST API. */
export function gitLabRegistrations(client: GitLabClient): Registrations {
  return new GitLabRegistrations(client);
}

class GitLabRegistrations implements Registrations {
  readonly #client: GitLabClient;
  /** A path that a project had keeps leading to it. */
  readonly #ids = new Map<string, number>();

  constructor(client: GitLabClient) {
    this.#client = client;
  }

  async projectsOf(owner: RunnerOwner, signal: AbortSignal): Promise<readonly number[]> {
    if (owner.kind !== 'project') return [];
    const ids: number[] = [];
    for (const name of [owner.project, ...owner.others]) ids.push(await this.#projectId(name, signal));
    return ids;
  }

  async names(
    owner: RunnerOwner,
    isOurs: (description: string) => boolean,
    signal: AbortSignal,
  ): Promise<readonly ListedRunner[]> {
    const listed = await this.#client.list(
      {
        doing: `listing the runners of ${named(owner)}`,
        needs: READ,
        path: pathOf(owner),
        query: [['type', `${owner.kind}_type`], FULL_PAGES],
        signal,
      },
      runnersPage,
    );
    return listed
      .map(({ id, description }) => ({ id, description: description ?? '' }))
      .filter(({ description }) => isOurs(description))
      .toSorted((one, other) => one.id - other.id);
  }

  async list(
    owner: RunnerOwner,
    isOurs: (description: string) => boolean,
    signal: AbortSignal,
  ): Promise<readonly RegisteredRunner[]> {
    const found: RegisteredRunner[] = [];
    for (const { id } of await this.names(owner, isOurs, signal))
      found.push(...(await this.#read(id, signal)));
    return found;
  }

  async create(
    owner: RunnerOwner,
    settings: RunnerSettings,
    signal: AbortSignal,
    registrationToken?: string,
  ): Promise<IssuedToken & { readonly id: number }> {
    if (registrationToken !== undefined) return this.#register(owner, settings, registrationToken, signal);
    const [owns] = await this.projectsOf(owner, signal);
    const place = {
      runner_type: `${owner.kind}_type`,
      // GitLab documents both as required, one of them null.
      project_id: owns ?? null,
      group_id: owner.kind === 'group' ? await this.#groupId(owner.group, signal) : null,
    };
    const made = await this.#client.change(
      {
        doing: `making a runner of ${named(owner)}`,
        needs: CREATE,
        method: 'POST',
        path: '/user/runners',
        body: { ...place, ...fieldsOf(settings) },
        signal,
      },
      newRunner,
    );
    return { id: made.id, ...issued(made) };
  }

  async update(runner: number, change: Partial<RunnerSettings>, signal: AbortSignal): Promise<void> {
    const doing = `changing runner ${runner}`;
    const path = `/runners/${runner}`;
    await this.#client.change({ doing, path, needs: MANAGE, method: 'PUT', body: fieldsOf(change), signal });
  }

  async enable(runner: number, project: number, signal: AbortSignal): Promise<void> {
    const doing = `enabling runner ${runner} for project ${project}`;
    const path = `/projects/${project}/runners`;
    const body = { runner_id: runner };
    await this.#client.change({ doing, path, needs: ASSIGN, method: 'POST', body, signal });
  }

  async disable(runner: number, project: number, signal: AbortSignal): Promise<void> {
    const path = `/projects/${project}/runners/${runner}`;
    const doing = `disabling runner ${runner} for project ${project}`;
    await this.#gone(this.#client.change({ doing, path, needs: ASSIGN, method: 'DELETE', signal }));
  }

  async resetToken(runner: number, signal: AbortSignal): Promise<IssuedToken> {
    const path = `/runners/${runner}/reset_authentication_token`;
    const doing = `giving runner ${runner} another token`;
    return issued(
      await this.#client.change({ doing, path, needs: MANAGE, method: 'POST', signal }, issuedToken),
    );
  }

  async remove(runner: number, signal: AbortSignal): Promise<void> {
    const doing = `removing runner ${runner}`;
    const path = `/runners/${runner}`;
    await this.#gone(this.#client.change({ doing, path, needs: MANAGE, method: 'DELETE', signal }));
  }

  /** What is gone already is no error. */
  async #gone(change: Promise<void>): Promise<void> {
    await change.catch((error: unknown) => {
      if (!isPortError(error, 'not-found')) throw error;
    });
  }

  /** None where it has gone since it was listed. */
  async #read(id: number, signal: AbortSignal): Promise<readonly RegisteredRunner[]> {
    const call = { doing: `reading runner ${id}`, needs: READ, signal };
    try {
      const found = await this.#client.get({ ...call, path: `/runners/${id}` }, runnerShape);
      const managers = await this.#client.list({ ...call, path: `/runners/${id}/managers` }, managersPage);
      const { maximum_timeout: timeout, maintenance_note: note } = found;
      return [
        {
          id,
          settings: {
            description: found.description ?? '',
            tags: found.tag_list,
            runUntagged: found.run_untagged,
            protectedOnly: found.access_level === 'ref_protected',
            locked: found.locked,
            ...(typeof timeout === 'number' && { maximumTimeout: seconds(timeout) }),
            ...(typeof note === 'string' && { maintenanceNote: note }),
          },
          projects: (found.projects ?? []).map((project) => project.id),
          managers: managers.map(managerOf),
        },
      ];
    } catch (error) {
      if (isPortError(error, 'not-found')) return [];
      throw error;
    }
  }

  /** By a registration token, which says alone whose runner it will be: one that is another's is removed again. */
  async #register(
    owner: RunnerOwner,
    settings: RunnerSettings,
    registrationToken: string,
    signal: AbortSignal,
  ): Promise<IssuedToken & { readonly id: number }> {
    const doing = `registering a runner of ${named(owner)}`;
    const made = await this.#client.change(
      {
        doing,
        needs: 'a registration token that GitLab still takes',
        method: 'POST',
        path: '/runners',
        body: { token: registrationToken, ...fieldsOf(settings) },
        secrets: [registrationToken],
        signal,
      },
      newRunner,
    );
    if (await this.#belongsTo(owner, made.id, signal)) return { id: made.id, ...issued(made) };
    // By its own token: the access token may have no say there.
    await this.#client.change({
      doing: `removing runner ${made.id} again`,
      needs: "the runner's own token",
      method: 'DELETE',
      path: '/runners',
      body: { token: made.token },
      secrets: [made.token],
      signal,
    });
    throw new PortError({
      kind: 'refused',
      system: 'gitlab',
      doing,
      why: 'the registration token is not one of that owner',
      next: 'give the one of the owner that `create` names, or remove it: Runtide makes runners without',
    });
  }

  async #belongsTo(owner: RunnerOwner, runner: number, signal: AbortSignal): Promise<boolean> {
    const call = { doing: `reading runner ${runner}`, needs: READ, path: `/runners/${runner}`, signal };
    try {
      const found = await this.#client.get(call, runnerShape);
      if (found.runner_type !== `${owner.kind}_type`) return false;
      if (owner.kind === 'instance') return true;
      const [places, place] =
        owner.kind === 'group'
          ? [found.groups, await this.#groupId(owner.group, signal)]
          : [found.projects, await this.#projectId(owner.project, signal)];
      return (places ?? []).some(({ id }) => id === place);
    } catch (error) {
      if (isPortError(error, 'not-found') || isPortError(error, 'unauthorized')) return false;
      throw error;
    }
  }

  async #projectId(name: string, signal: AbortSignal): Promise<number> {
    return this.#id(`/projects/${encodeURIComponent(name)}`, `project ${name}`, name, signal);
  }

  async #groupId(name: string, signal: AbortSignal): Promise<number> {
    return this.#id(`/groups/${encodeURIComponent(name)}`, `group ${name}`, name, signal);
  }

  async #id(path: string, what: string, name: string, signal: AbortSignal): Promise<number> {
    if (/^\d+$/.test(name)) return Number(name);
    const known = this.#ids.get(what);
    if (known !== undefined) return known;
    const call = { doing: `looking up ${what}`, needs: 'the scope read_api', path, signal };
    const { id } = await this.#client.get(call, identified);
    this.#ids.set(what, id);
    return id;
  }
}
