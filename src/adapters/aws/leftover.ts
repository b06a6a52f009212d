import {
  DeleteLaunchTemplateCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { awsCode, type CallDescription } from './errors.ts';

/** What clean-up looks at. */
interface Examined {
  readonly id: string;
  readonly name: string;
  /** Why it goes, or why it stays. */
  readonly because: string;
}

/** Something of EC2 that was made for Runtide and is needed by nothing any more. */
export type Ec2Leftover = Examined &
  ({ readonly kind: 'launch template' } | { readonly kind: 'image'; readonly snapshots: readonly string[] });

/** Something that was made for Runtide and is needed by nothing any more. */
export type Leftover = Ec2Leftover | (Examined & { readonly kind: 'group' });

/** Something that looks like a leftover and stays. */
export interface Spared extends Examined {
  readonly kind: Leftover['kind'];
}

/** What was found in one region of one account. */
export interface Examination<L extends Leftover = Leftover> {
  readonly leftovers: readonly L[];
  readonly spared: readonly Spared[];
}

/** What AWS says of what is gone already. */
const GONE = /^Invalid(?:LaunchTemplateId|LaunchTemplateName|AMIID|Snapshot)\.(?:NotFound|Unavailable)/;

/** A deletion; what is gone already is no error. */
async function deletion(
  call: CallDescription,
  limits: CallLimits,
  send: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  await awsCall(call, limits, send).catch((error: unknown) => {
    if (!GONE.test(awsCode(error) ?? '')) throw error;
  });
}

async function removeImage(
  ec2: EC2Client,
  { id, snapshots }: Extract<Ec2Leftover, { kind: 'image' }>,
  limits: CallLimits,
): Promise<void> {
  const call = { system: 'ec2', doing: `deregistering image ${id}` } as const;
  await deletion(call, limits, (options) => ec2.send(new DeregisterImageCommand({ ImageId: id }), options));
  for (const snapshot of snapshots) {
    const deleting = { system: 'ec2', doing: `deleting snapshot ${snapshot} of image ${id}` } as const;
    await deletion(deleting, limits, (options) =>
      ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshot }), options),
    ).catch((error: unknown) => {
      if (!(error instanceof PortError)) throw error;
      // The image is gone: no later run comes upon its snapshot.
      const next = `nothing else will delete it: aws ec2 delete-snapshot --snapshot-id ${snapshot}`;
      throw new PortError({ ...error.details, next, cause: error });
    });
  }
}

/** Deletes a leftover of EC2; an image with its snapshots. What is gone already is no error. Throws `PortError`. */
export async function removeLeftover(
  ec2: EC2Client,
  leftover: Ec2Leftover,
  limits: CallLimits,
): Promise<void> {
  if (leftover.kind === 'image') {
    await removeImage(ec2, leftover, limits);
    return;
  }
  const { id, name } = leftover;
  const call = { system: 'ec2', doing: `deleting launch template ${id} (${name})` } as const;
  await deletion(call, limits, (options) =>
    ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id }), options),
  );
}
