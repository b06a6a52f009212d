import {
  DescribeSpotInstanceRequestsCommand,
  type EC2Client,
  type Instance as Description,
  type SpotInstanceRequest,
} from '@aws-sdk/client-ec2';
import { isPortError } from '../../controller/errors.ts';
import type { Instance } from '../../engine/instance.ts';
import { type Instant, instant } from '../../engine/time.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';

/**
 * The status codes of a request whose instance is taken. Where EC2 needs the capacity back, the status says at
 * once that the instance was terminated, although it runs for the two minutes of its notice: see the notes to
 * the table "Fulfilled-terminal" in AWS's page "Spot request status".
 */
const TAKEN = [
  'marked-for-termination',
  'marked-for-stop',
  'instance-terminated-no-capacity',
  'instance-terminated-by-price',
  'instance-stopped-no-capacity',
  'instance-stopped-by-price',
];

/** EC2 takes at most so many values of one filter. */
const MOST_VALUES = 200;

const CALL = { system: 'ec2', doing: 'looking which spot instances EC2 takes back' } as const;

/** The requests of spot instances that are not ending yet, and whose they are. */
function requestsOf(descriptions: readonly Description[]): ReadonlyMap<string, string> {
  return new Map(
    descriptions.flatMap(({ InstanceId, SpotInstanceRequestId, State }) => {
      const lives = State?.Name === 'pending' || State?.Name === 'running';
      const known = InstanceId !== undefined && SpotInstanceRequestId !== undefined;
      return lives && known && SpotInstanceRequestId !== '' ? [[SpotInstanceRequestId, InstanceId]] : [];
    }),
  );
}

async function takenAmong(
  ec2: EC2Client,
  ids: readonly string[],
  limits: () => CallLimits,
): Promise<readonly SpotInstanceRequest[]> {
  const Filters = [
    { Name: 'spot-instance-request-id', Values: [...ids] },
    { Name: 'status-code', Values: TAKEN },
  ];
  const all: SpotInstanceRequest[] = [];
  let token: string | undefined;
  do {
    const input = { Filters, ...(token !== undefined && { NextToken: token }) };
    const page = await awsCall(CALL, limits(), (options) =>
      ec2.send(new DescribeSpotInstanceRequestsCommand(input), options),
    );
    if (page.SpotInstanceRequests === undefined)
      throw invalidAnswer(CALL, 'the list', page.$metadata.requestId);
    all.push(...page.SpotInstanceRequests);
    token = page.NextToken === '' ? undefined : page.NextToken;
  } while (token !== undefined);
  return all;
}

/** Tells by their spot requests which instances EC2 takes back. */
export class SpotRequests {
  readonly #ec2: EC2Client;
  readonly #note: (message: string) => void;
  #unknown = false;

  /** `note` hears once when the requests cannot be read, and once when they can again. */
  constructor(ec2: EC2Client, note: (message: string) => void) {
    this.#ec2 = ec2;
    this.#note = note;
  }

  /**
   * Marks the instances that are taken: one call for each 200 spot instances, none where there are none. What
   * cannot be read marks nothing: a listing is worth more than what its requests add to it.
   */
  async mark(
    instances: readonly Instance[],
    descriptions: readonly Description[],
    limits: () => CallLimits,
  ): Promise<readonly Instance[]> {
    const taken = await this.#taken(requestsOf(descriptions), limits);
    return instances.map((instance) => {
      const request = taken.get(instance.id);
      if (request === undefined) return instance;
      return { ...instance, interruption: { kind: 'interruption', at: request.at ?? instance.launchedAt } };
    });
  }

  /** When each of the instances was taken, as far as EC2 says. */
  async #taken(
    owners: ReadonlyMap<string, string>,
    limits: () => CallLimits,
  ): Promise<ReadonlyMap<string, { readonly at: Instant | undefined }>> {
    const ids = [...owners.keys()];
    const taken = new Map<string, { readonly at: Instant | undefined }>();
    try {
      for (let start = 0; start < ids.length; start += MOST_VALUES) {
        for (const request of await takenAmong(this.#ec2, ids.slice(start, start + MOST_VALUES), limits)) {
          const owner = owners.get(request.SpotInstanceRequestId ?? '');
          const time = request.Status?.UpdateTime;
          if (owner !== undefined) taken.set(owner, { at: time && instant(time.getTime()) });
        }
      }
      if (ids.length > 0) this.#tell(false, 'EC2 says again which spot instances it takes back');
    } catch (error) {
      if (!isPortError(error)) throw error;
      this.#tell(
        true,
        `which spot instances EC2 takes back is not known, their own agents still tell: ${error.message}`,
      );
    }
    return taken;
  }

  #tell(unknown: boolean, message: string): void {
    if (this.#unknown !== unknown) this.#note(message);
    this.#unknown = unknown;
  }
}
