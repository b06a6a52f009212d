/** A token bucket: full at first, refilled steadily. */
export interface Bucket {
  readonly most: number;
  readonly perSecond: number;
}

/** How fast an account may launch in one region. */
export interface LaunchLimits {
  /** One token a call. */
  readonly requests: Bucket;
  /** One token an instance. */
  readonly instances: Bucket;
}

/**
 * What AWS allows a new account (docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html; CreateFleet is taken
 * to share the limits of RunInstances, as accounts in production have found).
 */
export const NEW_ACCOUNT: LaunchLimits = {
  requests: { most: 5, perSecond: 2 },
  instances: { most: 1000, perSecond: 2 },
};
