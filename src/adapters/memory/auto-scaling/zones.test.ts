import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { groupWorld } from '../../../../test/support/group-world.ts';
import { defaultPlace } from '../ec2/place.ts';

const [a = '', b = ''] = defaultPlace.subnets.map(({ id }) => id);

/** How often each value comes. */
function count(values: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(values)].map((one) => [one, values.filter((other) => other === one).length]),
  );
}

describe('zones', () => {
  it('are left when the group has no subnet there any more: others come first', async () => {
    const { clock, groups, desire, group, states } = groupWorld({ newInstancesProtectedFromScaleIn: true });
    groups.suspendProcesses({ group: 'pool', processes: ['AZRebalance'] });
    desire(3);
    await clock.advance(seconds(15));
    groups.updateAutoScalingGroup({ name: 'pool', subnets: [a, b] });
    await clock.advance(seconds(5));
    expect(states()).toEqual(['InService', 'InService', 'InService', 'Pending']);
    await clock.advance(minutes(1));
    const zones = group().instances.map(({ zone }) => zone);
    expect(zones).toHaveLength(3);
    expect(zones).not.toContain('eu-central-1c');
  });

  it('are evened out, by members that are not protected', async () => {
    const { clock, groups, desire, group } = groupWorld({ subnets: [a] });
    desire(4);
    await clock.advance(seconds(15));
    const [first] = group().instances.map(({ id }) => id);
    groups.setInstanceProtection({ group: 'pool', ids: [first ?? ''], protectedFromScaleIn: true });
    groups.updateAutoScalingGroup({ name: 'pool', subnets: [a, b] });
    await clock.advance(minutes(5));
    expect(count(group().instances.map(({ zone }) => zone))).toEqual({
      'eu-central-1a': 2,
      'eu-central-1b': 2,
    });
    expect(group().instances.map(({ id }) => id)).toContain(first);
  });

  it('stay uneven while that is suspended, and where nothing can be had', async () => {
    const { clock, ec2, groups, desire, group } = groupWorld({ subnets: [a] });
    groups.suspendProcesses({ group: 'pool', processes: ['AZRebalance'] });
    desire(4);
    await clock.advance(seconds(15));
    groups.updateAutoScalingGroup({ name: 'pool', subnets: [a, b] });
    await clock.advance(minutes(5));
    expect(count(group().instances.map(({ zone }) => zone))).toEqual({ 'eu-central-1a': 4 });
    ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', subnet: b });
    groups.resumeProcesses({ group: 'pool' });
    await clock.advance(minutes(10));
    expect(group().instances.filter((one) => one.zone === 'eu-central-1a')).toHaveLength(4);
    expect(ec2.instances().length).toBeLessThan(8);
  });
});
