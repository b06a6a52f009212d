import { isPortError } from '../../../controller/errors.ts';
import { seconds } from '../../../engine/time.ts';
import type { GitLabCall } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { GroupProjects } from '../jobs/group-projects.ts';
import { hooksPage } from './hook-shape.ts';

/** Where a webhook of ours may be. */
export interface HookPlace {
  readonly kind: 'project' | 'group';
  /** Its full path, or its id. */
  readonly name: string;
}

/** What is watched, by full path or id. */
export interface Watched {
  readonly projects: readonly string[];
  readonly groups: readonly string[];
}

/** A place in words: "project acme/web". */
export function placeName({ kind, name }: HookPlace): string {
  return `${kind} ${name}`;
}

/** A call about the webhooks of a place; `below` continues its path. */
export function hookCall(
  place: HookPlace,
  call: { readonly doing: string; readonly scope: 'api' | 'read_api'; readonly below?: string },
  signal: AbortSignal,
): GitLabCall {
  const { kind, name } = place;
  const role = kind === 'group' ? 'Owner' : 'Maintainer';
  return {
    doing: `${call.doing} of ${placeName(place)}`,
    needs: `the scope ${call.scope} and the role ${role} in ${name}`,
    path: `/${kind}s/${encodeURIComponent(name)}/hooks${call.below ?? ''}`,
    signal,
  };
}

/** Whether GitLab does not show the thing to this token: 401, 403 and 404. */
export function isDenied(error: unknown): error is Error {
  return isPortError(error, 'unauthorized') || isPortError(error, 'not-found');
}

/**
 * Where webhooks belong: one in each group, and one in each project that lies in none of them. A group whose
 * webhooks GitLab does not give away (they need its licence and the role Owner) stands for its projects instead,
 * which `note` is told. A group that cannot be read at all stays as it is, so that whoever uses it meets the failure.
 */
export async function hookPlaces(
  client: GitLabClient,
  { projects, groups }: Watched,
  note: (message: string) => void,
  signal: AbortSignal,
): Promise<readonly HookPlace[]> {
  const ofGroups: HookPlace[] = [];
  for (const name of groups) ofGroups.push(...(await placesOfGroup(client, name, note, signal)));
  const named = projects
    .filter((name) => !groups.some((group) => isBelow(name, group)))
    .map((name) => ({ kind: 'project' as const, name }));
  const all = [...ofGroups, ...named];
  return [...new Map(all.map((place) => [placeName(place).toLowerCase(), place])).values()];
}

function isBelow(project: string, group: string): boolean {
  return project.toLowerCase().startsWith(`${group.toLowerCase()}/`);
}

async function placesOfGroup(
  client: GitLabClient,
  name: string,
  note: (message: string) => void,
  signal: AbortSignal,
): Promise<readonly HookPlace[]> {
  const group: HookPlace = { kind: 'group', name };
  const refusal = await refusalOf(client, group, signal);
  if (refusal === undefined) return [group];
  const members = new GroupProjects(client, client.clock);
  const projects = await members.of(name, seconds(0), signal).catch((error: unknown) => {
    if (isDenied(error)) return undefined;
    throw error;
  });
  if (projects === undefined) return [group];
  note(
    `group ${name} has no webhooks for this token (${refusal.message}): each of its projects has one of its own`,
  );
  return [...projects.values()].map((path) => ({ kind: 'project', name: path }));
}

/** Why GitLab does not show the webhooks of a group; undefined: it does. */
async function refusalOf(
  client: GitLabClient,
  group: HookPlace,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const call = hookCall(group, { doing: 'looking for webhooks', scope: 'read_api' }, signal);
  try {
    await client.get({ ...call, query: [['per_page', '1']] }, hooksPage);
    return undefined;
  } catch (error) {
    if (isDenied(error)) return error;
    throw error;
  }
}
