/** A token bucket: it starts full and refills steadily up to its capacity. */
export interface BucketSize {
  readonly capacity: number;
  /** Tokens added each second. */
  readonly perSecond: number;
}

/** What kind of request an action is; it decides the size of the action's own bucket. */
export type ActionCategory = 'non-mutating' | 'unnarrowed' | 'mutating' | 'resource-intensive';

/** How fast one account may call EC2 in one region. */
export interface ApiLimits {
  /** One token a request, in a bucket for each action. */
  readonly categories: Readonly<Record<ActionCategory, BucketSize>>;
  /** Actions with a size of their own, whatever their category. */
  readonly actions: Readonly<Record<string, BucketSize>>;
  /** One token for every instance that a call touches, beside the request's own token. */
  readonly resources: Readonly<Record<string, BucketSize>>;
}

/**
 * The defaults of a new account, as AWS's page "Request throttling for the Amazon EC2 API" lists them
 * (docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, read in 2026), with one exception:
 * the page names no size for CreateFleet, so as a mutating action it would have 50 and 5. Accounts in
 * production are throttled far earlier (karpenter-provider-aws#9175, terraform-aws-github-runner#5010);
 * the size of RunInstances, which a fleet makes, is taken for it.
 *
 * The page also gives calls from AWS's own console buckets of their own (100 and 10); nobody here calls
 * as the console.
 */
export const EC2_API_LIMITS: ApiLimits = {
  categories: {
    'non-mutating': { capacity: 100, perSecond: 20 },
    unnarrowed: { capacity: 50, perSecond: 10 },
    mutating: { capacity: 50, perSecond: 5 },
    'resource-intensive': { capacity: 50, perSecond: 5 },
  },
  actions: {
    CreateFleet: { capacity: 5, perSecond: 2 },
    CreateLaunchTemplateVersion: { capacity: 100, perSecond: 5 },
    CreateTags: { capacity: 100, perSecond: 10 },
    DeleteTags: { capacity: 100, perSecond: 10 },
    RunInstances: { capacity: 5, perSecond: 2 },
    StartInstances: { capacity: 5, perSecond: 2 },
    TerminateInstances: { capacity: 100, perSecond: 5 },
  },
  resources: {
    RunInstances: { capacity: 1000, perSecond: 2 },
    StartInstances: { capacity: 1000, perSecond: 2 },
    StopInstances: { capacity: 1000, perSecond: 20 },
    TerminateInstances: { capacity: 1000, perSecond: 20 },
  },
};

/** Reading actions that are cheap only when a filter or a page size narrows them. */
const NARROWABLE: ReadonlySet<string> = new Set([
  'DescribeInstances',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'DescribeSecurityGroups',
  'DescribeSnapshots',
  'DescribeSpotInstanceRequests',
  'DescribeVolumes',
]);

const RESOURCE_INTENSIVE: ReadonlySet<string> = new Set([
  'AcceptVpcPeeringConnection',
  'AuthorizeSecurityGroupIngress',
  'CancelSpotInstanceRequests',
  'CreateKeyPair',
  'CreateVpcPeeringConnection',
  'DeleteVpcPeeringConnection',
  'RejectVpcPeeringConnection',
  'RequestSpotInstances',
  'RevokeSecurityGroupIngress',
]);

/** The category of a request; `narrowed`: it has a filter or asks for pages. Ids alone narrow nothing. */
export function categoryOf(action: string, narrowed: boolean): ActionCategory {
  if (/^(Describe|List|Search|Get)/.test(action)) {
    return !narrowed && NARROWABLE.has(action) ? 'unnarrowed' : 'non-mutating';
  }
  return RESOURCE_INTENSIVE.has(action) ? 'resource-intensive' : 'mutating';
}
