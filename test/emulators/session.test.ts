import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { minutes } from '../../src/engine/time.ts';
import { clientSettings, startAwsDouble } from '../support/aws-double.ts';
import { type AnswerShape, differencesBetween, shapeOf } from './answer-shape.ts';
import { resetMoto } from './moto.ts';
import { motoPlace } from './moto-place.ts';
import { SESSION, type Side } from './session.ts';
import { SESSION_DIFFERENCES } from './session-differences.ts';

/** The whole session on one side: the shape of each answer, by the name of its step. */
async function shapesOf(side: Side): Promise<ReadonlyMap<string, AnswerShape>> {
  const shapes = new Map<string, AnswerShape>();
  for (const { name, run } of SESSION) shapes.set(name, shapeOf(await run(side)));
  return shapes;
}

async function onDouble(): Promise<ReadonlyMap<string, AnswerShape>> {
  await using double = await startAwsDouble();
  const { images, subnets, securityGroups } = defaultPlace;
  return await shapesOf({
    ec2: double.ec2,
    ssm: double.ssm,
    place: {
      image: images[0]?.id ?? '',
      subnets: subnets.map(({ id }) => id),
      group: securityGroups[0]?.id ?? '',
    },
    settle: () => double.clock.advance(minutes(5)),
    made: { template: '', instances: [] },
  });
}

async function onMoto(url: string): Promise<ReadonlyMap<string, AnswerShape>> {
  await resetMoto(url);
  using clients = new DisposableStack();
  const ec2 = clients.adopt(new EC2Client(clientSettings(url)), (client) => client.destroy());
  const ssm = clients.adopt(new SSMClient(clientSettings(url)), (client) => client.destroy());
  return await shapesOf({
    ec2,
    ssm,
    place: await motoPlace(ec2),
    // Nothing takes time in moto.
    settle: async () => undefined,
    made: { template: '', instances: [] },
  });
}

function expected(step: string): readonly string[] {
  return SESSION_DIFFERENCES.filter(({ steps }) => steps.includes(step)).flatMap(({ lines }) => lines);
}

describe('one session on the AWS double and on moto', () => {
  let double: ReadonlyMap<string, AnswerShape> = new Map();
  let moto: ReadonlyMap<string, AnswerShape> = new Map();

  beforeAll(async () => {
    double = await onDouble();
    moto = await onMoto(inject('motoUrl'));
  });

  it.each(SESSION)('$name: the answers differ as written, and in nothing else', ({ name }) => {
    const [first, second] = [double.get(name), moto.get(name)];
    expect(first?.get('request id')).toBe('string');
    expect(differencesBetween(first ?? new Map(), second ?? new Map())).toEqual(expected(name).toSorted());
  });

  it('has a step for every difference that is written', () => {
    const names = new Set(SESSION.map(({ name }) => name));
    const strange = SESSION_DIFFERENCES.flatMap(({ steps }) => steps).filter((step) => !names.has(step));
    expect(strange).toEqual([]);
  });
});

describe('the comparison itself', () => {
  it.each([
    ['the same fields', { a: 'x', b: [{ c: 1 }] }, { a: 'y', b: [{ c: 2 }, { c: 3 }] }, []],
    ['a field that only one has', { a: 1 }, {}, ['- a']],
    ['a whole part that only one has', {}, { a: [{ b: { c: 1, d: 2 } }] }, ['+ a']],
    ['another type', { a: 1 }, { a: '1' }, ['~ a: number | string']],
    ['a list that is empty on one side', { a: [] }, { a: [{ b: 1 }] }, ['~ a: empty list | list']],
    [
      'another word of the API',
      { State: { Name: 'pending' } },
      { State: { Name: 'running' } },
      ['~ State.Name: "pending" | "running"'],
    ],
    ['an empty text', { a: '' }, { a: 'x' }, ['~ a: empty text | string']],
    ['a missing request id', { $metadata: { requestId: 'r' } }, {}, ['~ request id: string | undefined']],
  ])('sees %s', (_what, a, b, lines) => {
    expect(differencesBetween(shapeOf(a), shapeOf(b))).toEqual(lines);
  });
});
