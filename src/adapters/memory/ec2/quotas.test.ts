import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import type { FleetAnswer } from './fleet-request.ts';
import { NEW_ACCOUNT_QUOTAS, type Quotas } from './quotas.ts';
import { isStandard, vcpusOf } from './vcpus.ts';

function world(quotas: Quotas) {
  const ec2 = new Ec2({ timers: new VirtualClock(), seed: 7, quotas });
  const { id } = ec2.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const launch = (market: 'spot' | 'on-demand', count: number, ...types: readonly string[]): FleetAnswer =>
    ec2.createFleet({
      configs: [
        {
          template: { id, version: '1' },
          overrides: types.map((instanceType, index) => ({ instanceType, priority: index })),
        },
      ],
      count,
      market,
      spotStrategy: 'capacity-optimized-prioritized',
      onDemandStrategy: 'prioritized',
    });
  return { ec2, launch };
}

/** What was bought of which type, and what was refused why. */
function outcome(answer: FleetAnswer): readonly string[] {
  return [
    ...answer.instances.map(({ pool, ids }) => `${ids.length} ${pool.instanceType}`),
    ...answer.errors.map(({ pool, code }) => `${pool.instanceType} ${code}`),
  ];
}

describe('virtual processors', () => {
  it.each([
    ['m7i.large', 2],
    ['m7i.xlarge', 4],
    ['c7i.4xlarge', 16],
    ['m7g.medium', 1],
    ['t3.nano', 2],
    ['t3.xlarge', 4],
    ['m7i.metal-24xl', 96],
  ])('%s has %i', (type, count) => {
    expect(vcpusOf(type)).toBe(count);
  });

  it('of accelerated families count elsewhere', () => {
    expect(['m7i.large', 'c7gn.large', 't4g.small', 'is4gen.large'].map(isStandard)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['g5.xlarge', 'p5.48xlarge', 'x2gd.large', 'hpc7a.96xlarge'].map(isStandard)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('quotas', () => {
  it('hold a new account to two machines of a large type on each market', () => {
    const { launch } = world(NEW_ACCOUNT_QUOTAS);
    expect(outcome(launch('spot', 3, 'm7i.large'))).toEqual([
      '2 m7i.large',
      'm7i.large MaxSpotInstanceCountExceeded',
    ]);
    expect(outcome(launch('on-demand', 3, 'm7i.large'))).toEqual([
      '2 m7i.large',
      'm7i.large VcpuLimitExceeded',
    ]);
  });

  it('let a smaller type in where the larger is too much', () => {
    const { launch } = world({ spot: 7 });
    expect(outcome(launch('spot', 3, 'm7i.xlarge', 'm7i.large'))).toEqual([
      '1 m7i.xlarge',
      '1 m7i.large',
      'm7i.xlarge MaxSpotInstanceCountExceeded',
      'm7i.large MaxSpotInstanceCountExceeded',
    ]);
  });

  it('stand until something ends', () => {
    const { ec2, launch } = world({ spot: 4 });
    const [id = ''] = launch('spot', 2, 'm7i.large').instances.flatMap(({ ids }) => ids);
    expect(outcome(launch('spot', 1, 'm7i.large'))).toEqual(['m7i.large MaxSpotInstanceCountExceeded']);
    ec2.terminateInstances([id]);
    expect(outcome(launch('spot', 1, 'm7i.large'))).toEqual(['1 m7i.large']);
  });
});
