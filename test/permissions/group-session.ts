import { CreateLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import { GroupFleet } from '../../src/adapters/aws/auto-scaling/group-fleet.ts';
import { checkGroup } from '../../src/adapters/aws/auto-scaling/group-checks.ts';
import type { GroupPool } from '../../src/adapters/aws/auto-scaling/group-pool.ts';
import { GroupUpkeep } from '../../src/adapters/aws/auto-scaling/group-upkeep.ts';
import { limitsOf } from '../../src/adapters/aws/aws-call.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import type { Remarks } from '../../src/controller/ports.ts';
import { type Duration, instant, minutes, seconds } from '../../src/engine/time.ts';
import type { GuardedAccount } from './guarded-account.ts';

const signal = new AbortController().signal;
const TIMEOUT = seconds(10);
const REMARKS: Remarks = { group: () => undefined };
