/** What a log line says besides its words; never a token. */
export type LogFields = Readonly<Record<string, string | number>>;

/** Writes one line to stderr, as GitLab's runner does: words, then `key=value`. */
export function log(level: 'INFO' | 'WARNING' | 'ERROR', words: string, fields: LogFields = {}): void {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  process.stderr.write(`${level}: ${words}${pairs.join('')}\n`);
}
