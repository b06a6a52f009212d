import { describe, expect, it } from 'vitest';
import { type AwsDouble, fleetOf, startAwsDouble } from '../../../test/support/aws-double.ts';
import { seconds } from '../../engine/time.ts';
import { defaultPlace } from '../memory/ec2/place.ts';
import { limitsOf } from './aws-call.ts';
import { LaunchTemplates, wantedTemplate } from './launch-template.ts';

const NEVER = new AbortController().signal;
const SUBNET = defaultPlace.subnets[0]?.id;

function wanted(generation: number) {
  const parts = {
    generation: `g${generation}`,
    imageId: defaultPlace.images[0]?.id ?? '',
    securityGroups: [defaultPlace.securityGroups[0]?.id ?? ''],
    profile: 'runtide-instance',
    userData: '#!/bin/sh\n',
  };
  return wantedTemplate('acme', 'linux', parts, { CostCenter: '42' });
}

/** A pool in the double, whose template is made anew for each generation. */
function pool(double: AwsDouble) {
  const notes: string[] = [];
  const templates = new LaunchTemplates(double.ec2, (message) => notes.push(message));
  const ensure = (generation: number) => templates.ensure(wanted(generation), limitsOf(NEVER, seconds(10)));
  const through = async (first: number, last: number): Promise<void> => {
    for (let generation = first; generation <= last; generation++) {
      await ensure(generation);
      await double.clock.advance(seconds(30));
    }
  };
  /** What is left, by the names of the generations. */
  const left = (): readonly number[] =>
    double.model
      .describeLaunchTemplateVersions({ name: 'runtide-acme-linux' })
      .items.map(({ description = '' }) => Number(/^g(\d+) /.exec(description)?.[1]));
  return { notes, ensure, through, left };
}

async function launch({ ec2 }: AwsDouble, pin: { readonly id: string; readonly version: string }) {
  const { Instances } = await ec2.send(
    fleetOf(pin.id, {
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: pin.id, Version: pin.version },
          Overrides: [{ InstanceType: 'm7i.large', SubnetId: SUBNET }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
    }),
  );
  return Instances?.[0]?.InstanceIds?.[0] ?? '';
}

const numbers = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('old versions of a launch template', () => {
  it('go when a new one comes: all but the default and the newest 20 before it', async () => {
    await using double = await startAwsDouble();
    const { through, left, notes } = pool(double);
    await through(1, 21);
    expect(left()).toEqual(numbers(1, 21));
    await through(22, 24);
    expect(left()).toEqual([1, ...numbers(4, 24)]);
    expect(double.model.calls()).toMatchObject({ DeleteLaunchTemplateVersions: 2 });
    expect(notes).toEqual([]);
  });

  it('stay while an instance is there that was made of them, and go afterwards', async () => {
    await using double = await startAwsDouble();
    const { through, ensure, left } = pool(double);
    await through(1, 2);
    const instance = await launch(double, await ensure(3));
    await through(4, 25);
    expect(left()).toEqual([1, 3, ...numbers(5, 25)]);
    double.model.terminateInstances([instance]);
    await double.clock.advance(seconds(600));
    await through(26, 26);
    expect(left()).toEqual([1, ...numbers(6, 26)]);
  });

  it('leave numbers that do not come back, so that a pin never means another version', async () => {
    await using double = await startAwsDouble();
    const { through, ensure } = pool(double);
    await through(1, 23);
    const { version } = await ensure(24);
    expect(version).toBe('24');
    // What was deleted is made again when it is wanted again, although it was asked for in the same words.
    expect((await ensure(2)).version).toBe('25');
  });

  it('stay for now when they cannot be deleted, which is said', async () => {
    await using double = await startAwsDouble();
    const { through, ensure, left, notes } = pool(double);
    await through(1, 21);
    double.model.faults.throttle(1, 'DeleteLaunchTemplateVersions');
    expect(await ensure(22)).toMatchObject({ version: '22' });
    await ensure(23);
    expect(notes).toEqual([
      expect.stringMatching(/^old versions of launch template lt-\w+ stay for now: .*RequestLimitExceeded/),
    ]);
    await double.clock.advance(seconds(30));
    await ensure(24);
    expect(left()).toEqual([1, ...numbers(4, 24)]);
  });
});

describe('the tags of the user', () => {
  it('are on all that a launch makes: template, fleet, instances, disks, network interfaces', async () => {
    await using double = await startAwsDouble();
    await pool(double).ensure(1);
    const [template] = double.model.describeLaunchTemplates().items;
    expect(template?.tags).toContainEqual({ key: 'CostCenter', value: '42' });
    const [version] = double.model.describeLaunchTemplateVersions({ name: 'runtide-acme-linux' }).items;
    expect(version?.data.tagSpecifications?.map(({ resourceType }) => resourceType)).toEqual([
      'volume',
      'network-interface',
    ]);
    for (const { tags } of version?.data.tagSpecifications ?? []) {
      expect(tags).toContainEqual({ key: 'CostCenter', value: '42' });
    }
  });
});
