const HERE_DOCUMENT = /<<'?(\w+)'?/;

/**
 * The same program without its lines of comment, its blank lines and its indentation, which an instance has no use
 * for. Here-documents stay as they are. Only for texts that are known to have no quotes over several lines with such
 * lines inside.
 */
export function compactText(text: string): string {
  const [first = '', ...others] = text.trimEnd().split('\n');
  let end: string | undefined;
  const kept = others.flatMap((line) => {
    const inside = end !== undefined;
    end = inside ? (line === end ? undefined : end) : HERE_DOCUMENT.exec(line)?.[1];
    if (inside) return [line];
    return /^\s*(?:#|$)/.test(line) ? [] : [line.trimStart()];
  });
  return [first, ...kept, ''].join('\n');
}
