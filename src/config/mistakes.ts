/** One thing that is wrong with the configuration. No field shows a secret or what a reference stands for. */
export interface Mistake {
  /** Where: `pools.linux.max`; empty for the file as a whole. */
  readonly path: string;
  /** What stands there, shortened; a reference as it is written; `[secret]` for a secret. */
  readonly value: string;
  /** What may stand there. */
  readonly allowed: string;
  /** What to do. */
  readonly mend: string;
  /** The line in the file, counted from 1, where there is one. */
  readonly line?: number;
}

function render(mistake: Mistake): string {
  const place = [mistake.line === undefined ? '' : `line ${mistake.line}`, mistake.path];
  const where = place.filter((part) => part !== '').join(', ');
  return [
    `  ${where === '' ? 'the file' : where}: ${mistake.value}`,
    `    allowed: ${mistake.allowed}`,
    `    mend:    ${mistake.mend}`,
  ].join('\n');
}

function renderAll(file: string, mistakes: readonly Mistake[]): string {
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  return [`loading the configuration ${file}: ${count}`, ...mistakes.map(render)].join('\n');
}

/** The configuration cannot be used; carries every mistake, and its message renders them all. */
export class ConfigError extends Error {
  readonly file: string;
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    super(renderAll(file, mistakes));
    this.name = 'ConfigError';
    this.file = file;
    this.mistakes = mistakes;
  }
}
