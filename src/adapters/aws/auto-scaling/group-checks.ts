import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { isPortError } from '../../../controller/errors.ts';
import type { CallLimits } from '../aws-call.ts';
import type { MachineFinding } from '../machine-checks.ts';
import { checkGroupTemplate } from '../operator-template.ts';
import { type DescribedGroup, describeGroups } from './described-group.ts';
import { refusedGroup } from './group-call.ts';
import {
  checkOwner,
  checkPolicies,
  describePolicies,
  describeWhole,
  lacksOf,
  missingProcesses,
  resuming,
} from './group-needs.ts';
import type { GroupPool } from './group-pool.ts';
import { templatesOf } from './market-policy.ts';

/** A pool whose group is looked at before it launches anything. */
export interface CheckedGroup {
  readonly ec2: EC2Client;
  readonly client: AutoScalingClient;
  readonly installation: string;
  readonly pool: string;
  readonly settings: GroupPool;
}

function failed(about: MachineFinding['about'], error: unknown): MachineFinding {
  if (!isPortError(error)) throw error;
  return { about, ok: false, detail: error.message };
}

function members({ members: all }: DescribedGroup): string {
  return `${all.length} ${all.length === 1 ? 'member' : 'members'}`;
}

/** What was found of a group that Runtide makes. Throws what stands against its use. */
async function checkOwn(
  { client, pool, installation, settings }: CheckedGroup,
  group: DescribedGroup | undefined,
  limits: () => CallLimits,
): Promise<string> {
  const { group: name } = settings;
  if (group === undefined) return `${name} is not there yet: the first launch makes it`;
  checkOwner(pool, group, settings, { installation });
  checkPolicies(pool, name, await describePolicies(client, name, limits()));
  const missing = missingProcesses(group);
  if (missing.length > 0) {
    const why = `somebody has suspended ${missing.join(' and ')}`;
    throw refusedGroup(`using group ${name} for pool ${pool}`, why, resuming(name, missing));
  }
  return `${name} is this installation's; ${members(group)}`;
}

/** Everything that a group of the operator's must have, one finding for each thing that it lacks. */
async function checkAttached(
  { client, pool, installation, settings }: CheckedGroup,
  group: DescribedGroup,
  limits: () => CallLimits,
): Promise<readonly MachineFinding[]> {
  const found: MachineFinding[] = [];
  try {
    checkOwner(pool, group, settings, { installation });
    found.push({
      about: 'group',
      ok: true,
      detail: `${group.name} is this installation's; ${members(group)}`,
    });
  } catch (error) {
    found.push(failed('group', error));
  }
  for (const { what, mend } of lacksOf(await describeWhole(client, group, limits), settings)) {
    found.push({ about: 'group', ok: false, detail: `${group.name} must have ${what}: ${mend}` });
  }
  return found;
}

/** What the instances of a group of the operator's are made of. */
async function checkTemplates(
  { ec2 }: CheckedGroup,
  group: DescribedGroup,
  limits: () => CallLimits,
): Promise<readonly MachineFinding[]> {
  const about = 'machines';
  const found: MachineFinding[] = [];
  for (const template of templatesOf(group)) {
    try {
      found.push({ about, ok: true, detail: await checkGroupTemplate(ec2, group.name, template, limits()) });
    } catch (error) {
      found.push(failed(about, error));
    }
  }
  return found;
}

async function check(asked: CheckedGroup, limits: () => CallLimits): Promise<readonly MachineFinding[]> {
  const { group: name, attached } = asked.settings;
  const group = (await describeGroups(asked.client, [name], limits)).get(name);
  if (!attached) return [{ about: 'group', ok: true, detail: await checkOwn(asked, group, limits) }];
  const untried = `neither tried, nor network and instance types looked at: ${name} launches by its own template, in its own subnets`;
  if (group === undefined) {
    const next = 'check instances.group.name of the pool, and its region';
    throw refusedGroup(`looking for group ${name} of pool ${asked.pool}`, 'there is none', next);
  }
  return [
    ...(await checkAttached(asked, group, limits)),
    ...(await checkTemplates(asked, group, limits)),
    { about: 'launch', ok: true, detail: untried },
  ];
}

/** Looks at all that a pool's group must be, and at what one of the operator's launches from; changes nothing. */
export async function checkGroup(
  asked: CheckedGroup,
  limits: () => CallLimits,
): Promise<readonly MachineFinding[]> {
  try {
    return await check(asked, limits);
  } catch (error) {
    return [failed('group', error)];
  }
}
