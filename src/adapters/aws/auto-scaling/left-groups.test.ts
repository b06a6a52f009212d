import { describe, expect, it } from 'vitest';
import { type AwsDouble, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, launchInGroup } from '../../../../test/support/aws-group.ts';
import { isPortError } from '../../../controller/errors.ts';
import { seconds } from '../../../engine/time.ts';
import { limitsOf } from '../aws-call.ts';
import { poolTags } from '../instance-tags.ts';
import { describeAllGroups } from './described-group.ts';
import { leftGroups, removeGroup } from './left-groups.ts';

const limits = () => limitsOf(new AbortController().signal, seconds(10));

function tagged(pool: string, installation = 'acme') {
  return Array.from(poolTags(installation, pool, {}), ([Key, Value]) => ({
    Key,
    Value,
    PropagateAtLaunch: true,
  }));
}

/** What is found of group `linux`, which is that of pool `linux`, unless Runtide would call it otherwise. */
async function look(double: AwsDouble, wanted: readonly string[] = [], prefix = '') {
  const ownName = (pool: string): string => `${prefix}${pool}`;
  const question = { installation: 'acme', wanted: new Set(wanted), ownName };
  return leftGroups(question, await describeAllGroups(double.autoScaling, limits));
}

describe('groups', () => {
  it('without members that no pool has are deleted', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: tagged('linux') });
    const { leftovers, spared } = await look(double);
    const { AutoScalingGroupARN: id } = await describeGroup(double);
    const because = 'pool linux no longer has it, and it has no members';
    expect({ leftovers, spared }).toEqual({
      leftovers: [{ kind: 'group', id, name: 'linux', because }],
      spared: [],
    });
    await removeGroup(double.autoScaling, 'linux', limits());
    await double.clock.advance(seconds(600));
    expect(await describeGroup(double)).toEqual({});
    await removeGroup(double.autoScaling, 'linux', limits());
  });

  it.each([
    ['that a pool has', tagged('linux'), ['linux']],
    ['of another installation', tagged('linux', 'beta'), []],
    ['without tags', [], []],
  ])('%s are not looked at', async (_what, Tags, wanted) => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags });
    expect(await look(double, wanted)).toEqual({ leftovers: [], spared: [] });
  });

  it('with members stay, and AWS itself does not let them go', async () => {
    await using double = await startAwsDouble();
    await launchInGroup(double, 2, { Tags: tagged('linux') });
    expect(await look(double)).toMatchObject({
      leftovers: [],
      spared: [{ name: 'linux', because: '2 members still there' }],
    });
    await expect(removeGroup(double.autoScaling, 'linux', limits())).rejects.toSatisfy(isPortError);
    expect(await describeGroup(double)).toMatchObject({ DesiredCapacity: 2 });
  });

  it('that still want members stay', async () => {
    await using double = await startAwsDouble();
    double.model.faults.shortage({ code: 'InsufficientInstanceCapacity' });
    await createGroup(double, { Tags: tagged('linux'), DesiredCapacity: 1 });
    expect(await look(double)).toMatchObject({ leftovers: [], spared: [{ because: 'it still wants 1' }] });
  });

  it('of the operator stay, with the command that takes them back', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: tagged('linux') });
    expect(await look(double, [], 'runtide-acme-')).toMatchObject({
      leftovers: [],
      spared: [
        {
          name: 'linux',
          because:
            'it is yours, and pool linux has let go of it: aws autoscaling delete-tags --tags ResourceId=linux,ResourceType=auto-scaling-group,Key=runtide:installation, or delete it',
        },
      ],
    });
  });
});
