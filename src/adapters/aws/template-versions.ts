import {
  DeleteLaunchTemplateVersionsCommand,
  type EC2Client,
  type LaunchTemplateVersion,
} from '@aws-sdk/client-ec2';
import { awsCall, type CallLimits } from './aws-call.ts';
import { describeMatching } from './instance-listing.ts';
import { tagMap } from './instance-tags.ts';

/** Versions that stay whatever uses them: an open launch may still name one of these. */
const KEPT = 20;
/** The most that EC2 deletes in one call. */
const BATCH = 200;
/** The states of instances that are not terminated. */
export const ALIVE = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

/** The tags by which EC2 itself says where an instance comes from. */
export const FROM = { template: 'aws:ec2launchtemplate:id', version: 'aws:ec2launchtemplate:version' };

async function versionsInUse(
  ec2: EC2Client,
  template: string,
  limits: CallLimits,
): Promise<ReadonlySet<string>> {
  const call = { system: 'ec2', doing: `looking for instances of launch template ${template}` } as const;
  const filters = { [`tag:${FROM.template}`]: [template], 'instance-state-name': ALIVE };
  const descriptions = await describeMatching(ec2, filters, call, () => limits);
  return new Set(descriptions.flatMap(({ Tags }) => tagMap(Tags).get(FROM.version) ?? []));
}

/**
 * Deletes those of a template's versions that are older than the newest 20 and that no instance was made
 * of. The default version cannot be deleted. Answers how many were.
 */
export async function deleteOldVersions(
  ec2: EC2Client,
  template: string,
  versions: readonly LaunchTemplateVersion[],
  limits: CallLimits,
): Promise<number> {
  const old = versions
    .toSorted((one, other) => (other.VersionNumber ?? 0) - (one.VersionNumber ?? 0))
    .slice(KEPT)
    .filter(({ DefaultVersion }) => DefaultVersion !== true)
    .flatMap(({ VersionNumber }) => (VersionNumber === undefined ? [] : [String(VersionNumber)]));
  if (old.length === 0) return 0;
  const used = await versionsInUse(ec2, template, limits);
  const unused = old.filter((version) => !used.has(version)).slice(-BATCH);
  if (unused.length === 0) return 0;
  const call = { system: 'ec2', doing: `deleting old versions of launch template ${template}` } as const;
  const answer = await awsCall(call, limits, (options) =>
    ec2.send(
      new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId: template, Versions: unused }),
      options,
    ),
  );
  return answer.SuccessfullyDeletedLaunchTemplateVersions?.length ?? 0;
}
