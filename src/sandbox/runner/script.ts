/** The text of a shell script that runs the lines of a step in `folder`, says each before it, and stops at the first that fails. */
export function scriptText(lines: readonly string[], folder: string): string {
  const head = [
    'set -e',
    // A shell without pipefail ends at a failed set, so it tries in another process.
    'if (set -o pipefail) 2>/dev/null; then set -o pipefail; fi',
    `cd ${quote(folder)}`,
  ];
  return `${[...head, ...lines.flatMap((line) => [announcement(line), line])].join('\n')}\n`;
}

function announcement(line: string): string {
  const [first = '', ...rest] = line.trimEnd().split('\n');
  const words = rest.length === 0 ? first : `${first} # collapsed multi-line command`;
  return `printf '\\033[32;1m%s\\033[0;m\\n' ${quote(`$ ${words}`)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
