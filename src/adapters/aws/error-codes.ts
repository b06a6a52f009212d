import type { PortErrorKind } from '../../controller/errors.ts';

/** What an AWS error code means for the caller. */
export interface CodeMeaning {
  readonly kind: PortErrorKind;
  /** What the operator can do. */
  readonly next?: string;
}

const PERMISSION: CodeMeaning = {
  kind: 'unauthorized',
  next: "allow the named action in the IAM policy of Runtide's role",
};
const CREDENTIALS: CodeMeaning = {
  kind: 'unauthorized',
  next: "check the AWS credentials that Runtide runs with, the region, and this machine's clock",
};
const EXPIRED: CodeMeaning = {
  kind: 'unauthorized',
  next: "renew the AWS credentials that Runtide runs with, and check this machine's clock",
};
const THROTTLED: CodeMeaning = { kind: 'throttled' };
const FAILING: CodeMeaning = { kind: 'unavailable' };
const GONE: CodeMeaning = { kind: 'not-found' };
const TEMPLATE_GONE: CodeMeaning = {
  kind: 'not-found',
  next: 'the launch template was deleted; the next launch makes it again',
};
const PARAMETER_GONE: CodeMeaning = {
  kind: 'not-found',
  next: 'create the SSM parameter in the configured region, or correct its name',
};
const QUEUE_GONE: CodeMeaning = {
  kind: 'not-found',
  next: 'create the queue, or correct aws.events.queue',
};
const MISTAKE: CodeMeaning = { kind: 'refused' };

function mistake(next: string): CodeMeaning {
  return { kind: 'refused', next };
}

const IMAGE = mistake(
  'check instances.image of the pool: the image must exist in the region and be shared with the account',
);
const SUBNETS = mistake('check instances.subnets of the pool: each must exist in the region');
const SECURITY_GROUPS = mistake(
  'check instances.securityGroups of the pool: each must exist in the VPC of its subnets',
);
const TYPES = mistake(
  "check instances.types of the pool: each must be offered in its subnet's zone and fit the image's architecture",
);

/** Codes by name; a name also stands for the codes that begin with it and a dot. */
const MEANINGS: Readonly<Record<string, CodeMeaning>> = {
  UnauthorizedOperation: PERMISSION,
  AccessDenied: PERMISSION,
  AccessDeniedException: PERMISSION,
  KmsAccessDenied: PERMISSION,
  'AuthFailure.ServiceLinkedRoleCreationNotPermitted': {
    kind: 'unauthorized',
    next: 'create the role once: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com',
  },
  AuthFailure: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  SignatureDoesNotMatch: CREDENTIALS,
  InvalidSignatureException: CREDENTIALS,
  IncompleteSignature: CREDENTIALS,
  InvalidSecurity: CREDENTIALS,
  MissingAuthenticationToken: CREDENTIALS,
  MissingAuthenticationTokenException: CREDENTIALS,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  RequestExpired: EXPIRED,
  OptInRequired: {
    kind: 'unauthorized',
    next: "subscribe the account to the service or region, or accept the image's terms in AWS Marketplace",
  },
  PendingVerification: { kind: 'unauthorized', next: 'wait until AWS has verified the account' },
  Blocked: { kind: 'unauthorized', next: 'ask AWS Support why the account is blocked' },

  RequestLimitExceeded: THROTTLED,
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  ThrottledException: THROTTLED,
  RequestThrottled: THROTTLED,
  RequestThrottledException: THROTTLED,
  TooManyRequestsException: THROTTLED,
  EC2ThrottledException: THROTTLED,
  BandwidthLimitExceeded: THROTTLED,
  // The SDK's names for what Auto Scaling spells without their last word.
  ScalingActivityInProgressFault: THROTTLED,
  ResourceContentionFault: THROTTLED,
  ScalingActivityInProgress: THROTTLED,
  ResourceContention: THROTTLED,
  OverLimit: THROTTLED,

  InternalError: FAILING,
  InternalFailure: FAILING,
  InternalServerError: FAILING,
  ServerInternal: FAILING,
  ServiceUnavailable: FAILING,
  Unavailable: FAILING,

  'InvalidInstanceID.NotFound': GONE,
  'InvalidLaunchTemplateName.NotFoundException': TEMPLATE_GONE,
  'InvalidLaunchTemplateName.NotFound': TEMPLATE_GONE,
  'InvalidLaunchTemplateId.NotFound': TEMPLATE_GONE,
  'InvalidLaunchTemplateId.NotFoundException': TEMPLATE_GONE,
  'InvalidLaunchTemplateId.VersionNotFound': TEMPLATE_GONE,
  ParameterNotFound: PARAMETER_GONE,
  ParameterVersionNotFound: PARAMETER_GONE,

  QueueDoesNotExist: QUEUE_GONE,
  'AWS.SimpleQueueService.NonExistentQueue': QUEUE_GONE,

  InvalidAMIID: IMAGE,
  InvalidSubnetID: SUBNETS,
  InvalidSubnet: SUBNETS,
  InvalidGroup: SECURITY_GROUPS,
  InvalidGroupId: SECURITY_GROUPS,
  InvalidSecurityGroupID: SECURITY_GROUPS,
  InvalidSecurityGroup: SECURITY_GROUPS,
  InvalidIamInstanceProfile: mistake('check instances.profile of the pool: the instance profile must exist'),
  InvalidIamInstanceProfileArn: mistake(
    'check instances.profile of the pool: the instance profile must exist',
  ),
  InvalidInstanceType: TYPES,
  InvalidFleetConfiguration: TYPES,
  InvalidLaunchTemplateName: MISTAKE,
  InvalidLaunchTemplateId: MISTAKE,
  InvalidInstanceID: MISTAKE,
  InvalidParameter: MISTAKE,
  InvalidParameterValue: mistake(
    'check instances of the pool: image, types, subnets, securityGroups, profile',
  ),
  InvalidParameterCombination: MISTAKE,
  InvalidKeyId: mistake(
    'allow kms:Decrypt on the key of the SSM parameter, and check that the key is enabled',
  ),
  MissingParameter: MISTAKE,
  UnknownParameter: MISTAKE,
  ValidationException: MISTAKE,
  IdempotentParameterMismatch: MISTAKE,
  ServiceLinkedRoleFailure: {
    kind: 'unauthorized',
    next: 'create the role once: aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com',
  },
  LimitExceededFault: mistake('ask for a higher quota of Auto Scaling, or use fewer groups'),
  LimitExceeded: mistake('ask for a higher quota of Auto Scaling, or use fewer groups'),
  OperationNotPermitted: mistake('switch off the termination or stop protection of the instance'),
  TagLimitExceeded: mistake('use fewer tags: AWS allows 50 on one resource'),
};

/** What the cloud could not give now, for want of capacity or quota: nobody made a mistake. */
const CAPACITY: ReadonlySet<string> = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientCapacity',
  'InsufficientFreeAddressesInSubnet',
  'InsufficientAddressCapacity',
  'InstanceLimitExceeded',
  'MaxSpotInstanceCountExceeded',
  'ReservationCapacityExceeded',
  'SpotMaxPriceTooLow',
  'UnfulfillableCapacity',
  'Unsupported',
  'VcpuLimitExceeded',
  'VolumeLimitExceeded',
]);

/** What `code` means; undefined for a code that the table does not hold. */
export function meaningOf(code: string): CodeMeaning | undefined {
  const family = code.split('.', 1)[0] ?? code;
  const name = [code, family].find((candidate) => Object.hasOwn(MEANINGS, candidate));
  return name === undefined ? undefined : MEANINGS[name];
}

/** Whether `code` says that the cloud could not give: a shortfall, not a failure. */
export function isCapacityCode(code: string): boolean {
  return CAPACITY.has(code);
}
