import type { GroupPool } from '../../src/adapters/aws/auto-scaling/group-pool.ts';
import type { PoolMachines } from '../../src/adapters/aws/launch-template.ts';
import type { Place } from '../../src/adapters/memory/ec2/place.ts';
import type { Offering } from '../../src/engine/pool.ts';
import { minutes } from '../../src/engine/time.ts';

/** What the pool `linux` is made of in a place of the model. */
export function linuxMachines({ images, securityGroups }: Place): PoolMachines {
  return {
    generation: 'g1',
    imageId: images[0]?.id ?? '',
    securityGroups: [securityGroups[0]?.id ?? ''],
    profile: 'runtide-instance',
    userData: '#!/bin/sh\n',
  };
}

/** The pool `linux` with a group for at most ten instances of two slots. */
export function groupPools({
  group,
  attached,
  offerings,
  ...over
}: Pick<GroupPool, 'group' | 'attached' | 'offerings'> & Partial<GroupPool>): Readonly<
  Record<string, GroupPool>
> {
  const subnets = [...new Set(offerings.flatMap(({ subnet }: Offering) => subnet ?? []))];
  const linux = {
    group,
    attached,
    offerings,
    heartbeat: minutes(60),
    max: 10,
    subnets: attached ? [] : subnets,
    slots: 2,
    generation: 'g1',
    ...over,
  };
  return { linux };
}
