import type { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import type { GroupDescription } from '../../src/adapters/memory/auto-scaling/group-requests.ts';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import { seconds } from '../../src/engine/time.ts';
import type { GroupWorld } from './groups.contract.ts';
import { modelLevers } from './model-levers.ts';

/** The group of the pool `linux`. */
export const GROUP = 'runtide-test-linux';

/** The models that a group of a contract stands on. */
export interface GroupModels {
  readonly clock: VirtualClock;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
}

/** A cloud with a group, whose models a case may turn to for what no port does. */
export interface ModelGroupWorld extends GroupWorld {
  readonly models: GroupModels;
  /** The truth about the group. */
  truth(): GroupDescription;
  /** Lets time go by until it holds. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
}

type Made = Pick<ModelGroupWorld, 'fleet' | 'reopen' | 'intruder' | typeof Symbol.asyncDispose>;

const signal = new AbortController().signal;

/** The levers of every fleet of groups that stands on the models, in virtual time. */
export function groupLevers(models: GroupModels, fleet: Fleet): Omit<ModelGroupWorld, keyof Made> {
  const { clock, ec2, autoScaling } = models;
  const until: ModelGroupWorld['until'] = async (what, holds) => {
    for (let second = 0; second < 600; second++) {
      if (await holds()) return;
      await clock.advance(seconds(1));
    }
    throw new Error(`${what}: it never came to that`);
  };
  const truth = (): GroupDescription => {
    const group = autoScaling.group(GROUP);
    if (group === undefined) throw new Error('there is no group');
    return group;
  };
  return {
    ...modelLevers(ec2, clock),
    models,
    truth,
    until,
    group: GROUP,
    throttle: () => autoScaling.faults.throttle(1),
    loseAnswer: () => autoScaling.faults.loseAnswers(1, 'SetDesiredCapacity'),
    async fill(count) {
      await until(`${count} instances`, async () => (await fleet.list(signal)).length >= count);
      return (await fleet.list(signal)).map(({ id }) => id);
    },
    async atHook(id, hook) {
      const state = hook === 'launch' ? 'Pending:Wait' : 'Terminating:Wait';
      await until(
        `${id} in ${state}`,
        () => truth().instances.find((one) => one.id === id)?.lifecycleState === state,
      );
    },
    async edit({ min, max, protects }) {
      autoScaling.updateAutoScalingGroup({
        name: GROUP,
        ...(min !== undefined && { minSize: min }),
        ...(max !== undefined && { maxSize: max }),
        ...(protects !== undefined && { newInstancesProtectedFromScaleIn: protects }),
      });
    },
    async settings() {
      const { minSize, maxSize, desiredCapacity, newInstancesProtectedFromScaleIn } = truth();
      return {
        min: minSize,
        max: maxSize,
        desired: desiredCapacity,
        protects: newInstancesProtectedFromScaleIn,
      };
    },
    // Long enough for one try, and too short for the next.
    tryInVain: () => clock.advance(seconds(15)),
  };
}
