import * as ec2 from '@aws-sdk/client-ec2';

/** One element of a parsed XML document. */
interface Element {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Element[];
}

/** A shape of the SDK's model, as far as answers need it. */
type Shape =
  | { readonly kind: 'text' | 'integer' | 'decimal' | 'boolean' | 'time' }
  | { readonly kind: 'list'; readonly item: string; readonly of: () => Shape }
  | { readonly kind: 'structure'; readonly members: ReadonlyMap<string, () => Shape> };

const operation = 9;
const structure = 3;
const list = 1;

/** A client of the SDK with its schemas: `CreateFleet$` and so on. */
type Sdk = Readonly<Record<string, unknown>>;

/**
 * What is wrong with an answer of EC2, measured by the model of the installed SDK: elements that the
 * operation's output does not have, and values that do not parse. Empty when nothing is.
 */
export function mistakesInAnswer(action: string, xml: string): readonly string[] {
  const root = parseXml(xml);
  const output = outputOf(action, ec2);
  const mistakes = root.name === `${action}Response` ? [] : [`${root.name}: expected ${action}Response`];
  const requestIds = root.children.filter((child) => child.name === 'requestId' && child.text !== '');
  if (requestIds.length !== 1) mistakes.push(`${root.name}: needs one requestId`);
  const members = root.children.filter((child) => child.name !== 'requestId');
  return [...mistakes, ...mistakesInMembers(members, output.members, root.name)];
}

/**
 * The same for an answer of a service such as STS and Auto Scaling, whose members stand in a result of their
 * own: `sdk` is its client. An operation without output has no result.
 */
export function mistakesInQueryAnswer(action: string, xml: string, sdk: Sdk): readonly string[] {
  const root = parseXml(xml);
  const names = root.children.map(({ name }) => name).join(' ');
  const output = shapeOf(operationIn(action, sdk)[5], '');
  const expected = `${output.kind === 'structure' ? `${action}Result ` : ''}ResponseMetadata`;
  if (root.name !== `${action}Response` || names !== expected) {
    return [`${root.name} with ${names}: expected ${action}Response with ${expected}`];
  }
  return root.children.flatMap((child) =>
    child.name === 'ResponseMetadata' ? [] : mistakesIn(child, output, child.name),
  );
}

function mistakesInMembers(
  children: readonly Element[],
  members: ReadonlyMap<string, () => Shape>,
  path: string,
): readonly string[] {
  const names = children.map((child) => child.name);
  const doubled = names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `${path}: ${name} twice`);
  const others = children.flatMap((child) => {
    const shape = members.get(child.name);
    const here = `${path}/${child.name}`;
    return shape === undefined ? [`${here}: unknown element`] : mistakesIn(child, shape(), here);
  });
  return [...doubled, ...others];
}

function mistakesIn(element: Element, shape: Shape, path: string): readonly string[] {
  if (shape.kind === 'structure') {
    const stray = element.text.trim() === '' ? [] : [`${path}: text in a structure`];
    return [...stray, ...mistakesInMembers(element.children, shape.members, path)];
  }
  if (shape.kind === 'list') {
    return element.children.flatMap((child) =>
      child.name === shape.item
        ? mistakesIn(child, shape.of(), `${path}/${child.name}`)
        : [`${path}/${child.name}: unknown element`],
    );
  }
  if (element.children.length > 0) return [`${path}: elements where a value is expected`];
  return forms[shape.kind].test(element.text) ? [] : [`${path}: '${element.text}' is no ${shape.kind}`];
}

const forms = {
  text: /^/,
  integer: /^-?\d+$/,
  decimal: /^-?\d+(\.\d+)?$/,
  boolean: /^(true|false)$/,
  time: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/,
} as const;

/** EC2's numbers that are no integers; the model of the SDK has only one kind of number. */
const decimals = new Set(['priority', 'weightedCapacity']);

function outputOf(action: string, sdk: Sdk): Extract<Shape, { kind: 'structure' }> {
  const shape = shapeOf(operationIn(action, sdk)[5], '');
  // An operation without output members still says whether it was carried out.
  return shape.kind === 'structure'
    ? shape
    : { kind: 'structure', members: new Map([['return', booleanShape]]) };
}

function operationIn(action: string, sdk: Sdk): readonly unknown[] {
  const described: unknown = Object.entries(sdk).find(([name]) => name === `${action}$`)?.[1];
  if (!Array.isArray(described) || described[0] !== operation)
    throw new Error(`${action}: the SDK has no such operation`);
  return described;
}

const booleanShape = (): Shape => ({ kind: 'boolean' });

/** Reads one entry of the SDK's model: a number, a described shape, a reference to one, or one with traits. */
function shapeOf(described: unknown, name: string): Shape {
  const target: unknown = typeof described === 'function' ? described() : described;
  if (typeof target === 'number') return scalarOf(target, name);
  if (!Array.isArray(target)) return { kind: 'text' };
  if (target[0] === structure) return { kind: 'structure', members: membersOf(target) };
  if (target[0] === list) {
    const { of, traits } = withTraits(target[4]);
    return { kind: 'list', item: xmlName(traits) ?? 'member', of: () => shapeOf(of, name) };
  }
  return scalarOf(Number(target[4]), name);
}

/** The model's numbers for simple types; 64 and above mark lists of one. */
function scalarOf(described: number, name: string): Shape {
  if (described >= 64 && described < 128) {
    return { kind: 'list', item: 'member', of: () => scalarOf(described - 64, name) };
  }
  if (described === 1) return { kind: decimals.has(name) ? 'decimal' : 'integer' };
  if (described === 2) return { kind: 'boolean' };
  return { kind: described >= 4 && described <= 7 ? 'time' : 'text' };
}

function membersOf(described: readonly unknown[]): ReadonlyMap<string, () => Shape> {
  const [names, shapes] = [described[4], described[5]];
  if (!Array.isArray(names) || !Array.isArray(shapes))
    throw new Error('reading the SDK: a structure without members');
  return new Map(
    names.map((member, index) => {
      const { of, traits } = withTraits(shapes[index]);
      const name = xmlName(traits) ?? String(member);
      return [name, () => shapeOf(of, name)];
    }),
  );
}

/** A member is a shape, or a pair of a shape and its traits. */
function withTraits(member: unknown): { readonly of: unknown; readonly traits: unknown } {
  const isPair = Array.isArray(member) && member.length === 2;
  return isPair ? { of: member[0], traits: member[1] } : { of: member, traits: undefined };
}

function xmlName(traits: unknown): string | undefined {
  if (typeof traits !== 'object' || traits === null) return undefined;
  const name: unknown = Object.entries(traits).find(([key]) => key === 'xmlName')?.[1];
  return typeof name === 'string' ? name : undefined;
}

const token = /<\?[^>]*\?>|<\/([\w.:-]+)>|<([\w.:-]+)([^>]*?)(\/?)>|([^<]+)/gy;

interface OpenElement extends Element {
  text: string;
  readonly children: OpenElement[];
}

/** Parses a document without comments, sections and entities of its own; throws where it is not well-formed. */
export function parseXml(xml: string): Element {
  const top: OpenElement = { name: '', text: '', children: [] };
  const open = [top];
  let end = 0;
  for (const match of xml.matchAll(token)) {
    end = match.index + match[0].length;
    take(match, open);
  }
  const [root, ...others] = top.children;
  const isWhole = end === xml.length && open.length === 1 && open[0] === top;
  if (root === undefined || others.length > 0 || !isWhole)
    throw new Error(`not well-formed at character ${end}`);
  return root;
}

function take([, closing, opening, , selfClosing, text]: RegExpMatchArray, open: OpenElement[]): void {
  if (closing !== undefined && open.pop()?.name !== closing)
    throw new Error(`not well-formed: </${closing}>`);
  const here = open.at(-1);
  if (here === undefined) throw new Error('not well-formed: nothing is open');
  if (text !== undefined) here.text += unescapeText(text);
  if (opening === undefined) return;
  const element = { name: opening, text: '', children: [] };
  here.children.push(element);
  if (selfClosing !== '/') open.push(element);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));|&/g, (whole, code?: string, name?: string) => {
    if (code !== undefined) return String.fromCodePoint(Number(code));
    const found = entities[name ?? ''];
    if (found === undefined) throw new Error(`not well-formed: ${whole}`);
    return found;
  });
}
