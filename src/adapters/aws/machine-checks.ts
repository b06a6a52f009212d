import type { EC2Client } from '@aws-sdk/client-ec2';
import { isPortError } from '../../controller/errors.ts';
import type { Offering } from '../../engine/pool.ts';
import type { CallLimits } from './aws-call.ts';
import { type DryLaunch, tryFleet, tryGroupTemplate, tryLaunch } from './dry-launch.ts';
import { MachineParts, type Machines } from './machine-parts.ts';
import { checkNetwork, type CheckedNetwork } from './network-check.ts';
import { checkTypes, type CheckedTypes } from './types-check.ts';

/** A pool whose machines are looked at before any is bought. */
export interface CheckedPool {
  readonly installation: string;
  readonly name: string;
  /** The user's tags. */
  readonly tags: Readonly<Record<string, string>>;
  readonly machines: Machines;
  readonly subnets: readonly string[];
  /** All that the pool may buy. */
  readonly offerings: readonly Offering[];
  /** Whether the configuration names each instance type. */
  readonly typesAreNamed: boolean;
  /** A group that Runtide makes launches them, and no fleet. */
  readonly byGroup?: boolean;
}

/** One thing that was tried. */
export interface MachineFinding {
  readonly about: 'machines' | 'network' | 'instance types' | 'launch' | 'group';
  readonly ok: boolean;
  readonly detail: string;
}

function unique<T>(all: readonly T[]): readonly T[] {
  return [...new Set(all)];
}

/** The first offering of each market, among those that EC2 offers. */
function offeringsToTry(
  offerings: readonly Offering[],
  { zones }: CheckedNetwork,
  types: CheckedTypes | undefined,
): readonly Offering[] {
  const offered = offerings.filter(
    ({ instanceType, subnet = '' }) => types?.isOffered(instanceType, zones.get(subnet) ?? '') ?? true,
  );
  return [...Map.groupBy(offered, ({ market }) => market).values()].flatMap((alike) => alike.slice(0, 1));
}

/** Looks at everything that the launches of one pool need, and changes nothing. */
export class MachineChecks {
  readonly #ec2: EC2Client;
  readonly #pool: CheckedPool;
  readonly #limits: () => CallLimits;
  readonly #parts: MachineParts;
  readonly #findings: MachineFinding[] = [];

  /** `limits` gives those of one thing that is tried. */
  constructor(ec2: EC2Client, pool: CheckedPool, limits: () => CallLimits) {
    this.#ec2 = ec2;
    this.#pool = pool;
    this.#limits = limits;
    this.#parts = new MachineParts(ec2);
  }

  /** What was found, in the order of its trying. What needs something that failed is not tried. */
  async run(): Promise<readonly MachineFinding[]> {
    const { name, machines, subnets } = this.#pool;
    const made = await this.#try('machines', async () => {
      const words = await this.#parts.check(name, machines, this.#limits());
      return { words, from: await this.#from() };
    });
    const network = await this.#try('network', () =>
      checkNetwork(
        this.#ec2,
        {
          pool: name,
          subnets,
          ...('template' in machines ? {} : { securityGroups: machines.securityGroups }),
        },
        this.#limits(),
      ),
    );
    if (network === undefined) return this.#findings;
    const types = await this.#checkTypes(network);
    if (made !== undefined) await this.#tryLaunches(made.from, network, types);
    return this.#findings;
  }

  #from(): Promise<DryLaunch['from']> {
    const { name, machines } = this.#pool;
    return 'template' in machines
      ? this.#parts.pin(name, machines, this.#limits())
      : this.#parts.of(name, machines, this.#limits());
  }

  #checkTypes({ zones }: CheckedNetwork): Promise<CheckedTypes | undefined> {
    const { name, offerings, typesAreNamed } = this.#pool;
    const types = unique(offerings.map(({ instanceType }) => instanceType));
    const question = { pool: name, types, named: typesAreNamed, zones: unique([...zones.values()]) };
    return this.#try('instance types', () => checkTypes(this.#ec2, question, this.#limits()));
  }

  async #tryLaunches(
    from: DryLaunch['from'],
    network: CheckedNetwork,
    types: CheckedTypes | undefined,
  ): Promise<void> {
    const { installation, name: pool, tags, offerings, byGroup = false } = this.#pool;
    const tried = offeringsToTry(offerings, network, types);
    if (tried.length === 0) return;
    await this.#try('launch', async () => {
      for (const offering of tried) {
        const launch = { installation, pool, tags, offering, from };
        await tryLaunch(this.#ec2, launch, this.#limits());
        await (byGroup ? tryGroupTemplate : tryFleet)(this.#ec2, launch, this.#limits());
      }
      const [first] = tried;
      const markets = tried.map(({ market }) => market).join(' and ');
      return { words: `EC2 would launch ${first?.instanceType} in ${first?.subnet}, ${markets}` };
    });
  }

  async #try<T extends { readonly words: string }>(
    about: MachineFinding['about'],
    look: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const answer = await look();
      this.#findings.push({ about, ok: true, detail: answer.words });
      return answer;
    } catch (error) {
      if (!isPortError(error)) throw error;
      this.#findings.push({ about, ok: false, detail: error.message });
      return undefined;
    }
  }
}
