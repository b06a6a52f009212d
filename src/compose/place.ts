import { type AwsAccess, autoScalingClient, ec2Client, ssmClient } from '../adapters/aws/clients.ts';
import { parameterSecrets, readParameter } from '../adapters/aws/parameters.ts';
import { placeOf, type PoolPlace } from '../config/boot-settings.ts';
import type { MadeRunners } from '../config/policy.ts';
import type { Config, PoolConfig } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';
import type { SecretStore } from '../controller/registrations.ts';

/** What everything that speaks to AWS is made with. */
export interface PlaceParts {
  readonly clock: Clock;
  /** Asked each time: a runner that takes another's place makes other instances. Absent: none are known. */
  readonly made?: MadeRunners;
  /** Hears of what the operator should know and no call failed for. */
  readonly note: (message: string) => void;
}

/** What AWS is asked with in one region and account, and the pools that are there. */
export interface Place {
  readonly region: string;
  /** The ARN of the role that is assumed there; absent: Runtide's own credentials. */
  readonly role?: string;
  readonly ec2: ReturnType<typeof ec2Client>;
  readonly autoScaling: ReturnType<typeof autoScalingClient>;
  readonly readParameter: (name: string, signal: AbortSignal) => Promise<string>;
  readonly secrets: (kmsKey?: string) => SecretStore;
  readonly pools: readonly PoolConfig[];
}

function accessOf(config: Config, { region, role, endpoints }: PoolPlace): AwsAccess {
  const session = `runtide-${config.installation}`;
  return { region, endpoints, ...(role !== undefined && { role: { arn: role, session } }) };
}

function keyOf({ region, role = '' }: PoolPlace): string {
  return `${region} ${role}`;
}

/** Every region and role that pools are in. */
export function placesOf(config: Config): readonly Place[] {
  const asked = Object.values(config.pools).map((pool) => ({ place: placeOf(config, pool), pool }));
  return [...Map.groupBy(asked, ({ place }) => keyOf(place)).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const access = accessOf(config, first.place);
    const ssm = ssmClient(access);
    const { region, role } = first.place;
    return [
      {
        region,
        ...(role !== undefined && { role }),
        ec2: ec2Client(access),
        autoScaling: autoScalingClient(access),
        readParameter: (name, signal) => readParameter(ssm, name, signal, config.aws.timeout),
        secrets: (kmsKey) =>
          parameterSecrets({ ssm, timeout: config.aws.timeout, ...(kmsKey !== undefined && { kmsKey }) }),
        pools: alike.map(({ pool }) => pool),
      },
    ];
  });
}
