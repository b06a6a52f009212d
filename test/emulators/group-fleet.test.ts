import {
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { inject } from 'vitest';
import { GroupFleet } from '../../src/adapters/aws/auto-scaling/group-fleet.ts';
import { autoScalingClient, ec2Client } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { instant, seconds } from '../../src/engine/time.ts';
import { groupsContract } from '../contracts/groups.contract.ts';
import { groupPools } from '../support/group-pools.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { GROUP, GROUP_DIFFERENCES } from './group-fleet-differences.ts';
import { resetMoto } from './moto.ts';
import { motoPlace } from './moto-place.ts';

const signal = new AbortController().signal;

groupsContract(
  'auto-scaling-group over moto',
  async () => {
    const moto = inject('motoUrl');
    await resetMoto(moto);
    const proxy = await startFaultProxy(moto);
    const access = {
      region: 'eu-central-1',
      endpoints: { ec2: proxy.url, autoScaling: proxy.url },
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    };
    const ec2 = ec2Client(access);
    const client = autoScalingClient(access);
    const { image, subnets, group: securityGroup } = await motoPlace(ec2);
    const offerings = subnets.map((subnet) => ({
      instanceType: 'm7i.large',
      subnet,
      market: 'spot' as const,
    }));
    const machines = {
      generation: 'g1',
      imageId: image,
      securityGroups: [securityGroup],
      // An image of moto says no size, and its groups cannot launch without one.
      volume: { size: 30 },
      profile: 'runtide-instance',
      userData: '#!/bin/sh\n',
    };
    const open = (installation: string, attached: boolean) => {
      const shared = {
        ec2,
        installation,
        tags: () => ({ CostCenter: '42' }),
        timeout: seconds(30),
        note: () => undefined,
      };
      const fleet = ec2Fleet({ ...shared, pools: () => ({ linux: machines }) });
      const pools = groupPools({ group: GROUP, attached, offerings });
      // Nothing takes time in moto.
      return new GroupFleet({ ...shared, client, fleet, groups: () => pools, now: () => instant(0) });
    };
    const fleet = open('test', false);
    const described = async () => {
      const question = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GROUP] });
      const [group] = (await client.send(question)).AutoScalingGroups ?? [];
      if (group === undefined) throw new Error('there is no group');
      return group;
    };
    return {
      fleet,
      reopen: () => open('test', false),
      intruder: () => open('other', true),
      offerings,
      group: GROUP,
      async reach(id, state) {
        const [instance] = await fleet.find([id], signal);
        if (instance?.state !== state) throw new Error(`${id} is ${instance?.state}`);
      },
      // Moto has no lever for these: what it does instead is in the table.
      runShort: () => undefined,
      interrupt: async () => undefined,
      say: async () => undefined,
      tryInVain: async () => undefined,
      loseAnswer: () => proxy.loseAnswer('SetDesiredCapacity'),
      throttle: () => proxy.throttle(),
      async fill(count) {
        const listed = await fleet.list(signal);
        if (listed.length < count) throw new Error(`${listed.length} instead of ${count}`);
        return listed.map(({ id }) => id);
      },
      async atHook(id, hook) {
        const { Instances = [] } = await described();
        const state = Instances.find(({ InstanceId }) => InstanceId === id)?.LifecycleState;
        const waits = hook === 'launch' ? 'Pending:Wait' : 'Terminating:Wait';
        if (state !== waits) throw new Error(`${id} is ${state}`);
      },
      async edit({ min, max, protects }) {
        const change = new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName: GROUP,
          MinSize: min,
          MaxSize: max,
          NewInstancesProtectedFromScaleIn: protects,
        });
        await client.send(change);
      },
      async settings() {
        const group = await described();
        return {
          min: group.MinSize ?? NaN,
          max: group.MaxSize ?? NaN,
          desired: group.DesiredCapacity ?? NaN,
          protects: group.NewInstancesProtectedFromScaleIn === true,
        };
      },
      async [Symbol.asyncDispose]() {
        ec2.destroy();
        client.destroy();
        await proxy[Symbol.asyncDispose]();
      },
    };
  },
  GROUP_DIFFERENCES,
);
