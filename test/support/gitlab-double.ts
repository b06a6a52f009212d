import type { GitLabOptions } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { type GitLabDoubleOptions, startGitLab } from '../../src/sandbox/gitlab/start.ts';
import { gitlabWorld } from './gitlab-world.ts';
import { OpenApi } from './openapi.ts';

export const API_TOKEN = 'glpat-all';
export const READ_TOKEN = 'glpat-read';

/**
 * A GitLab double in virtual time whose whole traffic is checked against GitLab's OpenAPI document.
 * `api` asks it with the token that may do everything.
 */
export async function gitlabDouble(
  options: Partial<GitLabDoubleOptions> = {},
  model: Pick<GitLabOptions, 'runnerTokenLifetime'> = {},
) {
  const world = gitlabWorld({ model });
  const openApi = new OpenApi();
  let watching = 0;
  // Counts who waits for the queue to change, so that a test can wait for a held request.
  const watch = world.gitlab.onQueueChange.bind(world.gitlab);
  world.gitlab.onQueueChange = (listener) => {
    watching += 1;
    const stop = watch(listener);
    return () => {
      watching -= 1;
      stop();
    };
  };
  const double = await startGitLab({
    model: world.gitlab,
    timers: world.timers,
    tokens: [
      { token: API_TOKEN, scopes: ['api'], name: 'all', admin: true },
      { token: READ_TOKEN, scopes: ['read_api'] },
      { token: 'glpat-user', scopes: ['read_user'] },
      { token: 'glpat-revoked', scopes: ['api'], revoked: true },
    ],
    observe: openApi.observe,
    ...options,
  });
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${double.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const api = (method: string, path: string, body?: unknown, token = API_TOKEN) =>
    send(method, `/api/v4${path}`, body, { 'private-token': token });
  return { ...world, double, openApi, send, api, watched: () => watching };
}

/** Closes the double; throws when something in its traffic did not conform. */
export async function closeDouble({
  double,
  openApi,
}: Awaited<ReturnType<typeof gitlabDouble>>): Promise<void> {
  await double.close();
  const problems = openApi.problems();
  if (problems.length > 0) throw new Error(`not as GitLab documents it:\n${problems.join('\n')}`);
}
