import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateCommand, EC2Client } from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { minutes } from '../../src/engine/time.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { clientSettings, startAwsDouble } from '../support/aws-double.ts';
import { type AnswerShape, differencesBetween, shapeOf } from './answer-shape.ts';
import { GROUP_SESSION, type GroupSide } from './group-session.ts';
import { GROUP_SESSION_DIFFERENCES } from './group-session-differences.ts';
import { resetMoto } from './moto.ts';
import { motoPlace } from './moto-place.ts';

/** The whole session on one side: the shape of each answer, by the name of its step. */
async function shapesOf(side: GroupSide): Promise<ReadonlyMap<string, AnswerShape>> {
  const shapes = new Map<string, AnswerShape>();
  for (const { name, run } of GROUP_SESSION) shapes.set(name, shapeOf(await run(side)));
  return shapes;
}

async function templateOf(ec2: EC2Client, ImageId: string): Promise<string> {
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'runtide-acme-linux',
      LaunchTemplateData: { ImageId, InstanceType: 'm7i.large' },
    }),
  );
  return LaunchTemplate?.LaunchTemplateId ?? '';
}

async function onDouble(): Promise<ReadonlyMap<string, AnswerShape>> {
  await using double = await startAwsDouble();
  const { images, subnets } = defaultPlace;
  return await shapesOf({
    groups: double.autoScaling,
    template: await templateOf(double.ec2, images[0]?.id ?? ''),
    subnets: subnets.map(({ id }) => id),
    settle: () => double.clock.advance(minutes(10)),
    made: { instances: [] },
  });
}

async function onMoto(url: string): Promise<ReadonlyMap<string, AnswerShape>> {
  await resetMoto(url);
  using clients = new DisposableStack();
  const ec2 = clients.adopt(new EC2Client(clientSettings(url)), (client) => client.destroy());
  const groups = clients.adopt(new AutoScalingClient(clientSettings(url)), (client) => client.destroy());
  const { image, subnets } = await motoPlace(ec2);
  return await shapesOf({
    groups,
    template: await templateOf(ec2, image),
    subnets,
    // Nothing takes time in moto.
    settle: async () => undefined,
    made: { instances: [] },
  });
}

function expected(step: string): readonly string[] {
  return GROUP_SESSION_DIFFERENCES.filter(({ steps }) => steps.includes(step)).flatMap(({ lines }) => lines);
}

describe('one session with a group on the AWS double and on moto', () => {
  let double: ReadonlyMap<string, AnswerShape> = new Map();
  let moto: ReadonlyMap<string, AnswerShape> = new Map();

  beforeAll(async () => {
    double = await onDouble();
    moto = await onMoto(inject('motoUrl'));
  });

  it.each(GROUP_SESSION)('$name: the answers differ as written, and in nothing else', ({ name }) => {
    const [first, second] = [double.get(name), moto.get(name)];
    expect(first?.get('request id')).toBe('string');
    expect(differencesBetween(first ?? new Map(), second ?? new Map())).toEqual(expected(name).toSorted());
  });

  it('has a step for every difference that is written', () => {
    const names = new Set(GROUP_SESSION.map(({ name }) => name));
    const strange = GROUP_SESSION_DIFFERENCES.flatMap(({ steps }) => steps).filter(
      (name) => !names.has(name),
    );
    expect(strange).toEqual([]);
  });
});
