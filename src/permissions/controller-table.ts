import { configParameters, decrypts, keysIn, rotatedParameter, type RolePermission } from './row.ts';

/** What Runtide does with its own rights alone, wherever its pools are. */
export const CONTROLLER_PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'controller',
    sid: 'ReadPrices',
    actions: { 'pricing:GetProducts': 'what on-demand instances cost' },
    resources: () => ['*'],
    wildcard:
      'the price list is the same for everybody, and is read from another region than that of the pools',
  },
  {
    role: 'controller',
    sid: 'ReadParameters',
    actions: { 'ssm:GetParameter': 'the configuration takes values from parameters' },
    resources: configParameters,
  },
  {
    role: 'controller',
    sid: 'DecryptParameters',
    actions: { 'kms:Decrypt': 'these parameters are encrypted with a key of your own' },
    resources: (facts) => (facts.parameters.length === 0 ? [] : keysIn(facts, [facts.place.region])),
    conditions: (facts) => decrypts(facts, configParameters(facts), [facts.place.region]),
  },
  {
    role: 'controller',
    sid: 'WriteAccessToken',
    actions: { 'ssm:PutParameter': 'a rotated access token of GitLab is kept where it was read from' },
    resources: rotatedParameter,
  },
  {
    role: 'controller',
    sid: 'EncryptAccessToken',
    actions: { 'kms:Encrypt': 'this parameter is encrypted with a key of your own' },
    resources: (facts) => (facts.rotated === undefined ? [] : keysIn(facts, [facts.place.region])),
    conditions: (facts) => decrypts(facts, rotatedParameter(facts), [facts.place.region]),
  },
  {
    role: 'controller',
    sid: 'ReadEvents',
    actions: {
      'sqs:ReceiveMessage': 'interruptions and state changes come by this queue',
      'sqs:DeleteMessage': 'what was read is taken out of it',
      'sqs:GetQueueAttributes': '"runtide check" looks whether the queue is there',
    },
    resources: ({ queue }) => (queue === undefined ? [] : [queue]),
  },
  {
    role: 'controller',
    sid: 'PublishMetrics',
    actions: { 'cloudwatch:PutMetricData': 'metrics are published in CloudWatch' },
    resources: ({ metrics }) => (metrics === undefined ? [] : ['*']),
    conditions: ({ metrics = '' }) => ({ StringEquals: { 'cloudwatch:namespace': metrics } }),
    wildcard: 'metrics have no ARN; bound to the namespace of `aws.metrics`',
  },
  {
    role: 'controller',
    sid: 'AssumeRolesOfPools',
    actions: { 'sts:AssumeRole': 'pools with a role of their own are in the account of that role' },
    resources: ({ assumed = [] }) => assumed,
  },
];
