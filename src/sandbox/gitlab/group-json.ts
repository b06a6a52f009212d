import type { Group } from '../../adapters/memory/gitlab/groups.ts';
import { iso } from './iso.ts';

/** A group as `GET /groups/:id` shows it. */
export function groupJson(group: Group, base: string) {
  return {
    ...groupIdentityJson(group, base),
    path: group.name,
    description: '',
    visibility: 'private',
    share_with_group_lock: false,
    require_two_factor_authentication: false,
    lfs_enabled: true,
    avatar_url: null,
    request_access_enabled: true,
    full_name: group.path.replaceAll('/', ' / '),
    full_path: group.path,
    created_at: iso(group.createdAt),
    parent_id: group.parent ?? null,
    archived: false,
    shared_runners_setting: 'enabled',
  };
}

/** The few words about a group that a runner carries. */
export function groupIdentityJson(group: Group, base: string) {
  return { id: group.id, web_url: `${base}/groups/${group.path}`, name: group.name };
}
