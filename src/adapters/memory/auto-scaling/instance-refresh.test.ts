import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { groupWorld, refusalOf } from '../../../../test/support/group-world.ts';
import type { InstanceRefresh, StartInstanceRefreshRequest } from './group-requests.ts';

async function world(...[change, options]: Parameters<typeof groupWorld>) {
  const made = groupWorld({ desiredCapacity: 4, ...change }, options);
  await made.clock.advance(seconds(15));
  const { groups } = made;
  const old = new Set(made.group().instances.map(({ id }) => id));
  const left = (): number => made.group().instances.filter(({ id }) => old.has(id)).length;
  const start = (preferences: StartInstanceRefreshRequest['preferences'] = {}): string =>
    groups.startInstanceRefresh({ group: 'pool', preferences });
  const refresh = (): InstanceRefresh => {
    const [newest] = groups.describeInstanceRefreshes({ group: 'pool' }).items;
    if (newest === undefined) throw new Error('there is no refresh');
    return newest;
  };
  const inService = (): number => made.states().filter((state) => state === 'InService').length;
  return { ...made, left, start, refresh, inService };
}

describe('an instance refresh', () => {
  it('replaces one after the other where nearly all must stay healthy', async () => {
    const { clock, start, refresh, left, inService } = await world();
    const id = start();
    expect(refresh()).toMatchObject({
      id,
      status: 'InProgress',
      percentageComplete: 0,
      instancesToUpdate: 4,
    });
    const least = { healthy: 4 };
    while (refresh().status === 'InProgress') {
      await clock.advance(seconds(1));
      least.healthy = Math.min(least.healthy, inService());
    }
    expect(least.healthy).toBe(3);
    expect(left()).toBe(0);
    expect(refresh()).toMatchObject({ status: 'Successful', percentageComplete: 100, instancesToUpdate: 0 });
  });

  it('replaces as many at once as may be missing', async () => {
    const { clock, start, refresh, states } = await world();
    start({ minHealthyPercentage: 50 });
    await clock.advance(seconds(5));
    expect(states().filter((state) => state === 'Terminating')).toHaveLength(2);
    await clock.advance(seconds(7));
    expect(refresh().percentageComplete).toBe(50);
  });

  it('brings new ones first where more than all may be healthy', async () => {
    const { clock, start, refresh, inService, left } = await world();
    start({ minHealthyPercentage: 100, maxHealthyPercentage: 150 });
    const least = { healthy: 4 };
    while (refresh().status === 'InProgress') {
      await clock.advance(seconds(1));
      least.healthy = Math.min(least.healthy, inService());
    }
    expect(least.healthy).toBe(4);
    expect(left()).toBe(0);
  });

  it('sends old ones through their termination hook', async () => {
    const { clock, groups, start, actions, refresh } = await world({
      lifecycleHooks: [{ name: 'end', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' }],
    });
    start();
    await clock.advance(seconds(5));
    expect(actions).toHaveLength(1);
    for (let step = 0; step < 10; step++) {
      for (const { id } of groups.describeAutoScalingInstances().items) {
        refusalOf(() =>
          groups.completeLifecycleAction({ group: 'pool', hook: 'end', id, result: 'CONTINUE' }),
        );
      }
      await clock.advance(seconds(20));
    }
    expect(actions).toHaveLength(4);
    expect(refresh().status).toBe('Successful');
  });

  it('waits until new ones are warm', async () => {
    const { clock, start, refresh } = await world();
    start({ instanceWarmup: minutes(2), minHealthyPercentage: 0 });
    await clock.advance(minutes(2));
    expect(refresh().status).toBe('InProgress');
    await clock.advance(minutes(1));
    expect(refresh().status).toBe('Successful');
  });

  it('moves the group to another template', async () => {
    const { clock, ec2, template, groups, group, refresh } = await world();
    ec2.createLaunchTemplateVersion({
      id: template,
      sourceVersion: '1',
      data: { instanceType: 'c7i.large' },
    });
    groups.updateAutoScalingGroup({ name: 'pool', template: { id: template, version: '1' } });
    groups.startInstanceRefresh({
      group: 'pool',
      desiredConfiguration: { template: { id: template, version: '2' } },
      preferences: { minHealthyPercentage: 0 },
    });
    await clock.advance(minutes(2));
    expect(refresh().status).toBe('Successful');
    expect(group().template).toEqual({ id: template, version: '2' });
    expect(group().instances.map((one) => one.template?.version)).toEqual(['2', '2', '2', '2']);
  });

  it('skips those that match already, where that is asked', async () => {
    const { clock, start, refresh, left } = await world();
    start({ skipMatching: true });
    await clock.advance(seconds(10));
    expect(refresh()).toMatchObject({ status: 'Successful', percentageComplete: 100 });
    expect(left()).toBe(4);
  });
});

describe('protected instances', () => {
  const protectedOnes = { newInstancesProtectedFromScaleIn: true };

  it('are replaced where that is asked', async () => {
    const { clock, start, refresh, left } = await world(protectedOnes);
    start({ scaleInProtectedInstances: 'Refresh', minHealthyPercentage: 0 });
    await clock.advance(minutes(1));
    expect(refresh().status).toBe('Successful');
    expect(left()).toBe(0);
  });

  it('are left alone where that is asked', async () => {
    const { clock, start, refresh, left } = await world(protectedOnes);
    start({ scaleInProtectedInstances: 'Ignore' });
    await clock.advance(minutes(1));
    expect(refresh().status).toBe('Successful');
    expect(left()).toBe(4);
  });

  it('are otherwise waited for, for an hour', async () => {
    const { clock, groups, group, start, refresh, left } = await world(protectedOnes);
    start({ minHealthyPercentage: 0 });
    await clock.advance(minutes(30));
    const [first = '', second = ''] = group().instances.map(({ id }) => id);
    groups.setInstanceProtection({ group: 'pool', ids: [first, second], protectedFromScaleIn: false });
    await clock.advance(minutes(1));
    expect(left()).toBe(2);
    expect(refresh()).toMatchObject({ status: 'InProgress', percentageComplete: 50 });
    await clock.advance(minutes(61));
    expect(refresh()).toMatchObject({ status: 'Failed', statusReason: expect.stringContaining('protected') });
  });
});

describe('cancelling', () => {
  it('replaces no more than has begun', async () => {
    const { clock, groups, start, refresh, left, states } = await world();
    const id = start();
    await clock.advance(seconds(5));
    expect(groups.cancelInstanceRefresh('pool')).toBe(id);
    expect(refresh().status).toBe('Cancelling');
    await clock.advance(minutes(5));
    expect(refresh().status).toBe('Cancelled');
    expect(left()).toBe(3);
    expect(states()).toEqual(['InService', 'InService', 'InService', 'InService']);
  });

  it('needs a refresh that goes on, and a start needs that there is none', async () => {
    const { groups, start } = await world();
    expect(refusalOf(() => groups.cancelInstanceRefresh('pool'))).toMatch(/^ActiveInstanceRefreshNotFound/);
    start();
    expect(refusalOf(() => start())).toMatch(/^InstanceRefreshInProgress/);
  });
});
