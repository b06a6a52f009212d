import type { Context } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { HookGroup } from '../../adapters/memory/gitlab/hooks.ts';
import { notFound } from './refusal.ts';

/** Every group that a project lies in, in the order in which the projects came. */
function groupsIn(model: GitLab): readonly HookGroup[] {
  const paths = model.projects().flatMap(({ namespace }) => {
    const parts = namespace.split('/');
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  return [...new Set(paths)].map((path, index) => ({ id: index + 1, path }));
}

/** The group that the path names by id or by its encoded path. */
export function groupOf(context: Context, model: GitLab): HookGroup {
  const name = context.req.param('id') ?? '';
  const group = groupsIn(model).find(({ id, path }) =>
    /^\d+$/.test(name) ? id === Number(name) : path === name,
  );
  if (group === undefined) throw notFound('Group');
  return group;
}
