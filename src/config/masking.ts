import { isWholeReference } from './template.ts';
import { about, partAt, written } from './schema-tree.ts';
import type { Path } from './tree.ts';
import { z } from 'zod';

const MASK = '[secret]';
const LONGEST = 60;

/** Texts that are tokens wherever they stand: somebody put them at the wrong key. */
const TOKEN = /(?:\bgl[a-z]{1,6}-|whsec_|\bA[KS]IA)[\w-]{4,}/i;

function isSecret(path: Path): boolean {
  return path.some((_, index) => {
    const part = partAt(path.slice(0, index + 1));
    return part !== undefined && about(part).kind === 'secret';
  });
}

/** As much of `path` as may be shown: keys below a secret or below an unknown key could be one. */
export function publicPath(path: Path): Path {
  const end = path.findIndex((_, index) => {
    const upTo = path.slice(0, index + 1);
    return partAt(upTo) === undefined || isSecret(upTo);
  });
  return end === -1 ? path : path.slice(0, end + 1);
}

/** Whether one plain value belongs there. */
function isLeafAt(path: Path): boolean {
  const part = partAt(path);
  const inner = part && written(part);
  return !(
    inner === undefined ||
    inner instanceof z.ZodObject ||
    inner instanceof z.ZodRecord ||
    inner instanceof z.ZodArray
  );
}

/** Addresses may carry credentials before an @ or in a query. */
function shorten(text: string): string {
  const masked = text.replace(/\/\/.*@/s, `//${MASK}@`).replace(/(:\/\/[^?]*)\?.*$/s, `$1?${MASK}`);
  return JSON.stringify(masked.length > LONGEST ? `${masked.slice(0, LONGEST)}…` : masked);
}

function shownText(text: string, path: Path): string {
  if (isWholeReference(text)) return text;
  return isSecret(path) || TOKEN.test(text) ? MASK : shorten(text);
}

/** How a mistake shows what is written at `path`: short, and never a secret. */
export function shown(value: unknown, path: Path): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (Array.isArray(value))
    return value.length === 1 ? 'a list of 1 item' : `a list of ${value.length} items`;
  if (typeof value === 'string') return isLeafAt(path) ? shownText(value, path) : 'a text';
  if (typeof value !== 'number' && typeof value !== 'boolean') return 'a map';
  if (isSecret(path)) return MASK;
  return typeof value === 'boolean' || isLeafAt(path) ? String(value) : 'a number';
}
