import {
  CreateTagsCommand,
  type EC2Client,
  type Instance as Description,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { isPortError, PortError } from '../../controller/errors.ts';
import type { Fleet, LaunchRequest, LaunchResult } from '../../controller/ports.ts';
import type { DrainReason, Instance } from '../../engine/instance.ts';
import type { Duration, Instant } from '../../engine/time.ts';
import { awsCall, type CallLimits, limitsOf } from './aws-call.ts';
import { readDescription } from './described-instance.ts';
import { launchFleet } from './fleet-launch.ts';
import { describeIds, describeMatching } from './instance-listing.ts';
import { drainValue, TAG, tagMap } from './instance-tags.ts';
import { LaunchTemplates, wantedTemplate } from './launch-template.ts';
import type { FoundImage } from './machine-image.ts';
import { MachineParts, type Machines } from './machine-parts.ts';
import { serialConsole } from './serial-console.ts';
import { SpotRequests } from './spot-requests.ts';
import { inBatches } from './unknown-ids.ts';

export interface Ec2FleetOptions {
  readonly ec2: EC2Client;
  /** Names all that this Runtide owns. */
  readonly installation: string;
  /** The user's tags for everything bought, as of now. */
  readonly tags: () => Readonly<Record<string, string>>;
  /** What each pool's new instances are made of, as of now. */
  readonly pools: () => Readonly<Record<string, Machines>>;
  /** The longest that one operation may take; for listings, that one page may take. */
  readonly timeout: Duration;
  /** Hears of what is left out or not known, once. */
  readonly note: (message: string) => void;
}

const NOT_TERMINATED = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];
const FIND_BATCH = 200;
const TERMINATE_BATCH = 500;
const DRAIN_BATCH = 500;

function namesOf(ids: readonly string[]): string {
  const more = ids.length - 3;
  const named = ids.slice(0, 3).join(', ');
  return more > 0 ? `instances ${named} and ${more} more` : `instances ${named}`;
}

function followedImage(machines: Machines): FoundImage | undefined {
  return 'image' in machines && machines.image.follow ? machines.image : undefined;
}

/** What EC2 knows of instances by their ids. */
export interface LookedUp {
  /** Those of the installation, terminated ones too. */
  readonly instances: readonly Instance[];
  /** Ids of machines that are there and are none of the installation's, by their tags. */
  readonly strangers: readonly string[];
}

/** Pools of EC2 instances, each bought by instant fleets over a launch template that Runtide owns. */
export function ec2Fleet(options: Ec2FleetOptions): Ec2Fleet {
  return new Ec2Fleet(options);
}

/** The fleet of one region and account. */
export class Ec2Fleet implements Fleet {
  readonly #options: Ec2FleetOptions;
  readonly #templates: LaunchTemplates;
  readonly #parts: MachineParts;
  readonly #spotRequests: SpotRequests;
  /** The pinned template of each pool, by the name of its version: a version never changes. */
  readonly #pins = new Map<string, { version: string; pin: LaunchRequest['template'] }>();
  readonly #noted = new Set<string>();

  constructor(options: Ec2FleetOptions) {
    this.#options = options;
    this.#templates = new LaunchTemplates(options.ec2, options.note);
    this.#parts = new MachineParts(options.ec2);
    this.#spotRequests = new SpotRequests(options.ec2, options.note);
  }

  async list(signal: AbortSignal): Promise<readonly Instance[]> {
    const { ec2, installation } = this.#options;
    const call = { system: 'ec2', doing: `listing the instances of installation ${installation}` } as const;
    const filters = { [`tag:${TAG.installation}`]: [installation], 'instance-state-name': NOT_TERMINATED };
    await this.#lookForImages(signal);
    return this.#look(await describeMatching(ec2, filters, call, () => this.#limits(signal)), signal);
  }

  async find(ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
    const call = { system: 'ec2', doing: `looking up ${namesOf(ids)}` } as const;
    const pages = await inBatches(ids, FIND_BATCH, (batch) =>
      describeIds(this.#options.ec2, batch, call, () => this.#limits(signal)),
    );
    return this.#look(pages.flat(), signal);
  }

  /** Looks up what may not be the installation's; ids that EC2 does not know are in neither list. */
  async lookUp(ids: readonly string[], signal: AbortSignal): Promise<LookedUp> {
    const call = { system: 'ec2', doing: `looking up ${namesOf(ids)}` } as const;
    const pages = await inBatches(ids, FIND_BATCH, (batch) =>
      describeIds(this.#options.ec2, batch, call, () => this.#limits(signal)),
    );
    const descriptions = pages.flat();
    const { installation } = this.#options;
    const tagged = descriptions.filter(({ Tags }) => tagMap(Tags).get(TAG.installation) === installation);
    const instances = await this.#look(tagged, signal);
    const known = new Set(instances.map(({ id }) => id));
    const strangers = descriptions
      .filter((one) => !known.has(one.InstanceId ?? '') && one.State?.Name !== 'terminated')
      .flatMap(({ InstanceId }) => InstanceId ?? []);
    return { instances, strangers };
  }

  async prepare(pool: string, signal: AbortSignal): Promise<LaunchRequest['template']> {
    const { installation, tags } = this.#options;
    const machines = this.#machines(pool);
    const limits = this.#limits(signal);
    if ('template' in machines) return this.#parts.pin(pool, machines, limits);
    const parts = await this.#parts.of(pool, machines, limits);
    const wanted = wantedTemplate(installation, pool, parts, tags());
    const known = this.#pins.get(pool);
    if (known?.version === wanted.version) return known.pin;
    const pin = await this.#templates.ensure(wanted, limits);
    this.#pins.set(pool, { version: wanted.version, pin });
    return pin;
  }

  async launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchResult> {
    const { ec2, installation, tags } = this.#options;
    const limits = this.#limits(signal);
    const launchedBefore = (launchId: string) => this.#launchedBefore(launchId, limits);
    try {
      return await launchFleet(request, { ec2, installation, tags: tags(), launchedBefore }, limits);
    } catch (error) {
      // The template may have been deleted: the next `prepare` must look again.
      if (isPortError(error, 'refused')) this.#pins.delete(request.pool);
      throw error;
    }
  }

  async drain(ids: readonly string[], because: DrainReason, at: Instant, signal: AbortSignal): Promise<void> {
    const { ec2 } = this.#options;
    const limits = this.#limits(signal);
    const Tags = [{ Key: TAG.drain, Value: drainValue(because, at) }];
    await inBatches(ids, DRAIN_BATCH, (batch) => {
      const call = { system: 'ec2', doing: `asking ${namesOf(batch)} to drain` } as const;
      return awsCall(call, limits, (options) =>
        ec2.send(new CreateTagsCommand({ Resources: [...batch], Tags }), options),
      );
    });
  }

  async terminate(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const { ec2 } = this.#options;
    const limits = this.#limits(signal);
    await inBatches(ids, TERMINATE_BATCH, (batch) => {
      const call = { system: 'ec2', doing: `terminating ${namesOf(batch)}` } as const;
      return awsCall(call, limits, (options) =>
        ec2.send(new TerminateInstancesCommand({ InstanceIds: [...batch] }), options),
      );
    });
  }

  console(id: string, signal: AbortSignal): Promise<string> {
    return serialConsole(this.#options.ec2, id, this.#limits(signal));
  }

  async #launchedBefore(launchId: string, limits: CallLimits): Promise<readonly Instance[]> {
    const { ec2, installation } = this.#options;
    const call = { system: 'ec2', doing: `looking for the instances of launch ${launchId}` } as const;
    const filters = { [`tag:${TAG.installation}`]: [installation], [`tag:${TAG.launch}`]: [launchId] };
    return this.#read(await describeMatching(ec2, filters, call, () => limits));
  }

  /** What is described, and which of it EC2 takes back. */
  #look(descriptions: readonly Description[], signal: AbortSignal): Promise<readonly Instance[]> {
    return this.#spotRequests.mark(this.#read(descriptions), descriptions, () => this.#limits(signal));
  }

  #limits(signal: AbortSignal): CallLimits {
    return limitsOf(signal, this.#options.timeout);
  }

  #machines(pool: string): Machines {
    const machines = this.#options.pools()[pool];
    if (machines !== undefined) return machines;
    throw new PortError({
      kind: 'refused',
      system: 'ec2',
      doing: `preparing the launch template of pool ${pool}`,
      why: 'the configuration has no such pool',
      next: 'add the pool, or wait until the next pass no longer wants it',
    });
  }

  #read(descriptions: readonly Description[]): readonly Instance[] {
    return descriptions.flatMap((described) => {
      const reading = readDescription(described);
      if ('instance' in reading) return [this.#withImage(reading.instance, described.ImageId)];
      if (described.State?.Name !== 'terminated') {
        const message = `instance ${reading.id} is left out: ${reading.unreadable}; end it by hand, or mend its tags`;
        this.#noteOnce(reading.id, message);
      }
      return [];
    });
  }

  /** The images that instances follow, looked up when it is time. Without an answer nothing has drifted. */
  async #lookForImages(signal: AbortSignal): Promise<void> {
    const followed = Object.entries(this.#options.pools()).flatMap(([pool, machines]) => {
      const image = followedImage(machines);
      return image === undefined ? [] : [[pool, image] as const];
    });
    await Promise.all(
      followed.map(async ([pool, image]) => {
        try {
          await image.resolve(this.#limits(signal));
        } catch (error) {
          if (!isPortError(error)) throw error;
          this.#noteOnce(`image of ${pool}`, `no image drifts in pool ${pool} for now: ${error.message}`);
        }
      }),
    );
  }

  /** An instance of another image than its pool follows is of another generation. */
  #withImage(instance: Instance, imageId: string | undefined): Instance {
    const machines = this.#options.pools()[instance.pool];
    const wanted = machines === undefined ? undefined : followedImage(machines)?.id;
    if (wanted === undefined || imageId === undefined || wanted === imageId) return instance;
    return { ...instance, generation: `${instance.generation} of ${imageId}` };
  }

  #noteOnce(what: string, message: string): void {
    if (this.#noted.has(what)) return;
    this.#noted.add(what);
    this.#options.note(message);
  }
}
