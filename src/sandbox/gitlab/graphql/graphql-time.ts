import type { Instant } from '../../../engine/time.ts';
import { iso } from '../iso.ts';

/** Times in GraphQL are whole seconds. */
export function time(at: Instant | undefined): string | null {
  return iso(at)?.replace(/\.\d+Z$/, 'Z') ?? null;
}
