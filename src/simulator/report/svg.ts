/** Values of attributes; numbers are written to a hundredth. */
export type Attributes = Readonly<Record<string, string | number>>;

/** Text as it may stand in markup, in attributes too. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An element of HTML or SVG around markup; texts in it must have been escaped. */
export function element(name: string, attributes: Attributes = {}, ...inside: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  return `<${name}${written.join('')}>${inside.join('')}</${name}>`;
}

function attribute(value: string | number): string {
  return typeof value === 'number' ? coordinate(value) : escaped(value);
}

/** A number to a hundredth, as short as it goes. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}
