import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { seededRandom } from '../random.ts';
import { Ec2 } from './ec2.ts';
import { draw, EC2_LIFE_TIMES } from './life-times.ts';

describe('how long machines take', () => {
  it.each(Object.entries(EC2_LIFE_TIMES))(
    '%s: within its bounds, half of them below the median',
    (_, spread) => {
      const random = seededRandom(1);
      const times = Array.from({ length: 2000 }, () => draw(spread, random));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(spread.shortest);
      expect(Math.max(...times)).toBeLessThanOrEqual(spread.longest);
      const below = times.filter((time) => time < spread.median).length;
      expect(below / times.length).toBeGreaterThan(0.45);
      expect(below / times.length).toBeLessThan(0.55);
    },
  );

  it('is the same for all where it is one length', () => {
    expect(draw(seconds(5), seededRandom(1))).toBe(5000);
  });
});

/** When each of 40 machines came to run, and what they are called. */
async function boots(seed: number, fixed?: true) {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed, ...(fixed && { pendingFor: seconds(5) }) });
  const { id } = ec2.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const configs = [{ template: { id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }];
  ec2.createFleet({ configs, count: 40, market: 'spot' });
  await clock.advance(minutes(1));
  return {
    ids: ec2.instances().map((record) => record.id),
    after: ec2.bills().map(({ runningFrom }) => runningFrom - (clock.now() - 60_000)),
  };
}

describe('a fleet by default', () => {
  it('comes to run bit by bit, as the seed decides', async () => {
    const { ids, after } = await boots(7);
    expect(new Set(after).size).toBeGreaterThan(30);
    expect(await boots(7)).toEqual({ ids, after });
    expect((await boots(8)).after).not.toEqual(after);
  });

  it('has the same ids however long its machines take', async () => {
    expect((await boots(7, true)).ids).toEqual((await boots(7)).ids);
  });
});
