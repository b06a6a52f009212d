import { randomBytes } from 'node:crypto';
import type { AutoScaling } from '../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { Timers } from '../../adapters/memory/clock.ts';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { type InstanceRecord, seesOwnTags, stateOf } from '../../adapters/memory/ec2/instance-record.ts';
import { after, type Instant, seconds } from '../../engine/time.ts';
import type { Answer } from './exchange.ts';
import { targetLifecycleState } from './auto-scaling/target-lifecycle-state.ts';
import { roleCredentials, roleOf } from './role-credentials.ts';

export interface ImdsRequest {
  readonly method: string;
  /** The instance whose link-local address was asked. */
  readonly instance: string;
  /** What follows the instance: `latest/meta-data/…`. */
  readonly path: string;
  header(name: string): string | undefined;
}

const maxTtlSeconds = 21_600;

/** The instance metadata service, version 2, of every instance. */
export class Imds {
  readonly #ec2: Ec2;
  readonly #groups: AutoScaling;
  readonly #timers: Timers;
  /** Tokens by instance. */
  readonly #tokens = new Map<string, Map<string, Instant>>();

  constructor(ec2: Ec2, groups: AutoScaling, timers: Timers) {
    this.#ec2 = ec2;
    this.#groups = groups;
    this.#timers = timers;
    ec2.onStateChange(({ id, to }) => {
      if (to === 'terminated') this.#tokens.delete(id);
    });
  }

  answer(request: ImdsRequest): Answer {
    const record = this.#ec2.instance(request.instance);
    const refuse = (status: number): Answer => plain(request, status, '');
    if (record === undefined || ['pending', 'stopped', 'terminated'].includes(stateOf(record)))
      return refuse(404);
    if (record.data.metadataOptions?.httpEndpoint === 'disabled') return refuse(403);
    if (request.path === 'latest/api/token') return this.#issue(request);
    if (request.method !== 'GET') return refuse(405);
    if (!this.#isValid(request)) return refuse(401);
    const value = valueAt(request.path, record, {
      region: this.#ec2.place.region,
      groups: this.#groups,
      now: this.#timers.now(),
    });
    return value === undefined ? refuse(404) : plain(request, 200, value);
  }

  #issue(request: ImdsRequest): Answer {
    if (request.method !== 'PUT') return plain(request, 405, '');
    if (request.header('x-forwarded-for') !== undefined) return plain(request, 403, '');
    const ttl = request.header('x-aws-ec2-metadata-token-ttl-seconds') ?? '';
    const allowed = /^[0-9]{1,5}$/.test(ttl) && Number(ttl) >= 1 && Number(ttl) <= maxTtlSeconds;
    if (!allowed) return plain(request, 400, '');
    const token = randomBytes(42).toString('base64');
    const tokens = this.#tokensOf(request.instance);
    tokens.set(token, after(this.#timers.now(), seconds(Number(ttl))));
    const answer = plain(request, 200, token);
    return { ...answer, headers: { ...answer.headers, 'x-aws-ec2-metadata-token-ttl-seconds': ttl } };
  }

  #isValid(request: ImdsRequest): boolean {
    const token = request.header('x-aws-ec2-metadata-token') ?? '';
    const until = this.#tokensOf(request.instance).get(token);
    return until !== undefined && this.#timers.now() < until;
  }

  /** The instance's tokens that are still valid. */
  #tokensOf(instance: string): Map<string, Instant> {
    const tokens = this.#tokens.get(instance) ?? new Map<string, Instant>();
    for (const [token, until] of tokens) if (until <= this.#timers.now()) tokens.delete(token);
    this.#tokens.set(instance, tokens);
    return tokens;
  }
}

/** What is asked about an instance, beyond its record. */
interface Asked {
  readonly region: string;
  readonly groups: AutoScaling;
  readonly now: Instant;
}

function valueAt(path: string, record: InstanceRecord, { region, groups, now }: Asked): string | undefined {
  const trimmed = path.replace(/\/$/, '');
  if (trimmed === 'latest/user-data') return userDataOf(record);
  const prefix = 'latest/meta-data/';
  if (!trimmed.startsWith(prefix)) return undefined;
  const key = trimmed.slice(prefix.length);
  if (key === 'tags/instance' || key.startsWith('tags/instance/')) return tagAt(key, record);
  if (key === 'autoscaling/target-lifecycle-state') return targetLifecycleState(groups, record);
  if (key.startsWith('iam/')) return roleAt(key, record, now);
  return metadataOf(record, region).get(key);
}

function tagAt(key: string, { data, tags }: InstanceRecord): string | undefined {
  if (!seesOwnTags(data)) return undefined;
  if (key === 'tags/instance') return [...tags.keys()].join('\n');
  return tags.get(key.slice('tags/instance/'.length));
}

function roleAt(key: string, record: InstanceRecord, now: Instant): string | undefined {
  const role = roleOf(record);
  if (role === undefined) return undefined;
  const path = 'iam/security-credentials';
  if (key === path) return role;
  return key === `${path}/${role}` ? roleCredentials(record, now) : undefined;
}

function metadataOf(record: InstanceRecord, region: string): ReadonlyMap<string, string> {
  const { interruption, rebalanceAt } = record;
  const values = new Map([
    ['ami-id', record.data.imageId ?? ''],
    ['instance-id', record.id],
    ['instance-life-cycle', record.market],
    ['instance-type', record.instanceType],
    ['local-ipv4', record.privateAddress],
    ['placement/availability-zone', record.zone],
    ['placement/region', region],
  ]);
  if (interruption !== undefined) {
    const time = withoutMilliseconds(interruption.at);
    values.set('spot/instance-action', JSON.stringify({ action: 'terminate', time }));
    values.set('spot/termination-time', time);
  }
  if (rebalanceAt !== undefined) {
    values.set(
      'events/recommendations/rebalance',
      JSON.stringify({ noticeTime: withoutMilliseconds(rebalanceAt) }),
    );
  }
  return values;
}

function userDataOf({ data }: InstanceRecord): string | undefined {
  return data.userData === undefined ? undefined : Buffer.from(data.userData, 'base64').toString('utf8');
}

function withoutMilliseconds(at: Instant): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function plain({ method, path }: ImdsRequest, status: number, body: string): Answer {
  return { action: `${method} ${path}`, status, headers: { 'content-type': 'text/plain' }, body };
}
