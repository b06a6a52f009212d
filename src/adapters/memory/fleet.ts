import { PortError, type PortErrorKind } from '../../controller/errors.ts';
import type { Fleet, LaunchRequest, LaunchResult } from '../../controller/ports.ts';
import { DRAIN_REASONS, type DrainReason, type Instance } from '../../engine/instance.ts';
import type { Offering } from '../../engine/pool.ts';
import { type Instant, instant } from '../../engine/time.ts';
import { Ec2Error, LostAnswer } from './ec2/error.ts';
import type { Ec2 } from './ec2/ec2.ts';
import type { FleetPool } from './ec2/fleet-request.ts';
import { TAKEN_BACK } from './ec2/instance-record.ts';
import type { ListedInstance } from './ec2/listing.ts';

/** The tags by which instances of the memory fleet are known. */
export const FLEET_TAG = {
  installation: 'runtide:installation',
  pool: 'runtide:pool',
  launch: 'runtide:launch',
  slots: 'runtide:slots',
  maxJobs: 'runtide:max-jobs',
  generation: 'runtide:generation',
  drain: 'runtide:drain',
} as const;

/** Names the group of an instance that is a member. */
export const GROUP_TAG = 'runtide:group';

export interface MemoryFleetOptions {
  readonly ec2: Ec2;
  readonly installation: string;
  /** The image that new instances boot. */
  readonly imageId: string;
}

/** The codes of requests whose instance is taken. */
const TAKEN = ['marked-for-termination', 'marked-for-stop', 'instance-terminated-no-capacity'];

const KINDS: Readonly<Record<string, PortErrorKind>> = {
  RequestLimitExceeded: 'throttled',
  // Auto Scaling's words for it.
  Throttling: 'throttled',
  ScalingActivityInProgress: 'throttled',
  ResourceContention: 'throttled',
  InternalError: 'unavailable',
  Unavailable: 'unavailable',
  ServiceUnavailable: 'unavailable',
  UnauthorizedOperation: 'unauthorized',
};

/** The failure of a call to a model, as ports throw it. */
export function asPortError(doing: string, error: unknown): unknown {
  if (error instanceof LostAnswer) {
    return new PortError({ kind: 'unreachable', system: 'ec2', doing, why: error.message, cause: error });
  }
  if (!(error instanceof Ec2Error)) return error;
  const kind = KINDS[error.code] ?? 'refused';
  return new PortError({ kind, system: 'ec2', doing, why: `${error.code}: ${error.message}`, cause: error });
}

function drainOf(value: string): NonNullable<Instance['drain']> {
  const [because = 'asked', at = '0'] = value.split('@');
  return { because: DRAIN_REASONS.find((reason) => reason === because) ?? 'asked', at: instant(Number(at)) };
}

function offeringOf({ instanceType, subnet }: FleetPool, market: Offering['market']): Offering {
  return { instanceType, subnet, market };
}

/** The `Fleet` port straight over the model of EC2: no wire, no processes, virtual time. */
export class MemoryFleet implements Fleet {
  readonly #options: MemoryFleetOptions;
  readonly #templates = new Map<string, LaunchRequest['template']>();

  constructor(options: MemoryFleetOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly Instance[]> {
    const filters = [
      { name: `tag:${FLEET_TAG.installation}`, values: [this.#options.installation] },
      { name: 'instance-state-name', values: ['pending', 'running', 'shutting-down', 'stopping', 'stopped'] },
    ];
    const listed = this.#call('listing instances', (ec2) => ec2.describeInstances({ filters }).items);
    return this.#withInterruptions(listed);
  }

  async find(ids: readonly string[]): Promise<readonly Instance[]> {
    const { ec2 } = this.#options;
    const known = ids.filter((id) => ec2.instance(id) !== undefined);
    if (known.length === 0) return [];
    const filters = [{ name: 'instance-id', values: known }];
    const found = this.#call('looking up instances', () => ec2.describeInstances({ filters }).items);
    return this.#withInterruptions(found);
  }

  async prepare(pool: string): Promise<LaunchRequest['template']> {
    const known = this.#templates.get(pool);
    if (known !== undefined) return known;
    const name = `runtide-${this.#options.installation}-${pool}`;
    const id = this.#findTemplate(name) ?? this.#createTemplate(name);
    const template = { id, version: '1' };
    this.#templates.set(pool, template);
    return template;
  }

  /** The template that an earlier process of the installation has left. */
  #findTemplate(name: string): string | undefined {
    const found = this.#call('looking for a launch template', (ec2) => ec2.describeLaunchTemplates({}).items);
    return found.find((template) => template.name === name)?.id;
  }

  #createTemplate(name: string): string {
    const data = {
      imageId: this.#options.imageId,
      instanceInitiatedShutdownBehavior: 'terminate',
      metadataOptions: { httpTokens: 'required', instanceMetadataTags: 'enabled' },
    } as const;
    const created = this.#call('creating a launch template', (ec2) =>
      ec2.createLaunchTemplate({ name, data }),
    );
    return created.id;
  }

  async launch(request: LaunchRequest): Promise<LaunchResult> {
    const market = request.offerings[0]?.market ?? 'on-demand';
    const answer = this.#call('launching instances', (ec2) =>
      ec2.createFleet({
        clientToken: request.launchId,
        configs: [{ template: request.template, overrides: request.offerings }],
        count: request.count,
        market,
        tagSpecifications: [{ resourceType: 'instance', tags: this.#launchTags(request) }],
      }),
    );
    return {
      launched: answer.instances.flatMap(({ pool, ids }) =>
        ids.map((id) => ({ id, offering: offeringOf(pool, market) })),
      ),
      shortfalls: answer.errors.map(({ pool, code, message }) => ({
        ...(KINDS[code] === undefined && { offering: offeringOf(pool, market) }),
        code,
        message,
      })),
    };
  }

  async drain(ids: readonly string[], because: DrainReason, at: Instant): Promise<void> {
    const tags = [{ key: FLEET_TAG.drain, value: `${because}@${at}` }];
    this.#unlessGone('asking instances to drain', ids, (ec2, known) => ec2.createTags(known, tags));
  }

  async terminate(ids: readonly string[]): Promise<void> {
    this.#unlessGone('terminating instances', ids, (ec2, known) => ec2.terminateInstances(known));
  }

  async console(id: string): Promise<string> {
    return this.#call('reading the console', (ec2) => ec2.getConsoleOutput(id).text);
  }

  #launchTags(request: LaunchRequest) {
    return Object.entries({
      [FLEET_TAG.installation]: this.#options.installation,
      [FLEET_TAG.pool]: request.pool,
      [FLEET_TAG.launch]: request.launchId,
      [FLEET_TAG.slots]: String(request.slots),
      ...(request.maxJobs !== undefined && { [FLEET_TAG.maxJobs]: String(request.maxJobs) }),
      [FLEET_TAG.generation]: request.generation,
    }).map(([key, value]) => ({ key, value }));
  }

  #call<T>(doing: string, run: (ec2: Ec2) => T): T {
    try {
      return run(this.#options.ec2);
    } catch (error) {
      throw asPortError(doing, error);
    }
  }

  /** Spot requests say which instances are taken. Where they cannot be read nothing is: the listing stands. */
  #withInterruptions(listed: readonly ListedInstance[]): readonly Instance[] {
    const instances = listed.map(read);
    const alive = instances.filter(({ state, offering }) => isAlive(state) && offering.market === 'spot');
    if (alive.length === 0) return instances;
    const since = this.#takenSince(new Set(alive.map(({ id }) => id)));
    return instances.map((instance) => {
      const at = since.get(instance.id);
      return at === undefined ? instance : { ...instance, interruption: { kind: 'interruption', at } };
    });
  }

  #takenSince(ids: ReadonlySet<string>): ReadonlyMap<string, Instant> {
    const filters = [{ name: 'status-code', values: TAKEN }];
    try {
      const { items } = this.#options.ec2.describeSpotInstanceRequests({ filters });
      const ours = items.filter(({ instance }) => ids.has(instance));
      return new Map(ours.map(({ instance, status }) => [instance, status.updatedAt]));
    } catch (error) {
      if (error instanceof Ec2Error || error instanceof LostAnswer) return new Map();
      throw error;
    }
  }

  /** Makes one call for all instances that EC2 still knows: it refuses the whole call for one that is gone. */
  #unlessGone(
    doing: string,
    ids: readonly string[],
    run: (ec2: Ec2, known: readonly string[]) => unknown,
  ): void {
    const { ec2 } = this.#options;
    const known = ids.filter((id) => ec2.instance(id) !== undefined);
    if (known.length > 0) this.#call(doing, () => run(ec2, known));
  }
}

function isAlive(state: Instance['state']): boolean {
  return state === 'pending' || state === 'running';
}

function read({ record, shown }: ListedInstance): Instance {
  const tag = (key: string): string => record.tags.get(key) ?? '';
  const drain = record.tags.get(FLEET_TAG.drain);
  const maxJobs = record.tags.get(FLEET_TAG.maxJobs);
  return {
    id: record.id,
    pool: tag(FLEET_TAG.pool),
    launchId: tag(FLEET_TAG.launch),
    state: shown.state,
    launchedAt: record.launchedAt,
    slots: Number(tag(FLEET_TAG.slots)),
    ...(maxJobs !== undefined && { maxJobs: Number(maxJobs) }),
    generation: tag(FLEET_TAG.generation),
    offering: { instanceType: record.instanceType, subnet: record.subnet, market: record.market },
    ...(drain !== undefined && { drain: drainOf(drain) }),
    ...(shown.reason?.code === TAKEN_BACK && {
      interruption: { kind: 'interruption' as const, at: shown.at },
    }),
  };
}
