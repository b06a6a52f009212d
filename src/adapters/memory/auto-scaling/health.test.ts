import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { groupWorld, refusalOf } from '../../../../test/support/group-world.ts';

async function world(...[change, options, data]: Parameters<typeof groupWorld>) {
  const made = groupWorld({ desiredCapacity: 2, ...change }, options, data);
  await made.clock.advance(seconds(15));
  return made;
}

describe('a machine that is gone', () => {
  it.each([
    [
      'is ended by hand',
      (id: string, { ec2 }: Awaited<ReturnType<typeof world>>) => void ec2.terminateInstances([id]),
    ],
    [
      'is stopped by hand',
      (id: string, { ec2 }: Awaited<ReturnType<typeof world>>) => void ec2.stopInstances([id]),
    ],
    ['switches itself off', (id: string, { ec2 }: Awaited<ReturnType<typeof world>>) => ec2.powerOff(id)],
  ])('%s and is replaced once that is noticed', async (_how, end) => {
    const made = await world();
    const { id } = made.member();
    end(id, made);
    expect(made.member().healthStatus).toBe('Healthy');
    await made.clock.advance(seconds(45));
    expect(made.group().instances.map((one) => one.id)).not.toContain(id);
    await made.clock.advance(seconds(15));
    expect(made.states()).toEqual(['InService', 'InService']);
  });

  it('is noticed when spot is taken back, and when a zone is lost', async () => {
    const distribution = { onDemandPercentageAboveBaseCapacity: 0 };
    const { clock, ec2, states, member, group } = await world({
      mixedInstancesPolicy: { template: { name: 'pool' }, overrides: [], distribution },
    });
    const { id, zone } = member();
    ec2.interrupt(id);
    await clock.advance(minutes(4));
    expect(group().instances.map((one) => one.id)).not.toContain(id);
    expect(states()).toEqual(['InService', 'InService']);
    ec2.loseZone(zone);
    await clock.advance(minutes(2));
    expect(states()).toEqual(['InService', 'InService']);
    expect(group().instances.map((one) => one.zone)).not.toContain(zone);
  });

  it('is not noticed while health checks are suspended, and not replaced while that is', async () => {
    const { clock, ec2, groups, member, states } = await world();
    groups.suspendProcesses({ group: 'pool', processes: ['HealthCheck', 'ReplaceUnhealthy'] });
    ec2.terminateInstances([member().id]);
    await clock.advance(minutes(5));
    expect(member()).toMatchObject({ healthStatus: 'Healthy', lifecycleState: 'InService' });
    groups.resumeProcesses({ group: 'pool', processes: ['HealthCheck'] });
    await clock.advance(minutes(1));
    expect(member()).toMatchObject({ healthStatus: 'Unhealthy', lifecycleState: 'InService' });
    groups.resumeProcesses({ group: 'pool', processes: [] });
    await clock.advance(minutes(2));
    expect(states()).toEqual(['InService', 'InService']);
  });

  it('is noticed while it pends too', async () => {
    const { clock, ec2, groups, member, said } = await world(
      { desiredCapacity: 0 },
      { ec2Options: { pendingFor: minutes(5) } },
    );
    groups.setDesiredCapacity({ group: 'pool', desiredCapacity: 1 });
    await clock.advance(seconds(10));
    const { id } = member();
    ec2.terminateInstances([id]);
    await clock.advance(minutes(2));
    expect(member().id).not.toBe(id);
    expect(said().filter((line) => line.startsWith('Failed'))).toHaveLength(1);
  });
});

describe('a member that is said to be unhealthy', () => {
  it('is replaced, unless it is young and that is respected', async () => {
    const { clock, groups, member, group } = await world({ healthCheckGracePeriod: minutes(5) });
    const { id } = member();
    groups.setInstanceHealth({ id, healthStatus: 'Unhealthy' });
    expect(member().healthStatus).toBe('Healthy');
    groups.setInstanceHealth({ id, healthStatus: 'Unhealthy', shouldRespectGracePeriod: false });
    expect(member().healthStatus).toBe('Unhealthy');
    await clock.advance(minutes(1));
    expect(group().instances.map((one) => one.id)).not.toContain(id);
  });

  it('stays when it is healthy again in time', async () => {
    const { clock, groups, member } = await world();
    const { id } = member();
    groups.setInstanceHealth({ id, healthStatus: 'Unhealthy' });
    groups.setInstanceHealth({ id, healthStatus: 'Healthy' });
    await clock.advance(minutes(5));
    expect(member()).toMatchObject({ id, lifecycleState: 'InService' });
    expect(refusalOf(() => groups.setInstanceHealth({ id: 'i-0f', healthStatus: 'Healthy' }))).toBe(
      'ValidationError: Instance Id not found - No managed instance found for instance ID: i-0f',
    );
  });
});

describe('age', () => {
  const day = minutes(24 * 60);

  it('ends members, whatever protects them, and others come', async () => {
    const { clock, group, states } = await world({
      maxInstanceLifetime: day,
      newInstancesProtectedFromScaleIn: true,
    });
    const before = group().instances.map(({ id }) => id);
    await clock.advance(day);
    expect(states()).toEqual(['InService', 'InService']);
    expect(group().instances.some(({ id }) => before.includes(id))).toBe(false);
  });

  it('counts from the launch also where the limit comes later', async () => {
    const { clock, groups, group } = await world();
    const before = group().instances.map(({ id }) => id);
    await clock.advance(minutes(48 * 60));
    groups.updateAutoScalingGroup({ name: 'pool', maxInstanceLifetime: day });
    await clock.advance(minutes(1));
    expect(group().instances.some(({ id }) => before.includes(id))).toBe(false);
    groups.updateAutoScalingGroup({ name: 'pool', maxInstanceLifetime: seconds(0) });
    const then = group().instances.map(({ id }) => id);
    await clock.advance(minutes(48 * 60));
    expect(group().instances.map(({ id }) => id)).toEqual(then);
  });
});

describe('a rebalance recommendation', () => {
  const spot = {
    mixedInstancesPolicy: {
      template: { name: 'pool' },
      overrides: [],
      distribution: { onDemandPercentageAboveBaseCapacity: 0 },
    },
  };

  it('brings another instance before the old one goes', async () => {
    const { clock, ec2, member, states, group } = await world({ ...spot, capacityRebalance: true });
    const { id } = member();
    ec2.recommendRebalance(id);
    await clock.advance(seconds(5));
    expect(states()).toEqual(['InService', 'InService', 'Pending']);
    await clock.advance(seconds(20));
    expect(states()).toEqual(['InService', 'InService']);
    expect(group().instances.map((one) => one.id)).not.toContain(id);
  });

  it('changes nothing where the group does not want that', async () => {
    const { clock, ec2, member, group } = await world(spot);
    const { id } = member();
    ec2.recommendRebalance(id);
    await clock.advance(minutes(5));
    expect(group().instances.map((one) => one.id)).toContain(id);
    expect(ec2.instances()).toHaveLength(2);
  });
});
