import type { Timers } from '../../adapters/memory/clock.ts';
import { Ec2Error } from '../../adapters/memory/ec2/error.ts';
import { hex, type Random, seededRandom } from '../../adapters/memory/random.ts';
import { after, type Duration, type Instant, seconds } from '../../engine/time.ts';

/** Who calls: a user of the account that holds the fixed credentials, or whoever took a role. */
export interface Caller {
  /** The number of the account in which the caller acts. */
  readonly account: string;
  /** `arn:aws:iam::…:user/…`, or `arn:aws:sts::…:assumed-role/<role>/<session>`. */
  readonly arn: string;
}

/** A role that may be taken. */
export interface AssumableRole {
  readonly arn: string;
  /** What a caller must say besides; absent: nothing. */
  readonly externalId?: string;
}

export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly session: string;
  readonly externalId: string | undefined;
  readonly duration: Duration;
}

/** Credentials of a session. */
export interface Session extends Caller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  /** Names the role and the session, as IAM shows them. */
  readonly roleId: string;
  readonly expiresAt: Instant;
}

const STREAM = 0x5eed_0003;
const TEMPORARY = 'ASIA';

export interface StsOptions {
  readonly timers: Timers;
  readonly seed: number;
  /** The account that the fixed credentials belong to. */
  readonly account: string;
  readonly roles: readonly AssumableRole[];
}

/** The credentials of several accounts: fixed ones of one, and those of roles that were taken. */
export class Sts {
  readonly #options: StsOptions;
  readonly #random: Random;
  readonly #sessions = new Map<string, Session>();

  constructor(options: StsOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ^ STREAM);
  }

  /** Takes a role. Refuses one that there is not, or whose external id is another, as AWS does: with the same words. */
  assume({ roleArn, session, externalId, duration }: AssumeRoleRequest, caller: Caller): Session {
    const role = this.#options.roles.find(({ arn }) => arn === roleArn);
    if (role === undefined || role.externalId !== externalId) {
      throw new Ec2Error(
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
      );
    }
    const [, , , , account = ''] = roleArn.split(':');
    const made = {
      account,
      arn: `arn:aws:sts::${account}:assumed-role/${roleArn.split('/').at(-1)}/${session}`,
      accessKeyId: `${TEMPORARY}${hex(this.#random, 16).toUpperCase()}`,
      secretAccessKey: hex(this.#random, 40),
      token: hex(this.#random, 64),
      roleId: `AROA${hex(this.#random, 17).toUpperCase()}:${session}`,
      expiresAt: after(this.#options.timers.now(), duration),
    };
    this.#sessions.set(made.accessKeyId, made);
    return made;
  }

  /** Who holds an access key. Undefined for a temporary one that is not known, has ended, or comes without its token. */
  callerOf(accessKeyId: string, token: string | undefined): Caller | undefined {
    const { account, timers } = this.#options;
    if (!accessKeyId.startsWith(TEMPORARY)) return { account, arn: `arn:aws:iam::${account}:user/sandbox` };
    const session = this.#sessions.get(accessKeyId);
    const holds = session?.token === token && timers.now() < (session?.expiresAt ?? 0);
    return holds ? session : undefined;
  }
}

/** How long a session lasts where nothing is said. */
export const SESSION_DURATION = seconds(3600);
