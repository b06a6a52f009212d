import * as sqs from '@aws-sdk/client-sqs';

/** A shape of the SDK's model, as far as answers in JSON need it. */
type Shape =
  | { readonly kind: 'simple'; readonly type: 'string' | 'number' | 'boolean' }
  | { readonly kind: 'list'; readonly of: () => Shape }
  | { readonly kind: 'map'; readonly of: () => Shape }
  | { readonly kind: 'structure'; readonly members: ReadonlyMap<string, () => Shape> };

const LIST = 1;
const MAP = 2;
const STRUCTURE = 3;
const OPERATION = 9;
/** The model's numbers for lists and maps of simple types stand from here on. */
const LIST_OF = 64;
const MAP_OF = 128;

/**
 * What is wrong with an answer of SQS, measured by the model of the installed SDK: members that the
 * operation's output does not have, and values of another type. Empty when nothing is.
 */
export function mistakesInJson(action: string, body: string): readonly string[] {
  const described: unknown = Object.entries(sqs).find(([name]) => name === `${action}$`)?.[1];
  if (!Array.isArray(described) || described[0] !== OPERATION)
    throw new Error(`${action}: the SDK has no such operation`);
  return mistakesIn(JSON.parse(body), shapeOf(described[5]), action);
}

function mistakesIn(value: unknown, shape: Shape, path: string): readonly string[] {
  if (shape.kind === 'list') {
    if (!Array.isArray(value)) return [`${path}: no list`];
    return value.flatMap((item: unknown) => mistakesIn(item, shape.of(), `${path}[]`));
  }
  if (shape.kind === 'simple')
    return typeof value === shape.type ? [] : [`${path}: ${JSON.stringify(value)} is no ${shape.type}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${path}: no ${shape.kind}`];
  return Object.entries(value).flatMap(([name, member]) => {
    const of = shape.kind === 'structure' ? shape.members.get(name) : shape.of;
    return of === undefined
      ? [`${path}.${name}: unknown member`]
      : mistakesIn(member, of(), `${path}.${name}`);
  });
}

/** Reads one entry of the SDK's model: a number, a described shape, or a reference to one. */
function shapeOf(described: unknown): Shape {
  const target: unknown = typeof described === 'function' ? described() : described;
  if (typeof target === 'number') return simpleShape(target);
  // What an operation without output answers.
  if (target === 'unit') return { kind: 'structure', members: new Map() };
  if (!Array.isArray(target)) return { kind: 'simple', type: 'string' };
  if (target[0] === LIST) return { kind: 'list', of: () => shapeOf(withoutTraits(target[4])) };
  if (target[0] === MAP) return { kind: 'map', of: () => shapeOf(withoutTraits(target[5])) };
  return target[0] === STRUCTURE ? structureOf(target) : simpleShape(Number(target[4]));
}

/** `0` is a text, `1` a number, `2` truth; what is made of bytes and times does not occur in SQS's answers. */
function simpleShape(described: number): Shape {
  if (described >= MAP_OF) return { kind: 'map', of: () => simpleShape(described - MAP_OF) };
  if (described >= LIST_OF) return { kind: 'list', of: () => simpleShape(described - LIST_OF) };
  if (described === 1) return { kind: 'simple', type: 'number' };
  return { kind: 'simple', type: described === 2 ? 'boolean' : 'string' };
}

function structureOf(described: readonly unknown[]): Shape {
  const [names, shapes] = [described[4], described[5]];
  if (!Array.isArray(names) || !Array.isArray(shapes))
    throw new Error('reading the SDK: a structure without members');
  const members = names.map(
    (name, index) => [String(name), () => shapeOf(withoutTraits(shapes[index]))] as const,
  );
  return { kind: 'structure', members: new Map(members) };
}

/** A member is a shape, or a pair of a shape and its traits. */
function withoutTraits(member: unknown): unknown {
  return Array.isArray(member) && member.length === 2 ? member[0] : member;
}
