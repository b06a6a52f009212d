import { expect } from 'vitest';
import { launch } from './fleet.contract.ts';
import { membersContract } from './group-members.contract.ts';
import { doubleGroups, memoryGroups } from './group-worlds.ts';
import { groupsContract } from './groups.contract.ts';

const signal = new AbortController().signal;

groupsContract('memory group', memoryGroups, {
  'lists the number of jobs of instances where they are counted': {
    because: 'the memory has no configuration: it tags its groups as the last request says',
    async instead(world) {
      await launch(world, { count: 1, slots: 1, maxJobs: 3 });
      expect(await world.fleet.list(signal)).toMatchObject([{ slots: 1, maxJobs: 3 }]);
    },
  },
});

groupsContract('auto-scaling-group over the AWS double', doubleGroups);

membersContract('memory', memoryGroups);

membersContract('auto-scaling-group over the AWS double', doubleGroups);
