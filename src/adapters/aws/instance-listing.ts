import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  type EC2Client,
  type Instance as Description,
} from '@aws-sdk/client-ec2';
import { awsCall, type CallLimits } from './aws-call.ts';
import { type CallDescription, invalidAnswer } from './errors.ts';

/** The most that EC2 gives in one page. */
const PAGE = 1000;

/** One page of descriptions. An answer without a list is none: it never reads as "no instances". */
async function readPage(
  ec2: EC2Client,
  input: DescribeInstancesCommandInput,
  call: CallDescription,
  limits: CallLimits,
): Promise<{ descriptions: readonly Description[]; next: string | undefined }> {
  const page = await awsCall(call, limits, (options) =>
    ec2.send(new DescribeInstancesCommand(input), options),
  );
  if (page.Reservations === undefined) throw invalidAnswer(call, 'the list', page.$metadata.requestId);
  const descriptions = page.Reservations.flatMap((reservation) => reservation.Instances ?? []);
  return { descriptions, next: page.NextToken === '' ? undefined : page.NextToken };
}

/** All pages of one question; each gets limits of its own. */
async function readPages(
  ec2: EC2Client,
  input: DescribeInstancesCommandInput,
  call: CallDescription,
  limits: () => CallLimits,
): Promise<readonly Description[]> {
  const all: Description[] = [];
  let token: string | undefined;
  do {
    const question = token === undefined ? input : { ...input, NextToken: token };
    const { descriptions, next } = await readPage(ec2, question, call, limits());
    all.push(...descriptions);
    token = next;
  } while (token !== undefined);
  return all;
}

/** All descriptions that the filters let through. */
export function describeMatching(
  ec2: EC2Client,
  filters: Readonly<Record<string, readonly string[]>>,
  call: CallDescription,
  limits: () => CallLimits,
): Promise<readonly Description[]> {
  const Filters = Object.entries(filters).map(([Name, values]) => ({ Name, Values: [...values] }));
  return readPages(ec2, { Filters, MaxResults: PAGE }, call, limits);
}

/** The descriptions of the ids. Throws when EC2 does not know one of them. */
export function describeIds(
  ec2: EC2Client,
  ids: readonly string[],
  call: CallDescription,
  limits: () => CallLimits,
): Promise<readonly Description[]> {
  // EC2 takes no page size together with ids.
  return readPages(ec2, { InstanceIds: [...ids] }, call, limits);
}
