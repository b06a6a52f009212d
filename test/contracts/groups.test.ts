import { autoScalingClient, ec2Client } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { GroupFleet } from '../../src/adapters/aws/auto-scaling/group-fleet.ts';
import { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { groupPools, linuxMachines } from '../support/group-pools.ts';
import { groupsContract } from './groups.contract.ts';
import { modelLevers } from './model-levers.ts';

const GROUP = 'runtide-test-linux';
const signal = new AbortController().signal;

groupsContract('auto-scaling-group over the AWS double', async () => {
  const clock = new VirtualClock();
  const model = new Ec2({ timers: clock, seed: 7 });
  const groups = new AutoScaling({ timers: clock, ec2: model, seed: 7 });
  const wrong: string[] = [];
  const log = {
    error: (details: object, message: string) => wrong.push(`${message} ${JSON.stringify(details)}`),
  };
  const aws = await startAws({ model, groups, ssm: new Ssm(clock, 7), timers: clock, log });
  const access = {
    region: defaultPlace.region,
    endpoints: { ec2: aws.url, autoScaling: aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  };
  const ec2 = ec2Client(access);
  const client = autoScalingClient(access);
  const levers = modelLevers(model, clock);
  const open = (installation: string, attached: boolean) => {
    const shared = {
      ec2,
      installation,
      tags: () => ({ CostCenter: '42' }),
      timeout: seconds(10),
      note: () => undefined,
    };
    const fleet = ec2Fleet({ ...shared, pools: () => ({ linux: linuxMachines(defaultPlace) }) });
    const pools = groupPools({ group: GROUP, attached, offerings: levers.offerings });
    return new GroupFleet({ ...shared, client, fleet, groups: () => pools, now: () => clock.now() });
  };
  const fleet = open('test', false);
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let second = 0; second < 600; second++) {
      if (await holds()) return;
      await clock.advance(seconds(1));
    }
    throw new Error(`${what}: it never came to that`);
  };
  const stateOf = (id: string) => groups.group(GROUP)?.instances.find((one) => one.id === id)?.lifecycleState;
  return {
    ...levers,
    fleet,
    reopen: () => open('test', false),
    intruder: () => open('other', true),
    group: GROUP,
    throttle: () => groups.faults.throttle(1),
    loseAnswer: () => groups.faults.loseAnswers(1, 'SetDesiredCapacity'),
    async fill(count: number) {
      await until(`${count} instances`, async () => (await fleet.list(signal)).length >= count);
      return (await fleet.list(signal)).map(({ id }) => id);
    },
    async atHook(id: string, hook: 'launch' | 'termination') {
      const state = hook === 'launch' ? 'Pending:Wait' : 'Terminating:Wait';
      await until(`${id} in ${state}`, () => stateOf(id) === state);
    },
    async edit({ min, max, protects }: { min?: number; max?: number; protects?: boolean }) {
      groups.updateAutoScalingGroup({
        name: GROUP,
        ...(min !== undefined && { minSize: min }),
        ...(max !== undefined && { maxSize: max }),
        ...(protects !== undefined && { newInstancesProtectedFromScaleIn: protects }),
      });
    },
    async settings() {
      const group = groups.group(GROUP);
      if (group === undefined) throw new Error('there is no group');
      return {
        min: group.minSize,
        max: group.maxSize,
        desired: group.desiredCapacity,
        protects: group.newInstancesProtectedFromScaleIn,
      };
    },
    tryInVain: () => clock.advance(minutes(2)),
    async [Symbol.asyncDispose]() {
      ec2.destroy();
      client.destroy();
      await aws.close();
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    },
  };
});
