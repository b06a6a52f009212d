import { elapsed, type Instant } from './time.ts';

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

/** What is left of the limits of one place. */
export interface LaunchTokens {
  readonly at: Instant;
  readonly requests: number;
  readonly instances: number;
}

function refilled({ most, perSecond }: Bucket, left: number, seconds: number): number {
  return Math.min(most, left + perSecond * seconds);
}

/** What is left now; all of it where nothing was launched yet. */
export function tokensAt(limits: LaunchLimits, tokens: LaunchTokens | undefined, now: Instant): LaunchTokens {
  const { requests, instances } = limits;
  if (tokens === undefined) return { at: now, requests: requests.most, instances: instances.most };
  const seconds = Math.max(0, elapsed(tokens.at, now) / 1000);
  return {
    at: now,
    requests: refilled(requests, tokens.requests, seconds),
    instances: refilled(instances, tokens.instances, seconds),
  };
}

/** What is left after a call that gave `launched` instances. */
export function afterLaunch({ at, requests, instances }: LaunchTokens, launched: number): LaunchTokens {
  return { at, requests: Math.max(0, requests - 1), instances: Math.max(0, instances - launched) };
}

/** Instances that may be launched now: whole ones, and none without a call. */
export function launchable({ requests, instances }: LaunchTokens): number {
  return requests < 1 ? 0 : Math.floor(instances);
}
