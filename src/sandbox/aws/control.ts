import { z } from 'zod';
import type { AutoScaling } from '../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { GroupDescription } from '../../adapters/memory/auto-scaling/group-requests.ts';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { Ec2Error } from '../../adapters/memory/ec2/error.ts';
import { SHORTAGE_CODES } from '../../adapters/memory/ec2/faults.ts';
import { stateOf } from '../../adapters/memory/ec2/instance-record.ts';
import { seconds } from '../../engine/time.ts';
import type { Answer } from './exchange.ts';

const times = z.int().min(1).default(1);
/** Whose calls are hit. */
const service = z.enum(['ec2', 'auto-scaling']).default('ec2');

const fault = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('shortage'),
    code: z.enum(SHORTAGE_CODES).default('InsufficientInstanceCapacity'),
    instanceType: z.string().optional(),
    subnet: z.string().optional(),
    zone: z.string().optional(),
    market: z.enum(['spot', 'on-demand']).optional(),
    /** Only so many instances; absent: until cleared. */
    next: z.int().min(1).optional(),
  }),
  z.strictObject({ fault: z.literal('throttle'), service, times, action: z.string().optional() }),
  z.strictObject({ fault: z.literal('lose-answer'), service, times }),
  z.strictObject({ fault: z.literal('outage'), service, as: z.enum(['unavailable', 'unreachable', 'none']) }),
  /** The machines of the zone are gone, and none can be had there until cleared. */
  z.strictObject({ fault: z.literal('zone-out'), zone: z.string() }),
  z.strictObject({ fault: z.literal('boot'), as: z.enum(['fails', 'never']), times }),
  z.strictObject({
    fault: z.literal('interrupt'),
    instance: z.string(),
    /** The notice that the instance gets. */
    seconds: z.number().min(0).default(120),
  }),
  z.strictObject({ fault: z.literal('rebalance'), instance: z.string() }),
  /** Ends all faults that have not happened yet. */
  z.strictObject({ fault: z.literal('clear') }),
]);

/** A fault as the control endpoint takes it. */
export type Fault = z.input<typeof fault>;

/** What the control endpoint rules over and shows. */
export interface Ruled {
  readonly model: Ec2;
  readonly groups: AutoScaling;
}

/** Scripts one fault: `POST /sandbox/faults` with one JSON object. */
export function answerFaults(ruled: Ruled, body: string): Answer {
  const action = 'POST /sandbox/faults';
  try {
    script(ruled, fault.parse(JSON.parse(body)));
    return json(action, 200, { done: true });
  } catch (error) {
    if (error instanceof z.ZodError) return json(action, 400, { error: z.prettifyError(error) });
    if (error instanceof Ec2Error || error instanceof SyntaxError)
      return json(action, 400, { error: error.message });
    throw error;
  }
}

function script({ model: ec2, groups }: Ruled, one: z.output<typeof fault>): void {
  const faultsOf = (hit: 'ec2' | 'auto-scaling') => (hit === 'ec2' ? ec2 : groups).faults;
  switch (one.fault) {
    case 'shortage':
      ec2.faults.shortage(one);
      return;
    case 'throttle':
      faultsOf(one.service).throttle(one.times, one.action);
      return;
    case 'lose-answer':
      faultsOf(one.service).loseAnswers(one.times);
      return;
    case 'outage':
      faultsOf(one.service).outage = one.as === 'none' ? undefined : one.as;
      return;
    case 'zone-out':
      loseZone(ec2, one.zone);
      return;
    case 'boot':
      ec2.faults.boot(one.as, one.times);
      return;
    case 'interrupt':
      ec2.interrupt(one.instance, seconds(one.seconds));
      return;
    case 'rebalance':
      ec2.recommendRebalance(one.instance);
      return;
    case 'clear':
      ec2.faults.clear();
      groups.faults.clear();
  }
}

function loseZone(ec2: Ec2, zone: string): void {
  const zones = new Set(ec2.place.subnets.map((subnet) => subnet.zone));
  if (!zones.has(zone)) {
    throw new Ec2Error('InvalidZone', `There is no zone '${zone}': use one of ${[...zones].join(', ')}.`);
  }
  ec2.loseZone(zone);
}

/** Shows the truth behind the API: `GET /sandbox/state`. */
export function answerState({ model: ec2, groups }: Ruled): Answer {
  return json('GET /sandbox/state', 200, {
    region: ec2.place.region,
    calls: ec2.calls(),
    throttled: ec2.throttled(),
    instances: ec2.instances().map((record) => ({
      id: record.id,
      state: stateOf(record),
      instanceType: record.instanceType,
      market: record.market,
      subnet: record.subnet,
      zone: record.zone,
      launchedAt: new Date(record.launchedAt).toISOString(),
      tags: Object.fromEntries(record.tags),
      boot: record.boot,
      interruptedAt: record.interruption && new Date(record.interruption.at).toISOString(),
    })),
    bills: ec2.bills(),
    groupCalls: groups.calls(),
    groups: groups.groups().map(groupState),
  });
}

function groupState(group: GroupDescription) {
  const { name, minSize, maxSize, desiredCapacity, tags, suspendedProcesses, instances } = group;
  return {
    name,
    minSize,
    maxSize,
    desiredCapacity,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    suspended: suspendedProcesses.map((one) => one.name),
    instances: instances.map(({ id, lifecycleState, healthStatus, protectedFromScaleIn }) => ({
      id,
      lifecycleState,
      healthStatus,
      protectedFromScaleIn,
    })),
  };
}

function json(action: string, status: number, body: unknown): Answer {
  return { action, status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
