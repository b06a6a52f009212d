import type { EC2Client, LaunchTemplate } from '@aws-sdk/client-ec2';
import type { CallLimits } from './aws-call.ts';
import { describeMatching } from './instance-listing.ts';
import { TAG, tagMap } from './instance-tags.ts';
import type { Ec2Leftover, Examination, Spared } from './leftover.ts';
import { describeTemplates } from './template-listing.ts';
import { ALIVE, FROM } from './template-versions.ts';

/** Whose templates are looked at, and which are still wanted. */
export interface LeftTemplatesQuestion {
  readonly ec2: EC2Client;
  readonly installation: string;
  /** Pools of this region that launch from a template of Runtide's own. */
  readonly pools: ReadonlySet<string>;
  /** The names of groups that launch from a template, by its id or its name; absent: none do. */
  readonly launching?: ReadonlyMap<string, readonly string[]>;
}

async function instancesOf(ec2: EC2Client, template: string, limits: () => CallLimits): Promise<number> {
  const call = { system: 'ec2', doing: `looking for instances of launch template ${template}` } as const;
  const filters = { [`tag:${FROM.template}`]: [template], 'instance-state-name': ALIVE };
  return (await describeMatching(ec2, filters, call, limits)).length;
}

async function examine(
  { ec2, pools, launching }: LeftTemplatesQuestion,
  { LaunchTemplateId: id, LaunchTemplateName: name = '', Tags }: LaunchTemplate,
  limits: () => CallLimits,
): Promise<Examination<Ec2Leftover>> {
  const pool = tagMap(Tags).get(TAG.pool);
  if (id === undefined || pool === undefined || pools.has(pool)) return { leftovers: [], spared: [] };
  const kind = 'launch template' as const;
  const [group] = launching?.get(id) ?? launching?.get(name) ?? [];
  if (group !== undefined) {
    return { leftovers: [], spared: [{ kind, id, name, because: `group ${group} launches from it` }] };
  }
  const alive = await instancesOf(ec2, id, limits);
  const because = `pool ${pool} no longer launches from it here`;
  if (alive === 0) return { leftovers: [{ kind, id, name, because }], spared: [] };
  const still = `${alive} ${alive === 1 ? 'instance' : 'instances'} of it still there`;
  return { leftovers: [], spared: [{ kind, id, name, because: still }] };
}

/**
 * The launch templates of the installation whose pools are gone from the configuration, or are elsewhere now.
 * One that an instance was made of stays. Throws `PortError`.
 */
export async function leftTemplates(
  question: LeftTemplatesQuestion,
  limits: () => CallLimits,
): Promise<Examination<Ec2Leftover>> {
  const filter = { name: `tag:${TAG.installation}`, value: question.installation };
  const leftovers: Ec2Leftover[] = [];
  const spared: Spared[] = [];
  for (const template of await describeTemplates(question.ec2, filter, limits)) {
    const found = await examine(question, template, limits);
    leftovers.push(...found.leftovers);
    spared.push(...found.spared);
  }
  return { leftovers, spared };
}
