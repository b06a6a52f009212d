import { membersContract } from './group-members.contract.ts';
import { doubleGroups, memoryGroups } from './group-worlds.ts';
import { groupsContract } from './groups.contract.ts';
import { MEMORY_GROUP_DIFFERENCES } from './memory-group-differences.ts';

groupsContract('memory group', memoryGroups, MEMORY_GROUP_DIFFERENCES);

groupsContract('auto-scaling-group over the AWS double', doubleGroups);

membersContract('memory', memoryGroups);

membersContract('auto-scaling-group over the AWS double', doubleGroups);
