import { CLEAN_PERMISSIONS } from './clean-table.ts';
import { CONTROLLER_PERMISSIONS } from './controller-table.ts';
import { INSTANCE_PERMISSIONS } from './instance-table.ts';
import { POOL_PERMISSIONS } from './pool-table.ts';
import type { RolePermission } from './row.ts';

/**
 * Every action that Runtide uses, and why: the policies of all roles but those of CI jobs are made of it, and
 * nothing else. What AWS can be held to by name is named; the rest is bound to the installation's tag, so that two
 * installations in one account cannot touch each other.
 */
export const PERMISSIONS: readonly RolePermission[] = [
  ...CONTROLLER_PERMISSIONS,
  ...POOL_PERMISSIONS,
  ...INSTANCE_PERMISSIONS,
  ...CLEAN_PERMISSIONS,
];
