import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Timers } from '../../adapters/memory/clock.ts';
import type { Duration } from '../../engine/time.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Faults } from './faults.ts';
import type { RegistrationToken } from './registration-token.ts';
import type { SandboxLog } from './sandbox-log.ts';
import type { WebhookDelivery } from './webhook-delivery.ts';

/** Administrators alone, or also who may read the jobs of that runner: which it is, is not documented. */
export type CompatibleJobsFor = 'administrators' | 'runner-maintainers';

/** What every route of the double rests on. */
export interface Double {
  readonly model: GitLab;
  readonly timers: Timers;
  readonly tokens: AccessTokens;
  /** Absent: this GitLab registers nobody. */
  readonly registrationTokens: readonly RegistrationToken[] | undefined;
  readonly faults: Faults;
  readonly deliveries: WebhookDelivery;
  /** What it says that it is, such as `19.5.0`. */
  readonly version: string;
  /** To whom `Query.jobs` shows the jobs that a runner could take. */
  readonly compatibleJobsFor: CompatibleJobsFor;
  /** How long a job request may be held; zero: never. */
  readonly longPoll: Duration;
  /** Its own address, without a slash at the end. */
  url(): string;
  /** Aborts when the double closes. */
  readonly closing: AbortSignal;
  readonly log: SandboxLog;
}
