import {
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type DescribeLaunchTemplateVersionsCommandInput,
  type EC2Client,
  type LaunchTemplate,
  type LaunchTemplateVersion,
} from '@aws-sdk/client-ec2';
import { awsCall, type CallLimits } from './aws-call.ts';
import { type CallDescription, invalidAnswer } from './errors.ts';

/** The most that EC2 gives in one page. */
const PAGE = 200;

/** One page, and where the next one begins. */
interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

async function allPages<T>(read: (token: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await read(token);
    all.push(...items);
    token = next === '' ? undefined : next;
  } while (token !== undefined);
  return all;
}

/** All launch templates that the filter lets through, such as `tag:KEY`. */
export function describeTemplates(
  ec2: EC2Client,
  filter: { readonly name: string; readonly value: string },
  limits: () => CallLimits,
): Promise<readonly LaunchTemplate[]> {
  const call = {
    system: 'ec2',
    doing: `listing launch templates with ${filter.name} ${filter.value}`,
  } as const;
  const Filters = [{ Name: filter.name, Values: [filter.value] }];
  return allPages(async (NextToken) => {
    const page = await awsCall(call, limits(), (options) =>
      ec2.send(new DescribeLaunchTemplatesCommand({ Filters, MaxResults: PAGE, NextToken }), options),
    );
    const { LaunchTemplates: items, NextToken: next } = page;
    if (items === undefined) throw invalidAnswer(call, 'the launch templates', page.$metadata.requestId);
    return { items, next };
  });
}

function versionPages(
  ec2: EC2Client,
  question: DescribeLaunchTemplateVersionsCommandInput,
  call: CallDescription,
  limits: () => CallLimits,
): Promise<readonly LaunchTemplateVersion[]> {
  return allPages(async (NextToken) => {
    const page = await awsCall(call, limits(), (options) =>
      ec2.send(
        new DescribeLaunchTemplateVersionsCommand({ ...question, MaxResults: PAGE, NextToken }),
        options,
      ),
    );
    const { LaunchTemplateVersions: items, NextToken: next } = page;
    if (items === undefined) throw invalidAnswer(call, 'the versions', page.$metadata.requestId);
    return { items, next };
  });
}

/** All versions of a launch template. */
export function describeVersions(
  ec2: EC2Client,
  template: string,
  limits: () => CallLimits,
): Promise<readonly LaunchTemplateVersion[]> {
  const call = { system: 'ec2', doing: `listing the versions of launch template ${template}` } as const;
  return versionPages(ec2, { LaunchTemplateId: template }, call, limits);
}

/** The default and the latest version of every launch template in the account, whoever made it. */
export function describeUsualVersions(
  ec2: EC2Client,
  limits: () => CallLimits,
): Promise<readonly LaunchTemplateVersion[]> {
  const call = { system: 'ec2', doing: 'listing the launch templates of the account' } as const;
  return versionPages(ec2, { Versions: ['$Default', '$Latest'] }, call, limits);
}
