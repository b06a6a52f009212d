import { describe, expect, it } from 'vitest';
import { minutes } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import { Ec2Error } from './error.ts';
import { stateOf } from './instance-record.ts';
import { defaultPlace } from './place.ts';

async function world(seed = 7) {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed, terminatedVisibleFor: minutes(24 * 60) });
  const { id } = ec2.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const launch = (count: number, market: 'spot' | 'on-demand' = 'spot'): number =>
    ec2
      .createFleet({
        configs: [
          {
            template: { id, version: '1' },
            overrides: defaultPlace.subnets.map((subnet) => ({
              instanceType: 'm7i.large',
              subnet: subnet.id,
            })),
          },
        ],
        count,
        market,
        spotStrategy: 'diversified',
      })
      .instances.flatMap(({ ids }) => ids).length;
  return { clock, ec2, launch };
}

/** Which machines are gone after so many minutes of a storm that takes a fifth each hour. */
async function gone(seed: number, lasting: number): Promise<readonly string[]> {
  const { clock, ec2, launch } = await world(seed);
  launch(500);
  await clock.advance(minutes(1));
  const end = ec2.interruptAtRandom(0.2);
  await clock.advance(minutes(lasting));
  end();
  await clock.advance(minutes(60));
  return ec2.instances().flatMap((record) => (stateOf(record) === 'terminated' ? [record.id] : []));
}

describe('interruptions at random', () => {
  it('take the given share of the running spot instances in an hour', async () => {
    const taken = await gone(7, 60);
    expect(taken.length).toBeGreaterThan(75);
    expect(taken.length).toBeLessThan(125);
  });

  it('are the same for the same seed', async () => {
    const one = await gone(3, 20);
    expect(one.length).toBeGreaterThan(0);
    expect(await gone(3, 20)).toEqual(one);
    expect(await gone(4, 20)).not.toEqual(one);
  });

  it('give notice first, and leave on-demand instances alone', async () => {
    const { clock, ec2, launch } = await world();
    launch(20);
    launch(20, 'on-demand');
    await clock.advance(minutes(1));
    const told: string[] = [];
    ec2.onNotice(({ id }) => told.push(id));
    ec2.interruptAtRandom(1);
    await clock.advance(minutes(1));
    expect(told).toHaveLength(20);
    expect(ec2.instances().every((record) => stateOf(record) === 'running')).toBe(true);
    await clock.advance(minutes(2));
    const left = ec2.instances().filter((record) => stateOf(record) === 'running');
    expect(left.map(({ market }) => market)).toEqual(Array.from({ length: 20 }, () => 'on-demand'));
    expect(told).toHaveLength(20);
  });
});

describe('a zone that fails', () => {
  it('takes its machines along and sells nothing until it is back', async () => {
    const { clock, ec2, launch } = await world();
    launch(9);
    await clock.advance(minutes(1));
    const lift = ec2.loseZone('eu-central-1b');
    const lost = ec2.instances().filter((record) => stateOf(record) !== 'running');
    expect(lost.map(({ zone }) => zone)).toEqual(['eu-central-1b', 'eu-central-1b', 'eu-central-1b']);
    expect(lost[0]?.life.at(-1)?.reason?.code).toBe('Server.InternalError');
    expect(launch(9)).toBe(9);
    const inZone = (): number => ec2.instances().filter(({ zone }) => zone === 'eu-central-1b').length;
    expect(inZone()).toBe(3);
    lift();
    launch(9);
    expect(inZone()).toBe(6);
  });
});

it('interrupts nothing that is not there', async () => {
  const { ec2 } = await world();
  expect(() => ec2.interrupt('i-0123456789abcdef0')).toThrow(Ec2Error);
});
