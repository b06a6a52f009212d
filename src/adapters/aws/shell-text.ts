const HERE_DOCUMENT = /<<'?(\w+)'?/;

/**
 * The same program without its lines of comment and its blank lines, which an instance has no use for.
 * Here-documents stay as they are. Only for texts that are known to have no quotes over several lines with such
 * lines inside.
 */
export function withoutComments(text: string): string {
  const [first = '', ...others] = text.trimEnd().split('\n');
  let end: string | undefined;
  const kept = others.filter((line) => {
    const inside = end !== undefined;
    end = inside ? (line === end ? undefined : end) : HERE_DOCUMENT.exec(line)?.[1];
    return inside || !/^\s*(?:#|$)/.test(line);
  });
  return [first, ...kept, ''].join('\n');
}
