import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { groupWorld } from '../../../../test/support/group-world.ts';
import { defaultPlace } from '../ec2/place.ts';

const [a = '', b = ''] = defaultPlace.subnets.map(({ id }) => id);

/** How often each value comes. */
function count(values: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(values)].map((one) => [one, values.filter((other) => other === one).length]),
  );
}

function policy(
  onDemandBaseCapacity: number,
  onDemandPercentageAboveBaseCapacity: number,
  overrides = [{ instanceType: 'm7i.large' }, { instanceType: 'c7i.large' }],
) {
  return {
    template: { name: 'pool', version: '$Latest' },
    overrides,
    distribution: { onDemandBaseCapacity, onDemandPercentageAboveBaseCapacity },
  };
}

describe('more capacity than there is', () => {
  it('is launched after a while, evenly over the zones', async () => {
    const { clock, desire, states, group } = groupWorld();
    desire(6);
    await clock.advance(seconds(4));
    expect(states()).toEqual([]);
    await clock.advance(seconds(1));
    expect(states()).toEqual(Array.from({ length: 6 }, () => 'Pending'));
    expect(count(group().instances.map(({ zone }) => zone))).toEqual({
      'eu-central-1a': 2,
      'eu-central-1b': 2,
      'eu-central-1c': 2,
    });
    await clock.advance(seconds(5));
    expect(states()).toEqual(Array.from({ length: 6 }, () => 'InService'));
  });

  it('is not launched once nobody wants it any more', async () => {
    const { clock, ec2, desire } = groupWorld();
    desire(6);
    await clock.advance(seconds(4));
    desire(0);
    await clock.advance(minutes(5));
    expect(ec2.instances()).toEqual([]);
  });

  it("gets the group's tags, its template's and those of AWS", async () => {
    const tags = [
      { key: 'team', value: 'ci', propagateAtLaunch: true },
      { key: 'cost', value: '7' },
    ];
    const { clock, ec2, template, desire, member } = groupWorld(
      { tags },
      {},
      {
        tagSpecifications: [
          {
            resourceType: 'instance',
            tags: [
              { key: 'team', value: 'old' },
              { key: 'own', value: '1' },
            ],
          },
        ],
      },
    );
    desire(1);
    await clock.advance(seconds(5));
    expect(Object.fromEntries(ec2.instance(member().id)?.tags ?? [])).toEqual({
      team: 'ci',
      own: '1',
      'aws:autoscaling:groupName': 'pool',
      'aws:ec2:fleet-id': expect.stringMatching(/^fleet-/),
      'aws:ec2launchtemplate:id': template,
      'aws:ec2launchtemplate:version': '1',
    });
  });

  it('costs the account no calls of EC2 and no tokens', async () => {
    const { clock, ec2, desire, group } = groupWorld({ maxSize: 1500 });
    desire(1200);
    await clock.advance(seconds(30));
    expect(group().instances).toHaveLength(1200);
    expect(ec2.calls()).toEqual({ CreateLaunchTemplate: 1 });
  });

  it('is made of the version that the template has then', async () => {
    const { clock, ec2, template, groups, desire, member } = groupWorld();
    ec2.createLaunchTemplateVersion({
      id: template,
      sourceVersion: '1',
      data: { instanceType: 'c7i.large' },
    });
    desire(1);
    await clock.advance(seconds(10));
    expect(member()).toMatchObject({
      instanceType: 'c7i.large',
      template: { id: template, name: 'pool', version: '2' },
    });
    groups.updateAutoScalingGroup({ name: 'pool', template: { id: template, version: '$Default' } });
    desire(2);
    await clock.advance(seconds(10));
    expect(member(1)).toMatchObject({ instanceType: 'm7i.large', template: { version: '1' } });
  });

  it('waits while launches are suspended', async () => {
    const { clock, groups, desire, states } = groupWorld();
    groups.suspendProcesses({ group: 'pool', processes: ['Launch'] });
    desire(1);
    await clock.advance(minutes(5));
    expect(states()).toEqual([]);
    groups.resumeProcesses({ group: 'pool', processes: ['Launch'] });
    await clock.advance(seconds(10));
    expect(states()).toEqual(['InService']);
  });
});

describe('markets and types', () => {
  it('are as the policy says', async () => {
    const { clock, ec2, groups, desire, group } = groupWorld({ mixedInstancesPolicy: policy(1, 50) });
    const markets = () => count(group().instances.map(({ id }) => ec2.instance(id)?.market ?? ''));
    desire(4);
    await clock.advance(seconds(5));
    expect(markets()).toEqual({ 'on-demand': 3, spot: 1 });
    groups.updateAutoScalingGroup({
      name: 'pool',
      mixedInstancesPolicy: {
        distribution: { onDemandBaseCapacity: 3, onDemandPercentageAboveBaseCapacity: 0 },
      },
    });
    desire(6);
    await clock.advance(seconds(5));
    expect(markets()).toEqual({ 'on-demand': 3, spot: 3 });
    expect(group().mixedInstancesPolicy?.overrides).toHaveLength(2);
  });

  it('fall back to the next type, and to the next zone', async () => {
    const { clock, ec2, desire, group } = groupWorld({
      mixedInstancesPolicy: policy(0, 100),
      subnets: [a, b],
    });
    ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', instanceType: 'm7i.large', subnet: a });
    ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', subnet: b });
    desire(2);
    await clock.advance(seconds(5));
    expect(group().instances.map(({ instanceType, zone }) => `${instanceType} ${zone}`)).toEqual([
      'c7i.large eu-central-1a',
      'c7i.large eu-central-1a',
    ]);
  });

  it('change for members that are not protected when the policy does, one after the other', async () => {
    const { clock, ec2, groups, desire, group } = groupWorld({ mixedInstancesPolicy: policy(0, 0) });
    const markets = () => count(group().instances.map(({ id }) => ec2.instance(id)?.market ?? ''));
    desire(3);
    await clock.advance(seconds(15));
    const [first = ''] = group().instances.map(({ id }) => id);
    groups.setInstanceProtection({ group: 'pool', ids: [first], protectedFromScaleIn: true });
    groups.updateAutoScalingGroup({ name: 'pool', mixedInstancesPolicy: policy(0, 100) });
    await clock.advance(seconds(5));
    expect(markets()).toEqual({ spot: 3, 'on-demand': 1 });
    await clock.advance(minutes(5));
    expect(markets()).toEqual({ spot: 1, 'on-demand': 2 });
    expect(group().instances.map(({ id }) => id)).toContain(first);
  });

  it('count by their weight', async () => {
    const overrides = [{ instanceType: 'm7i.xlarge', weightedCapacity: 4 }];
    const { clock, desire, group } = groupWorld({ mixedInstancesPolicy: policy(0, 0, overrides) });
    desire(6);
    await clock.advance(seconds(30));
    expect(group().instances.map(({ weightedCapacity }) => weightedCapacity)).toEqual([4, 4]);
  });
});

describe('a launch that fails', () => {
  it('says why, and is tried again after pauses that grow', async () => {
    const { clock, ec2, desire, said, states } = groupWorld({ subnets: [a] });
    const lift = ec2.faults.shortage({ code: 'InsufficientInstanceCapacity' });
    desire(1);
    await clock.advance(seconds(5));
    expect(said()).toEqual([
      'Failed: We currently do not have sufficient m7i.large capacity in the Availability Zone you requested (eu-central-1a). Our system will be working on provisioning additional capacity. Launching EC2 instance failed.',
    ]);
    await clock.advance(seconds(35));
    expect(said()).toHaveLength(2);
    await clock.advance(seconds(60));
    expect(said()).toHaveLength(2);
    await clock.advance(seconds(5));
    expect(said()).toHaveLength(3);
    lift();
    await clock.advance(seconds(135));
    expect(states()).toEqual(['InService']);
  });

  it('is tried again at once when the group is asked for something else', async () => {
    const { clock, ec2, desire, said, states } = groupWorld({ subnets: [a] });
    ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', next: 1 });
    desire(1);
    await clock.advance(seconds(5));
    expect(said()).toHaveLength(1);
    desire(2);
    await clock.advance(seconds(10));
    expect(states()).toEqual(['InService', 'InService']);
  });

  it('names the market where a policy divides it', async () => {
    const mixedInstancesPolicy = {
      template: { name: 'pool' },
      overrides: [{ instanceType: 'm7i.large' }],
      distribution: { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity: 0 },
    };
    const { clock, desire, said } = groupWorld(
      { mixedInstancesPolicy, subnets: [a] },
      { ec2Options: { quotas: { 'on-demand': 0, spot: 0 } } },
    );
    desire(2);
    await clock.advance(seconds(5));
    expect(said().toSorted()).toEqual([
      'Failed: Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your current limit allows. Launching EC2 instance failed.',
      'Failed: Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded. Launching EC2 instance failed.',
    ]);
  });

  it('says what is wrong with the template', async () => {
    const { clock, ec2, template, desire, said } = groupWorld({ subnets: [a] });
    ec2.createLaunchTemplateVersion({
      id: template,
      data: { instanceType: 'm7i.large', imageId: 'ami-0f00000000000000f' },
    });
    desire(1);
    await clock.advance(seconds(5));
    expect(said()).toEqual([
      "Failed: The image id '[ami-0f00000000000000f]' does not exist Launching EC2 instance failed.",
    ]);
    ec2.deleteLaunchTemplate({ id: template });
    desire(2);
    await clock.advance(seconds(5));
    expect(said()[0]).toBe(
      `Failed: The launch template '${template}' does not exist. Launching EC2 instance failed.`,
    );
  });
});

describe('less capacity than there is', () => {
  it('ends members where most are, oldest first, and their machines', async () => {
    const { clock, ec2, desire, group, states } = groupWorld();
    desire(4);
    await clock.advance(seconds(10));
    const oldest = group().instances[0]?.id ?? '';
    desire(3);
    await clock.advance(seconds(5));
    expect(states()).toEqual(['Terminating', 'InService', 'InService', 'InService']);
    await clock.advance(seconds(5));
    expect(states()).toHaveLength(3);
    expect(ec2.instance(oldest)?.life.at(-1)).toMatchObject({ state: 'terminated' });
  });

  it('leaves those alone that are protected, and says so once', async () => {
    const { clock, desire, said, states } = groupWorld({ newInstancesProtectedFromScaleIn: true });
    desire(2);
    await clock.advance(seconds(15));
    desire(1);
    await clock.advance(minutes(10));
    expect(states()).toEqual(['InService', 'InService']);
    const line =
      'Cancelled: Could not scale to desired capacity because all remaining instances are protected from scale-in.';
    expect(said().filter((one) => one === line)).toHaveLength(1);
  });

  it('never ends a member that is pending', async () => {
    const { clock, desire, states } = groupWorld({}, { ec2Options: { pendingFor: minutes(2) } });
    desire(2);
    await clock.advance(seconds(10));
    desire(1);
    await clock.advance(minutes(1));
    expect(states()).toEqual(['Pending', 'Pending']);
    await clock.advance(minutes(2));
    expect(states()).toEqual(['InService']);
  });

  it('waits while terminations are suspended', async () => {
    const { clock, groups, desire, states } = groupWorld();
    desire(2);
    await clock.advance(seconds(15));
    groups.suspendProcesses({ group: 'pool', processes: ['Terminate'] });
    desire(1);
    await clock.advance(minutes(1));
    expect(states()).toEqual(['InService', 'InService']);
  });
});
