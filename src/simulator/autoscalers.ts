import type { FleetPolicy } from '../engine/pool.ts';
import { type Duration, minutes, seconds } from '../engine/time.ts';
import type { Autoscaler } from './autoscaler.ts';
import { awsSample } from './baselines/aws-sample.ts';
import { dockerMachine } from './baselines/docker-machine/docker-machine.ts';
import { fixedFleet } from './baselines/fixed-fleet.ts';
import { keepAlive } from './baselines/keep-alive.ts';
import { minutePoller } from './baselines/minute-poller.ts';
import { taskscaler } from './baselines/taskscaler/taskscaler.ts';
import { webhookPerJob } from './baselines/webhook-per-job.ts';
import { webhookReuse } from './baselines/webhook-reuse.ts';
import { aboutPolicy, policyInModel } from './own-policy.ts';
import { reactive, runtide } from './runtide.ts';

/** One of the autoscalers below, named with its settings. */
export interface KnownContender {
  readonly kind: 'known';
  readonly name: string;
}

/** Runtide with a policy. */
export interface OwnContender {
  readonly kind: 'own';
  readonly name: string;
  readonly policy: FleetPolicy;
  /** How often everything is read. */
  readonly pollInterval: Duration;
  /** Whether job webhooks wake it. */
  readonly webhooks: boolean;
}

/** Who takes part in a comparison, as plain data, so that it can be sent to a thread. */
export type Contender = KnownContender | OwnContender;

/** A setting of an autoscaler that is a part of its name: the 5 of `docker-machine-5`. */
export interface Knob {
  readonly name: string;
  /** What it is where the name does not say; absent: the name must say it. */
  readonly otherwise?: number;
}

/** Autoscalers that differ in their settings alone. */
export interface AutoscalerFamily {
  readonly name: string;
  /** In the order in which names give them. */
  readonly knobs: readonly Knob[];
  /** `values`: one for each knob. */
  readonly make: (...values: readonly number[]) => Autoscaler;
}

const IDLE = { name: 'IDLE' };

/** Every known autoscaler. */
export const FAMILIES: readonly AutoscalerFamily[] = [
  {
    name: 'taskscaler-idle',
    knobs: [IDLE, { name: 'MINUTES', otherwise: 5 }],
    make: (idleCount = 0, time = 0) => taskscaler({ idleCount, idleTime: minutes(time) }),
  },
  {
    name: 'taskscaler-eager',
    knobs: [IDLE, { name: 'MINUTES', otherwise: 5 }],
    make: (idleCount = 0, time = 0) => taskscaler({ idleCount, idleTime: minutes(time), preemptive: false }),
  },
  {
    name: 'docker-machine',
    knobs: [IDLE, { name: 'MINUTES', otherwise: 10 }],
    make: (idleCount = 0, time = 0) => dockerMachine({ idleCount, idleTime: minutes(time) }),
  },
  {
    name: 'aws-sample',
    knobs: [{ name: 'JOBS' }, { name: 'MINUTES', otherwise: 10 }],
    make: (newJobs = 0, time = 0) => awsSample({ newJobs, coolDown: minutes(time) }),
  },
  {
    name: 'minute-poller',
    knobs: [{ name: 'MINUTES', otherwise: 10 }],
    make: (time = 0) => minutePoller({ scaleInAfter: minutes(time) }),
  },
  { name: 'webhook-per-job', knobs: [], make: webhookPerJob },
  {
    name: 'webhook-reuse',
    knobs: [
      { name: 'SECONDS', otherwise: 30 },
      { name: 'MINUTES', otherwise: 5 },
    ],
    make: (delay = 0, sweep = 0) => webhookReuse({ delay: seconds(delay), sweepEvery: minutes(sweep) }),
  },
  {
    name: 'keep-alive',
    knobs: [{ name: 'SECONDS', otherwise: 28 }],
    make: (time = 0) => keepAlive({ idleTime: seconds(time) }),
  },
  { name: 'fixed', knobs: [{ name: 'MACHINES' }], make: (machines = 0) => fixedFleet(machines) },
  {
    name: 'runtide',
    knobs: [IDLE, { name: 'SECONDS', otherwise: 60 }],
    make: (idleSlots = 0, time = 0) => reactive({ idleSlots, idleTime: seconds(time) }),
  },
];

/** Those that "all" stands for. */
export const USUAL: readonly string[] = [
  'runtide-0',
  'taskscaler-idle-5',
  'taskscaler-idle-0',
  'docker-machine-5',
  'aws-sample-2',
  'minute-poller',
  'webhook-per-job',
  'webhook-reuse',
  'keep-alive',
  'fixed-40',
];

/** How names of a family are written: `docker-machine-IDLE[-MINUTES]`. */
export function pattern({ name, knobs }: AutoscalerFamily): string {
  return knobs.reduce(
    (text, knob) => text + (knob.otherwise === undefined ? `-${knob.name}` : `[-${knob.name}]`),
    name,
  );
}

/** The autoscaler of a name; undefined where no family has it. */
export function knownAutoscaler(name: string): Autoscaler | undefined {
  for (const family of FAMILIES) {
    const values = valuesIn(name, family);
    if (values !== undefined) return named(family.make(...values), name);
  }
  return undefined;
}

function named(autoscaler: Autoscaler, name: string): Autoscaler {
  return { name, about: autoscaler.about, start: (world) => autoscaler.start(world) };
}

function valuesIn(name: string, { name: family, knobs }: AutoscalerFamily): readonly number[] | undefined {
  if (name !== family && !name.startsWith(`${family}-`)) return undefined;
  const given = name === family ? [] : name.slice(family.length + 1).split('-');
  if (given.length > knobs.length || given.some((text) => !/^\d{1,6}$/.test(text))) return undefined;
  const values = knobs.map(({ otherwise }, index) => {
    const text = given[index];
    return text === undefined ? otherwise : Number(text);
  });
  return values.some((value) => value === undefined) ? undefined : values.map(Number);
}

/** The autoscaler that a contender stands for; a name that no family has is a defect. */
export function autoscalerOf(contender: Contender): Autoscaler {
  if (contender.kind === 'known') {
    const known = knownAutoscaler(contender.name);
    if (known === undefined)
      throw new RangeError(`simulating ${contender.name}: there is no such autoscaler`);
    return known;
  }
  const { name, policy, pollInterval, webhooks } = contender;
  return runtide({
    name,
    about: aboutPolicy(policy),
    policy: ({ conditions }) => policyInModel(policy, conditions),
    pollInterval,
    webhooks,
  });
}
