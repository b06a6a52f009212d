/** What an XML answer is made of: a list is written as repeated `item`s, undefined is left out. */
export type XmlValue =
  string | number | boolean | Date | XmlTree | XmlItems | readonly XmlValue[] | undefined;

export interface XmlTree {
  readonly [name: string]: XmlValue;
}

/** A list whose items have a name of their own. */
export class XmlItems {
  readonly name: string;
  readonly values: readonly XmlValue[];

  constructor(name: string, values: readonly XmlValue[]) {
    this.name = name;
    this.values = values;
  }
}

/** A list as services other than EC2 write it: of `member`s. */
export function members(values: readonly XmlValue[]): XmlItems {
  return new XmlItems('member', values);
}

/** Writes the members of a tree as elements. */
export function xml(tree: XmlTree): string {
  return Object.entries(tree)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlValue): string {
  return value === undefined ? '' : `<${name}>${content(value)}</${name}>`;
}

function content(value: Exclude<XmlValue, undefined>): string {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof XmlItems) return value.values.map((item) => element(value.name, item)).join('');
  if (isList(value)) return value.map((item) => element('item', item)).join('');
  return xml(value);
}

function isList(value: XmlTree | readonly XmlValue[]): value is readonly XmlValue[] {
  return Array.isArray(value);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

function escapeText(text: string): string {
  // because XML 1.0 has no way to write the other control characters
  const writable = Array.from(text, (character) => (isWritable(character) ? character : '\ufffd')).join('');
  return writable.replace(/[&<>\r]/g, (character) => entities[character] ?? character);
}

function isWritable(character: string): boolean {
  return character >= ' ' ? character !== '\ufffe' && character !== '\uffff' : '\t\n\r'.includes(character);
}
