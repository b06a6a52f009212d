/** Where a referenced value comes from. */
export type Source = 'env' | 'file' | 'ssm';

/** `${env:NAME}`, `${file:PATH}` or `${ssm:NAME}`. */
export interface Reference {
  readonly source: Source;
  readonly name: string;
}

/** A piece of a text: as it stands, or to be looked up. */
export type Piece = string | Reference;

const MARK = /\$\$\{|\$\{(?:(env|file|ssm):([^{}\r\n]+)\})?/g;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What a text with references is made of; undefined when a `${` in it is no reference. */
export function parseTemplate(text: string): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(MARK)) {
    pieces.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const piece = match[0] === '$${' ? '${' : referenceOf(match[1], match[2]);
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  pieces.push(text.slice(end));
  return pieces.filter((piece) => piece !== '');
}

function referenceOf(source: string | undefined, name: string | undefined): Reference | undefined {
  if (source === undefined || name === undefined) return undefined;
  if (source === 'env') return ENV_NAME.test(name) ? { source, name } : undefined;
  return source === 'file' || source === 'ssm' ? { source, name } : undefined;
}

/** Whether the text is one reference and nothing else: it may be shown even where a secret belongs. */
export function isWholeReference(text: string): boolean {
  const pieces = parseTemplate(text);
  return pieces?.length === 1 && typeof pieces[0] === 'object';
}

/** A reference as it is written. */
export function referenceText({ source, name }: Reference): string {
  return `\${${source}:${name}}`;
}
