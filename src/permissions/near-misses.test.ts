import { describe, expect, it } from 'vitest';
import { facts, policiesOf, poolFacts } from '../../test/permissions/sample-facts.ts';
import { type AccessRequest, allows } from '../../test/permissions/simulator.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';

const { region, account, subnets, images, securityGroups } = defaultPlace;
const SUBNET = subnets[0]?.id ?? '';
const IMAGE = images[0]?.id ?? '';
const SECURITY_GROUP = securityGroups[0]?.id ?? '';
const KEY = `arn:aws:kms:${region}:${account}:key/1234abcd`;

const ec2 = (resource: string): string => `arn:aws:ec2:${region}:${account}:${resource}`;
const image = (id: string): string => `arn:aws:ec2:${region}::image/${id}`;
const role = (name: string): string => `arn:aws:iam::${account}:role/${name}`;
const parameter = (name: string): string => `arn:aws:ssm:${region}:${account}:parameter/${name}`;

const INSTANCE = ec2('instance/i-0123456789abcdef0');
const TEMPLATE = ec2('launch-template/lt-0123456789abcdef0');
const TOKEN = parameter('runtide/linux/runner-token');

const METRICS = `arn:aws:cloudwatch:${region}:${account}:dataset/default`;

const owned = (installation = 'acme') => ({ 'aws:ResourceTag/runtide:installation': installation });
const asked = (installation = 'acme') => ({
  'aws:RequestTag/runtide:installation': installation,
  'aws:TagKeys': ['runtide:installation'],
});
const tagKeys = (...keys: string[]) => ({
  ...Object.fromEntries(keys.map((key) => [`aws:RequestTag/${key}`, 'x'])),
  'aws:TagKeys': keys,
});
const passedTo = (service: string) => ({ 'iam:PassedToService': service });
const decrypting = (arn: string, service = `ssm.${region}.amazonaws.com`) => ({
  'kms:ViaService': service,
  'kms:EncryptionContext:PARAMETER_ARN': arn,
});
const inRegion = (name: string) => ({ 'aws:RequestedRegion': name });

type Case = readonly [title: string, action: string, resource: string, context?: AccessRequest['context']];

const about = facts({ kmsKeys: [KEY] });
const controller = policiesOf('controller', { facts: about });
const instance = policiesOf('instance', { facts: about });

function decide(policies: typeof controller, [, action, resource, context = {}]: Case): Promise<boolean> {
  return allows(policies, { action, resource, context });
}

/** What the denied cases below are near to: without these a policy that allows nothing would pass. */
const ALLOWED: readonly Case[] = [
  ['its instance ends', 'ec2:TerminateInstances', INSTANCE, owned()],
  ['its console is read', 'ec2:GetConsoleOutput', INSTANCE, owned()],
  ['its instance drains', 'ec2:CreateTags', INSTANCE, { ...owned(), ...tagKeys('runtide:drain') }],
  ['tags at a launch', 'ec2:CreateTags', INSTANCE, { ...asked(), 'ec2:CreateAction': 'RunInstances' }],
  ['a launch of its image', 'ec2:RunInstances', image(IMAGE)],
  ['a launch in its subnet', 'ec2:RunInstances', ec2(`subnet/${SUBNET}`)],
  ['a launch in its security group', 'ec2:RunInstances', ec2(`security-group/${SECURITY_GROUP}`)],
  ['a launch from its template', 'ec2:RunInstances', TEMPLATE, owned()],
  ['a launch of a tagged instance', 'ec2:RunInstances', INSTANCE, asked()],
  ['a fleet with its tag', 'ec2:CreateFleet', ec2('fleet/new'), asked()],
  ['a template with its tag', 'ec2:CreateLaunchTemplate', TEMPLATE, asked()],
  ['a version of its template', 'ec2:CreateLaunchTemplateVersion', TEMPLATE, owned()],
  ['the role of its instances', 'iam:PassRole', role('runtide-instance'), passedTo('ec2.amazonaws.com')],
  ['its token', 'ssm:GetParameter', TOKEN],
  ['a parameter of its configuration', 'ssm:GetParameter', parameter('runtide/gitlab-token')],
  ['its token decrypted', 'kms:Decrypt', KEY, decrypting(TOKEN)],
  ['a look at instances', 'ec2:DescribeInstances', '*', inRegion(region)],
  ['its metrics', 'cloudwatch:PutMetricData', METRICS, { 'cloudwatch:namespace': 'Runtide' }],
];

const DENIED: readonly Case[] = [
  ['the instance of another installation ends', 'ec2:TerminateInstances', INSTANCE, owned('beta')],
  ['one whose name begins alike ends', 'ec2:TerminateInstances', INSTANCE, owned('acme-2')],
  ['an instance without tags ends', 'ec2:TerminateInstances', INSTANCE],
  [
    'an instance in another region ends',
    'ec2:TerminateInstances',
    `arn:aws:ec2:us-east-1:${account}:instance/i-0123456789abcdef0`,
    owned(),
  ],
  ['the console of another installation', 'ec2:GetConsoleOutput', INSTANCE, owned('beta')],
  [
    'the instance of another installation drains',
    'ec2:CreateTags',
    INSTANCE,
    { ...owned('beta'), ...tagKeys('runtide:drain') },
  ],
  ['an instance without tags drains', 'ec2:CreateTags', INSTANCE, tagKeys('runtide:drain')],
  ['another tag on its instance', 'ec2:CreateTags', INSTANCE, { ...owned(), ...tagKeys('runtide:slots') }],
  [
    'another tag beside the drain',
    'ec2:CreateTags',
    INSTANCE,
    { ...owned(), ...tagKeys('runtide:drain', 'Name') },
  ],
  ['no tag at all on its instance', 'ec2:CreateTags', INSTANCE, owned()],
  [
    'its instance becomes one of another installation',
    'ec2:CreateTags',
    INSTANCE,
    { ...owned(), ...asked('beta') },
  ],
  ['it adopts an instance that is there', 'ec2:CreateTags', INSTANCE, asked()],
  ['it adopts one of another installation', 'ec2:CreateTags', INSTANCE, { ...owned('beta'), ...asked() }],
  ['it adopts a template that is there', 'ec2:CreateTags', TEMPLATE, asked()],
  [
    'a launch tags for another installation',
    'ec2:CreateTags',
    INSTANCE,
    { ...asked('beta'), 'ec2:CreateAction': 'RunInstances' },
  ],
  [
    'another call tags what it makes',
    'ec2:CreateTags',
    ec2('volume/new'),
    { ...asked(), 'ec2:CreateAction': 'CreateVolume' },
  ],
  [
    'a drain tag on a disk',
    'ec2:CreateTags',
    ec2('volume/vol-0'),
    { ...owned(), ...tagKeys('runtide:drain') },
  ],
  ['tags are taken away', 'ec2:DeleteTags', INSTANCE, owned()],
  ['a launch of another image', 'ec2:RunInstances', image('ami-0ffffffffffffffff')],
  ['a fleet of another image', 'ec2:CreateFleet', image('ami-0ffffffffffffffff')],
  ['a launch in another subnet', 'ec2:RunInstances', ec2('subnet/subnet-0ffffffffffffffff')],
  ['a fleet in another subnet', 'ec2:CreateFleet', ec2('subnet/subnet-0ffffffffffffffff')],
  ['a launch in another security group', 'ec2:RunInstances', ec2('security-group/sg-0ffffffffffffffff')],
  ['a launch of an instance without tags', 'ec2:RunInstances', INSTANCE],
  ['a launch for another installation', 'ec2:RunInstances', INSTANCE, asked('beta')],
  ['a fleet for another installation', 'ec2:CreateFleet', INSTANCE, asked('beta')],
  ['a fleet without tags', 'ec2:CreateFleet', ec2('fleet/new')],
  ['a launch from the template of another', 'ec2:RunInstances', TEMPLATE, owned('beta')],
  ['a fleet from a template without tags', 'ec2:CreateFleet', TEMPLATE],
  ['a launch with a network interface of another', 'ec2:RunInstances', ec2('network-interface/eni-0')],
  ['a launch with a disk that gets no tag', 'ec2:RunInstances', ec2('volume/new')],
  ['a launch from a snapshot', 'ec2:RunInstances', `arn:aws:ec2:${region}::snapshot/snap-0`],
  ['a launch with a key pair', 'ec2:RunInstances', ec2('key-pair/admin')],
  ['a template without tags', 'ec2:CreateLaunchTemplate', TEMPLATE],
  ['a template for another installation', 'ec2:CreateLaunchTemplate', TEMPLATE, asked('beta')],
  ['a version of the template of another', 'ec2:CreateLaunchTemplateVersion', TEMPLATE, owned('beta')],
  ['its template is deleted', 'ec2:DeleteLaunchTemplate', TEMPLATE, owned()],
  ['its instance is stopped', 'ec2:StopInstances', INSTANCE, owned()],
  ['its instance is changed', 'ec2:ModifyInstanceAttribute', INSTANCE, owned()],
  ['another role is passed', 'iam:PassRole', role('admin'), passedTo('ec2.amazonaws.com')],
  [
    'a role of the same name in another path',
    'iam:PassRole',
    role('ci/runtide-instance'),
    passedTo('ec2.amazonaws.com'),
  ],
  [
    'a role whose name begins alike',
    'iam:PassRole',
    role('runtide-instance-2'),
    passedTo('ec2.amazonaws.com'),
  ],
  [
    'the role of its instances goes to Lambda',
    'iam:PassRole',
    role('runtide-instance'),
    passedTo('lambda.amazonaws.com'),
  ],
  [
    'the role of another service is made',
    'iam:CreateServiceLinkedRole',
    role('aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'),
    { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' },
  ],
  ['metrics of others', 'cloudwatch:PutMetricData', METRICS, { 'cloudwatch:namespace': 'CWAgent' }],
  [
    'metrics whose namespace begins alike',
    'cloudwatch:PutMetricData',
    METRICS,
    { 'cloudwatch:namespace': 'Runtide/x' },
  ],
  ['another parameter', 'ssm:GetParameter', parameter('runtide/other/runner-token')],
  ['a parameter whose name begins alike', 'ssm:GetParameter', parameter('runtide/linux/runner-token-2')],
  ['a parameter below', 'ssm:GetParameter', parameter('runtide/linux/runner-token/old')],
  ['its parameters as a list', 'ssm:GetParameters', TOKEN],
  ['its parameters by path', 'ssm:GetParametersByPath', parameter('runtide')],
  ['its token is written', 'ssm:PutParameter', TOKEN],
  ['another parameter decrypted', 'kms:Decrypt', KEY, decrypting(parameter('payroll'))],
  ['its token decrypted without SSM', 'kms:Decrypt', KEY, { 'kms:EncryptionContext:PARAMETER_ARN': TOKEN }],
  [
    'its token decrypted for another service',
    'kms:Decrypt',
    KEY,
    decrypting(TOKEN, `secretsmanager.${region}.amazonaws.com`),
  ],
  ['another key', 'kms:Decrypt', `arn:aws:kms:${region}:${account}:key/other`, decrypting(TOKEN)],
  ['a look at another region', 'ec2:DescribeInstances', '*', inRegion('us-east-1')],
];

describe('the policy of the controller', () => {
  it.for(ALLOWED)('allows: %s (%s)', async (one) => {
    expect(await decide(controller, one)).toBe(true);
  });

  it.for(DENIED)('denies: %s (%s)', async (one) => {
    expect(await decide(controller, one)).toBe(false);
  });

  it('names no spot request and no role of spot where no pool buys spot', async () => {
    const policies = policiesOf('controller', {
      facts: facts({ pools: [poolFacts({ market: 'on-demand' })] }),
    });
    const spot: Case = ['spot', 'ec2:RunInstances', ec2('spot-instances-request/sir-0')];
    expect(await decide(controller, spot)).toBe(true);
    expect(await decide(policies, spot)).toBe(false);
  });
});

const OF_INSTANCES: readonly Case[] = [
  ['ends itself', 'ec2:TerminateInstances', INSTANCE, owned()],
  ['drains another', 'ec2:CreateTags', INSTANCE, { ...owned(), ...tagKeys('runtide:drain') }],
  ['takes its drain back', 'ec2:DeleteTags', INSTANCE, owned()],
  ['looks at instances', 'ec2:DescribeInstances', '*', inRegion(region)],
  ['reads a console', 'ec2:GetConsoleOutput', INSTANCE, owned()],
  ['launches', 'ec2:RunInstances', INSTANCE, asked()],
  ['makes a fleet', 'ec2:CreateFleet', ec2('fleet/new'), asked()],
  ['changes a template', 'ec2:CreateLaunchTemplateVersion', TEMPLATE, owned()],
  ['passes its role', 'iam:PassRole', role('runtide-instance'), passedTo('ec2.amazonaws.com')],
  ['takes another role', 'sts:AssumeRole', role('runtide-acme-controller')],
  [
    'ends an instance of Auto Scaling',
    'autoscaling:TerminateInstanceInAutoScalingGroup',
    `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:0:autoScalingGroupName/x`,
  ],
  [
    'completes a lifecycle action',
    'autoscaling:CompleteLifecycleAction',
    `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:0:autoScalingGroupName/x`,
  ],
  ['reads a parameter of the configuration', 'ssm:GetParameter', parameter('runtide/gitlab-token')],
  ['decrypts it', 'kms:Decrypt', KEY, decrypting(parameter('runtide/gitlab-token'))],
  ['writes its token', 'ssm:PutParameter', TOKEN],
];

describe('the policy of instances', () => {
  it('allows the token of their runner, decrypted, and nothing else', async () => {
    expect(await decide(instance, ['token', 'ssm:GetParameter', TOKEN])).toBe(true);
    expect(await decide(instance, ['decrypted', 'kms:Decrypt', KEY, decrypting(TOKEN)])).toBe(true);
    const actions = instance.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));
    expect(actions).toEqual(['ssm:GetParameter', 'kms:Decrypt']);
  });

  it.for(OF_INSTANCES)('denies that one %s (%s)', async (one) => {
    expect(await decide(instance, one)).toBe(false);
  });

  it('keeps pools with profiles of their own apart', async () => {
    const pools = [
      poolFacts(),
      poolFacts({ name: 'arm', profile: 'runtide-arm', tokenParameters: ['/runtide/arm/runner-token'] }),
    ];
    const linux = policiesOf('instance', { facts: facts({ pools }) });
    const token: Case = ['token', 'ssm:GetParameter', parameter('runtide/arm/runner-token')];
    expect(await decide(linux, token)).toBe(false);
    expect(await decide(policiesOf('controller', { facts: facts({ pools }) }), token)).toBe(true);
  });
});

describe('tokens that Runtide keeps', () => {
  const kept = facts({
    kmsKeys: [KEY],
    pools: [poolFacts({ tokenParameters: [], tokenPrefix: '/runtide/acme/linux/runner-token' })],
  });
  const keeper = policiesOf('controller', { facts: kept });
  const reader = policiesOf('instance', { facts: kept });
  const OWN = parameter('runtide/acme/linux/runner-token/12');

  it.each([
    ['its own', OWN, true],
    ['how long it is good for', `${OWN}.validity`, true],
    ['the prefix itself', parameter('runtide/acme/linux/runner-token'), false],
    ['another pool', parameter('runtide/acme/linux-large/runner-token/12'), false],
    ['another installation', parameter('runtide/other/linux/runner-token/12'), false],
    ['another region', OWN.replace(region, 'us-west-2'), false],
  ])('are written, read and deleted by Runtide alone: %s', async (_, name, may) => {
    for (const action of ['ssm:GetParameter', 'ssm:PutParameter', 'ssm:DeleteParameter']) {
      expect(await decide(keeper, ['', action, name])).toBe(may);
    }
    expect(await decide(reader, ['', 'ssm:GetParameter', name])).toBe(may);
    for (const action of ['ssm:PutParameter', 'ssm:DeleteParameter']) {
      expect(await decide(reader, ['', action, name])).toBe(false);
    }
  });

  it('are encrypted with the key through SSM, and for these parameters alone', async () => {
    for (const action of ['kms:Encrypt', 'kms:Decrypt']) {
      expect(await decide(keeper, ['', action, KEY, decrypting(OWN)])).toBe(true);
      expect(await decide(keeper, ['', action, KEY, decrypting(parameter('other'))])).toBe(false);
      expect(await decide(keeper, ['', action, KEY, decrypting(OWN, 's3.amazonaws.com')])).toBe(false);
    }
    expect(await decide(reader, ['', 'kms:Decrypt', KEY, decrypting(OWN)])).toBe(true);
    expect(await decide(reader, ['', 'kms:Encrypt', KEY, decrypting(OWN)])).toBe(false);
  });

  it('are not written where somebody else keeps them', async () => {
    const denied: Case = ['', 'ssm:PutParameter', parameter('runtide/linux/runner-token')];
    expect(await decide(controller, denied)).toBe(false);
  });
});
