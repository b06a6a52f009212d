import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fleetContract } from '../../test/contracts/fleet.contract.ts';
import { modelLevers } from '../../test/contracts/model-levers.ts';
import { ACCESS } from '../../test/permissions/access-of-calls.ts';
import { GROUP_ACCESS } from '../../test/permissions/access-of-groups.ts';
import type { Account } from '../../test/permissions/account.ts';
import { guardedAccount, type RecordedCall } from '../../test/permissions/guarded-account.ts';
import { facts, policiesOf, poolFacts } from '../../test/permissions/sample-facts.ts';
import { session } from '../../test/permissions/session.ts';
import { type AccessRequest, allows } from '../../test/permissions/simulator.ts';
import { TAG } from '../adapters/aws/instance-tags.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { isPortError } from '../controller/errors.ts';
import type { Market } from '../engine/pool.ts';
import type { Facts } from './facts.ts';
import type { PolicyDocument, Statement } from './policy.ts';
import { DRAIN, OWNED_BY } from './row.ts';
import { PERMISSIONS } from './table.ts';

const KEY = `arn:aws:kms:${defaultPlace.region}:${defaultPlace.account}:key/1234abcd`;

fleetContract('ec2-fleet under the policy of the controller', async () => {
  const account = await guardedAccount({
    installation: 'acme',
    policies: policiesOf('controller', { facts: facts() }),
  });
  const { clock, model } = account;
  return {
    ...modelLevers(model, clock),
    fleet: account.fleet,
    reopen: () => account.reopen(),
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
});

/** Calls that a session need not make: what IAM is asked for them depends on nothing that they say. */
const NO_DOUBLE = ['DescribeImagesCommand', 'DescribeSpotPriceHistoryCommand', 'GetProductsCommand'] as const;

/** Actions that AWS asks for on behalf of a call by another name, or that the SDK calls by itself. */
const IMPLIED = [
  'RunInstances',
  'PassRole',
  'CreateServiceLinkedRole',
  'AssumeRole',
  'Decrypt',
  'Encrypt',
  'DescribeKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'CreateGrant',
];

/** Calls of clean-up alone. */
const OF_CLEAN_UP = [
  'DescribeLaunchTemplatesCommand',
  'DeleteLaunchTemplateCommand',
  'DeregisterImageCommand',
  'DeleteSnapshotCommand',
];

/** Calls of pools with a group, which are made in group-session.test.ts. */
const OF_GROUPS = Object.keys(GROUP_ACCESS);

/** The deletion of old versions, which comes only after many. */
function deletion(installation: string, account: Account): RecordedCall {
  const name = 'DeleteLaunchTemplateVersionsCommand';
  const input = { LaunchTemplateName: `runtide-${installation}-linux`, Versions: ['2'] };
  return { name, access: ACCESS[name](input, account) };
}

/** The calls that read events: no queue is in the double that stands behind the guard. */
function eventCalls({ queue }: Facts, account: Account): readonly RecordedCall[] {
  if (queue === undefined) return [];
  const QueueUrl = queue.replace(/^arn:aws:sqs:([^:]+):(\d+):(.+)$/, 'https://sqs.$1.amazonaws.com/$2/$3');
  return [
    { name: 'ReceiveMessageCommand', access: ACCESS.ReceiveMessageCommand({ QueueUrl }, account) },
    {
      name: 'DeleteMessageCommand',
      access: ACCESS.DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' }, account),
    },
    { name: 'GetQueueAttributesCommand', access: ACCESS.GetQueueAttributesCommand({ QueueUrl }, account) },
  ];
}

/** The publishing of metrics, which the double behind the guard does not take. */
function metricCalls({ metrics }: Facts, account: Account): readonly RecordedCall[] {
  if (metrics === undefined) return [];
  const name = 'PutMetricDataCommand';
  return [{ name, access: ACCESS[name]({ Namespace: metrics }, account) }];
}

/** Everything that IAM is asked in a session of an installation, call by call. */
async function recorded(about: Facts, market: Market = 'spot'): Promise<readonly RecordedCall[]> {
  const [kmsKey] = about.kmsKeys;
  await using account = await guardedAccount({
    installation: about.installation,
    policies: policiesOf('controller', { facts: about }),
    ...(kmsKey !== undefined && { kmsKey }),
  });
  const parameters = [...about.pools.flatMap(({ tokenParameters }) => tokenParameters), ...about.parameters];
  await session(account, parameters, market);
  return [
    ...account.calls,
    ...NO_DOUBLE.map((name) => ({ name, access: ACCESS[name]({}, account.account) })),
    deletion(about.installation, account.account),
    ...eventCalls(about, account.account),
    ...metricCalls(about, account.account),
  ];
}

/** Each question once. */
function questions(calls: readonly RecordedCall[]): readonly AccessRequest[] {
  const once = new Map(
    calls.flatMap(({ access }) => access).map((request) => [JSON.stringify(request), request]),
  );
  return [...once.values()];
}

async function someDenied(
  policies: readonly PolicyDocument[],
  requests: readonly AccessRequest[],
): Promise<boolean> {
  for (const request of requests) if (!(await allows(policies, request))) return true;
  return false;
}

/** The policy with a little less in one statement. */
interface Smaller {
  readonly without: string;
  /** The actions that may miss it. */
  readonly actions: readonly string[];
  readonly policy: PolicyDocument;
}

/** The policy without one action, or without one resource, of one statement: every way to have a little less. */
function smaller({ Version, Statement: all }: PolicyDocument): readonly Smaller[] {
  return all.flatMap((statement, index) => {
    const { Sid, Action, Resource = [] } = statement;
    const instead = (change: Partial<Statement>): PolicyDocument => ({
      Version,
      Statement: all.with(index, { ...statement, ...change }),
    });
    return [
      ...Action.map((action) => ({
        without: `${Sid}: ${action}`,
        actions: [action],
        policy: instead({ Action: Action.filter((one) => one !== action) }),
      })),
      ...Resource.map((resource) => ({
        without: `${Sid}: ${resource}`,
        actions: Action,
        policy: instead({ Resource: Resource.filter((one) => one !== resource) }),
      })),
    ];
  });
}

describe('the policy of the controller', () => {
  it('allows a whole session, with a key of its own too', async () => {
    const calls = await recorded(facts({ kmsKeys: [KEY] }));
    const names = [...calls.map(({ name }) => name), ...OF_CLEAN_UP, ...OF_GROUPS];
    expect(new Set(names)).toEqual(new Set(Object.keys(ACCESS)));
    expect(questions(calls).map(({ action }) => action)).toContain('kms:Decrypt');
  });

  it('holds nothing that a session does not need', { timeout: 30_000 }, async () => {
    const about = facts({ kmsKeys: [KEY] });
    const requests = questions(await recorded(about));
    const [policy, ...more] = policiesOf('controller', { facts: about });
    if (policy === undefined) throw new Error('the controller has no policy');
    expect(more).toEqual([]);
    expect(await someDenied([policy], requests)).toBe(false);
    const superfluous: string[] = [];
    for (const { without, actions, policy: less } of smaller(policy)) {
      const affected = requests.filter(({ action }) => actions.includes(action));
      if (!(await someDenied([less], affected))) superfluous.push(without);
    }
    expect(superfluous).toEqual([]);
  });

  it('allows spot only where a pool buys it', async () => {
    const about = facts({ pools: [poolFacts({ market: 'on-demand' })] });
    expect(questions(await recorded(about, 'on-demand')).length).toBeGreaterThan(10);
    await expect(recorded(about, 'spot')).rejects.toSatisfy((error) => isPortError(error, 'unauthorized'));
  });

  it('keeps two installations in one account, in the same subnets, apart', async () => {
    const other = facts({
      installation: 'beta',
      pools: [poolFacts({ tokenParameters: ['/beta/token'] })],
      parameters: [],
      // IAM does not ask for dimensions: a namespace of its own keeps the metrics apart.
      metrics: 'Runtide/beta',
    });
    const calls = await recorded(other);
    const policies = policiesOf('controller', { facts: facts() });
    const open = new Set<string>();
    for (const { name, access } of calls) if (!(await someDenied(policies, access))) open.add(name);
    // AWS ties looking to no resource.
    expect(open).toEqual(
      new Set([
        'DescribeInstancesCommand',
        'DescribeInstanceTypeOfferingsCommand',
        'DescribeLaunchTemplateVersionsCommand',
        'DescribeSecurityGroupsCommand',
        'DescribeSpotInstanceRequestsCommand',
        'DescribeSubnetsCommand',
        ...NO_DOUBLE,
      ]),
    );
  });

  it('holds an action for every call that the adapters can make, and for no other', () => {
    const folder = fileURLToPath(new URL('../adapters/aws', import.meta.url));
    const called = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .flatMap((file) => readFileSync(`${folder}/${file}`, 'utf8').match(/\b[A-Z]\w+(?=Command\()/g) ?? []);
    const allowed = PERMISSIONS.filter(({ role }) => role !== 'instance').flatMap(({ actions }) =>
      Object.keys(actions).map((action) => action.replace(/^\w+:/, '')),
    );
    expect([...new Set([...called, ...IMPLIED])].toSorted()).toEqual([...new Set(allowed)].toSorted());
  });

  it('rests on the tags that the adapter sets', () => {
    expect([OWNED_BY, DRAIN]).toEqual([TAG.installation, TAG.drain]);
  });
});
