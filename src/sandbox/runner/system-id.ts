import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SYSTEM_ID = /^[sr]_[0-9a-zA-Z]{12}$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The system id beside a configuration; a random one is written where there is none that is valid. */
export function systemIdBeside(configFile: string): string {
  const file = join(dirname(configFile), '.runner_system_id');
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (SYSTEM_ID.test(found)) return found;
  const made = `r_${Array.from({ length: 12 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')}`;
  writeFileSync(file, made);
  return made;
}
