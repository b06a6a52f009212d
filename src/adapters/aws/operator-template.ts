import { gunzipSync } from 'node:zlib';
import {
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { isPortError, PortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';

/** A launch template that somebody else keeps, and what its version is called there. */
export interface OperatorTemplate {
  readonly id: string;
  readonly version: number | 'default' | 'latest';
}

const NAMES = { default: '$Default', latest: '$Latest' } as const;

/** Whether the user data starts the agent, as far as it can be read: a shell script, maybe packed by gzip. */
function startsAgent(userData: string | undefined): boolean {
  if (userData === undefined) return false;
  const bytes = Buffer.from(userData, 'base64');
  try {
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).includes('runtide-agent');
  } catch {
    return false;
  }
}

/** A thing that Runtide cannot do without, and whether the template has it. */
type Need = readonly [what: string, has: (data: ResponseLaunchTemplateData) => boolean];

const NEEDS: readonly Need[] = [
  ['an image', ({ ImageId }) => ImageId !== undefined],
  [
    'an instance profile',
    ({ IamInstanceProfile: profile }) => profile?.Arn !== undefined || profile?.Name !== undefined,
  ],
  [
    'shutdown behaviour terminate: an instance powers itself off after its drain',
    ({ InstanceInitiatedShutdownBehavior }) => InstanceInitiatedShutdownBehavior === 'terminate',
  ],
  ['instance metadata switched on', ({ MetadataOptions }) => MetadataOptions?.HttpEndpoint === 'enabled'],
  ['IMDSv2 required (tokens)', ({ MetadataOptions }) => MetadataOptions?.HttpTokens === 'required'],
  [
    'a hop limit of 1, so that containers do not reach the metadata',
    ({ MetadataOptions }) => MetadataOptions?.HttpPutResponseHopLimit === 1,
  ],
  [
    'instance tags in the metadata: a drain is asked for by a tag',
    ({ MetadataOptions }) => MetadataOptions?.InstanceMetadataTags === 'enabled',
  ],
  ['user data that starts runtide-agent', ({ UserData }) => startsAgent(UserData)],
];

/** Of a template that a fleet launches from; one of a group may say it. */
const NO_MARKET: Need = [
  'no market options: Runtide says whether it buys spot',
  ({ InstanceMarketOptions }) => InstanceMarketOptions === undefined,
];

function refused(doing: string, why: string, next: string): PortError {
  return new PortError({ kind: 'refused', system: 'ec2', doing, why, next });
}

/** A template as the APIs of AWS name it. */
export interface TemplateName {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
}

/** A version of a template that is looked for, and where it is named. */
interface Wanted {
  readonly template: TemplateName;
  /** A number, `$Default` or `$Latest`. */
  readonly version: string;
  readonly doing: string;
  /** What to do where there is none. */
  readonly absent: string;
  readonly needs: readonly Need[];
}

/** The number of the version that it means now. Throws `refused`, with all that is missing. */
async function checkedVersion(
  ec2: EC2Client,
  { template, version, doing, absent, needs }: Wanted,
  limits: CallLimits,
): Promise<string> {
  const call = { system: 'ec2', doing } as const;
  const answer = await awsCall(call, limits, (options) =>
    ec2.send(new DescribeLaunchTemplateVersionsCommand({ ...template, Versions: [version] }), options),
  ).catch((error: unknown) => {
    if (!isPortError(error, 'not-found')) throw error;
    throw refused(doing, error.details.why, absent);
  });
  const [found] = answer.LaunchTemplateVersions ?? [];
  const { VersionNumber: number, LaunchTemplateData: data } = found ?? {};
  if (number === undefined || data === undefined) {
    throw invalidAnswer(call, 'the version', answer.$metadata.requestId);
  }
  const lacking = needs.filter(([, has]) => !has(data)).map(([what]) => what);
  if (lacking.length === 0) return String(number);
  throw refused(
    doing,
    `it lacks ${lacking.join('; ')}`,
    'make a version that has all of it, and name that one',
  );
}

/**
 * The version that the template's name for it means now. Throws `refused`, with all that is missing, for one
 * that instances of Runtide cannot be made of.
 */
export async function pinOperatorTemplate(
  ec2: EC2Client,
  pool: string,
  { id, version }: OperatorTemplate,
  limits: CallLimits,
): Promise<LaunchRequest['template']> {
  const named = typeof version === 'number' ? String(version) : NAMES[version];
  const wanted = {
    template: { LaunchTemplateId: id },
    version: named,
    doing: `checking launch template ${id} (version ${named}) of pool ${pool}`,
    absent: 'check instances.template of the pool, and its region',
    needs: [...NEEDS, NO_MARKET],
  };
  return { id, version: await checkedVersion(ec2, wanted, limits) };
}

/**
 * Checks a template that a group of the operator's launches from, and answers with its version in words. Throws
 * `refused`, with all that is missing.
 */
export async function checkGroupTemplate(
  ec2: EC2Client,
  group: string,
  { Version: version = '$Default', ...template }: TemplateName & { readonly Version?: string | undefined },
  limits: CallLimits,
): Promise<string> {
  const { LaunchTemplateId, LaunchTemplateName } = template;
  const called = LaunchTemplateName ?? LaunchTemplateId ?? '';
  const wanted = {
    // AWS refuses a question that names it twice.
    template: LaunchTemplateId === undefined ? { LaunchTemplateName } : { LaunchTemplateId },
    version,
    doing: `checking launch template ${called} (version ${version}) of group ${group}`,
    absent: 'give the group a launch template that is there',
    needs: NEEDS,
  };
  return `launch template ${called}, version ${await checkedVersion(ec2, wanted, limits)}`;
}
