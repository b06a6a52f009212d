import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';

/** A user as jobs and `GET /user` show it. */
export function userJson(id: number, model: GitLab, base: string) {
  const user = model.users.find(id);
  const username = user?.username ?? 'ghost';
  return {
    id,
    username,
    public_email: null,
    name: user?.name ?? 'Ghost User',
    state: user?.blocked === true ? 'blocked' : 'active',
    locked: false,
    avatar_url: null,
    web_url: `${base}/${username}`,
  };
}
