import { hex, type Random, seededRandom } from '../random.ts';
import { priceOf, type Supply, tryOrder } from './allocation.ts';
import type { ApiCalls } from './api-calls.ts';
import { Ec2Error } from './error.ts';
import { type Faults, shortageError } from './faults.ts';
import { type FleetOffer, checkOffer, offersOf } from './fleet-offer.ts';
import { checkFleetRequest, type FleetAnswer, type FleetPool, type FleetRequest } from './fleet-request.ts';
import type { Instances } from './instances.ts';
import type { LaunchTemplates } from './launch-templates.ts';
import { addressIn, type Place } from './place.ts';
import { type Quotas, QuotaUse } from './quotas.ts';
import { addTags, type Tag, tagsFor } from './tags.ts';

/** What a launch needs of the rest of EC2. */
export interface Surroundings {
  readonly random: Random;
  readonly place: Place;
  readonly templates: LaunchTemplates;
  readonly instances: Instances;
  readonly faults: Faults;
  readonly api: ApiCalls;
  readonly quotas: Quotas;
  readonly supply: Supply;
  /** The value of a parameter that an image id names as `resolve:ssm:NAME`. */
  readonly parameter: (name: string) => string | undefined;
}

/** A price by size and a depth that the seed gives each offering. */
export function seededSupply(seed: number): Supply {
  return {
    price: (pool) => priceOf(pool.instanceType),
    depth: (pool) => 0.01 + seededRandom(hash(`${seed}/${pool.instanceType}/${pool.zone}`))(),
  };
}

/** Buys the instances of one fleet, as far as they can be had. */
export class FleetLaunch {
  readonly #world: Surroundings;
  readonly #request: FleetRequest;
  readonly #serviceTags: readonly Tag[];
  readonly #fleetId: string;
  readonly #quota: QuotaUse;
  readonly #reservations = new Map<FleetPool, string>();
  readonly #bought = new Map<FleetPool, string[]>();
  readonly #errors = new Map<string, FleetAnswer['errors'][number]>();
  #throttled = false;

  /** `serviceTags`: what the service that buys sets itself. */
  constructor(world: Surroundings, request: FleetRequest, serviceTags: readonly Tag[] = []) {
    checkFleetRequest(request);
    this.#serviceTags = serviceTags;
    this.#world = world;
    this.#request = request;
    this.#quota = new QuotaUse(world.quotas, request.market, world.instances.all());
    this.#fleetId = `fleet-${hex(world.random, 8)}-${hex(world.random, 4)}-${hex(world.random, 4)}-${hex(world.random, 4)}-${hex(world.random, 12)}`;
  }

  run(): FleetAnswer {
    const offers = offersOf(this.#request, this.#world.templates, this.#world.place);
    const sound = new Map(offers.filter((offer) => this.#isSound(offer)).map((offer) => [offer.pool, offer]));
    if (sound.size > 0) {
      const order = tryOrder(this.#request, [...sound.keys()], this.#world.supply);
      for (let index = 0; index < this.#request.count && !this.#throttled; index++) {
        this.#buyOne(order(index), sound);
      }
    }
    return {
      fleetId: this.#fleetId,
      market: this.#request.market,
      instances: Array.from(this.#bought, ([pool, ids]) => ({ pool, ids })),
      errors: [...this.#errors.values()],
    };
  }

  #isSound(offer: FleetOffer): boolean {
    try {
      checkOffer(offer, this.#world.place, this.#world.parameter);
      addTags(new Map(), this.#tagsOf(offer));
      return true;
    } catch (error) {
      if (!(error instanceof Ec2Error)) throw error;
      this.#refuse(offer.pool, error);
      return false;
    }
  }

  #buyOne(order: readonly FleetPool[], offers: ReadonlyMap<FleetPool, FleetOffer>): void {
    for (const pool of order) {
      const short = this.#world.faults.refuses(pool, this.#request.market);
      const code = short?.code ?? this.#quota.use(pool.instanceType);
      const offer = offers.get(pool);
      if (code === undefined && offer !== undefined) {
        this.#buyFrom(offer);
        return;
      }
      if (code !== undefined) this.#refuse(pool, shortageError(code));
      if (short?.once === true) return;
    }
  }

  /**
   * A throttled account is told so in the fleet's errors, after as many instances as its tokens pay for
   * (seen in production: karpenter-provider-aws#8923).
   */
  #buyFrom(offer: FleetOffer): void {
    const refusal = this.#world.api.takeResources('RunInstances', 1);
    if (refusal !== undefined) {
      this.#throttled = true;
      this.#refuse(offer.pool, refusal);
      return;
    }
    const ids = this.#bought.get(offer.pool) ?? [];
    ids.push(this.#launch(offer));
    this.#bought.set(offer.pool, ids);
  }

  #refuse(pool: FleetPool, { code, message }: Ec2Error): void {
    this.#errors.set(`${pool.template.id}/${pool.instanceType}/${pool.subnet}/${code}`, {
      pool,
      code,
      message,
    });
  }

  #launch(offer: FleetOffer): string {
    const { random, instances, faults } = this.#world;
    const { pool, subnet, data } = offer;
    const id = `i-${hex(random, 17)}`;
    const tags = new Map<string, string>();
    addTags(tags, this.#tagsOf(offer));
    tags.set('aws:ec2:fleet-id', this.#fleetId);
    tags.set('aws:ec2launchtemplate:id', pool.template.id);
    tags.set('aws:ec2launchtemplate:version', String(pool.template.version));
    for (const { key, value } of this.#serviceTags) tags.set(key, value);
    instances.add({
      id,
      reservationId: this.#reservationOf(pool),
      fleetId: this.#fleetId,
      // because instances carry the fleet's own token, never the caller's
      clientToken: `${this.#fleetId}-${hex(random, 8)}`,
      spotRequestId: this.#request.market === 'spot' ? `sir-${hex(random, 8)}` : undefined,
      template: pool.template,
      data,
      instanceType: pool.instanceType,
      market: this.#request.market,
      subnet: pool.subnet,
      zone: pool.zone,
      vpc: subnet?.vpc ?? '',
      privateAddress: subnet === undefined ? '' : addressIn(subnet, Math.floor(random() * 2 ** 32)),
      boot: faults.takeBoot(),
      tags,
    });
    return id;
  }

  #reservationOf(pool: FleetPool): string {
    const known = this.#reservations.get(pool) ?? `r-${hex(this.#world.random, 17)}`;
    this.#reservations.set(pool, known);
    return known;
  }

  /** The template's tags, and over them the request's. */
  #tagsOf({ data }: FleetOffer): readonly Tag[] {
    const specifications = [...(data.tagSpecifications ?? []), ...(this.#request.tagSpecifications ?? [])];
    return tagsFor('instance', specifications);
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}
