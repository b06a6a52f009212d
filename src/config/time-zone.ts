import { z } from 'zod';
import type { KeyDoc } from './key-kinds.ts';
import { closest } from './spelling.ts';

/** Intl takes offsets such as `+01:00` as well, which know no summer time. */
function isTimeZone(written: string): boolean {
  if (!/^[A-Za-z]/.test(written)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: written }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The name of a time zone. */
export function timeZone(doc: KeyDoc) {
  return z
    .string()
    .superRefine((written, context) => {
      if (isTimeZone(written)) return;
      const meant = closest(written, Intl.supportedValuesOf('timeZone'));
      const mend = meant === undefined ? undefined : `did you mean \`${meant}\`?`;
      context.addIssue({ code: 'custom', params: { mend } });
    })
    .meta({
      example: 'Europe/Berlin',
      ...doc,
      allowed: 'a time zone of the IANA database, such as Europe/Berlin or UTC',
    });
}
