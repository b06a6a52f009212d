import { readFileSync } from 'node:fs';

/** The version of this package, for the User-Agent, `--version` and the log. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const found: unknown = JSON.parse(text);
  if (
    typeof found === 'object' &&
    found !== null &&
    'version' in found &&
    typeof found.version === 'string'
  ) {
    return found.version;
  }
  throw new Error('reading the version from package.json: there is none; install the package runtide again');
}
