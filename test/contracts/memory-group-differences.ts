import { expect } from 'vitest';
import { type FleetDifference, launch } from './fleet.contract.ts';
import type { GroupWorld } from './groups.contract.ts';

const signal = new AbortController().signal;

/** Where the groups of the memory are known to be simpler. */
export const MEMORY_GROUP_DIFFERENCES: Readonly<Record<string, FleetDifference<GroupWorld>>> = {
  'lists the number of jobs of instances where they are counted': {
    because: 'the memory has no configuration: it tags its groups as the last request says',
    async instead(world) {
      await launch(world, { count: 1, slots: 1, maxJobs: 3 });
      expect(await world.fleet.list(signal)).toMatchObject([{ slots: 1, maxJobs: 3 }]);
    },
  },
};
