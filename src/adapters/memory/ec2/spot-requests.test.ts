import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import { Ec2Error } from './error.ts';

async function world() {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7, pendingFor: seconds(5), shutdownFor: seconds(5) });
  const { id } = ec2.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const launch = (market: 'spot' | 'on-demand'): readonly string[] =>
    ec2
      .createFleet({
        configs: [{ template: { id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }],
        count: 2,
        market,
      })
      .instances.flatMap(({ ids }) => ids);
  const [one = '', two = ''] = launch('spot');
  launch('on-demand');
  await clock.advance(seconds(10));
  const statuses = () =>
    ec2
      .describeSpotInstanceRequests()
      .items.map(({ instance, state, status }) => [instance, state, status.code]);
  return { clock, ec2, one, two, statuses };
}

describe('the requests of spot instances', () => {
  it('are fulfilled while their instances run, and closed when somebody has ended those', async () => {
    const { ec2, one, two, statuses } = await world();
    expect(statuses()).toEqual([
      [one, 'active', 'fulfilled'],
      [two, 'active', 'fulfilled'],
    ]);
    ec2.terminateInstances([one]);
    expect(statuses()[0]).toEqual([one, 'closed', 'instance-terminated-by-user']);
  });

  it('say at the notice already that their instance was terminated, although it runs on', async () => {
    const { clock, ec2, one, two, statuses } = await world();
    const noticedAt = clock.now();
    ec2.interrupt(one);
    await clock.advance(minutes(1));
    expect(statuses()).toEqual([
      [one, 'closed', 'instance-terminated-no-capacity'],
      [two, 'active', 'fulfilled'],
    ]);
    const [request] = ec2.describeSpotInstanceRequests().items;
    expect(request?.status.updatedAt).toBe(noticedAt);
    await clock.advance(minutes(2));
    expect(statuses()[0]?.[2]).toBe('instance-terminated-no-capacity');
  });

  it('are found by what they are asked for, in pages, and an unknown id refuses all', async () => {
    const { ec2, one, two } = await world();
    ec2.interrupt(two);
    const asked = (name: string, ...values: readonly string[]) =>
      ec2.describeSpotInstanceRequests({ filters: [{ name, values }] }).items.map(({ instance }) => instance);
    expect(asked('status-code', 'marked-for-termination', 'instance-terminated-no-capacity')).toEqual([two]);
    expect(asked('instance-id', one)).toEqual([one]);
    expect(asked('state', 'active', 'closed')).toEqual([one, two]);
    const [first, second] = ec2.describeSpotInstanceRequests().items;
    expect(asked('spot-instance-request-id', second?.id ?? '', 'sir-unknown')).toEqual([two]);
    expect(() => asked('colour', 'red')).toThrow(Ec2Error);
    expect(ec2.describeSpotInstanceRequests({ ids: [first?.id ?? ''] }).items).toHaveLength(1);
    expect(() => ec2.describeSpotInstanceRequests({ ids: [first?.id ?? '', 'sir-unknown'] })).toThrow(
      Ec2Error,
    );
    expect(ec2.calls()['DescribeSpotInstanceRequests']).toBe(8);
  });
});
