import { type Duration, milliseconds } from '../engine/time.ts';

/** What a duration looks like when it is written as text. */
export const DURATION_PATTERN = /^(\d{1,15}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LARGEST_FIRST = ['d', 'h', 'm', 's'] as const;

function isUnit(text: string | undefined): text is keyof typeof MILLISECONDS {
  return text !== undefined && Object.hasOwn(MILLISECONDS, text);
}

/** Reads `500ms`, `15s`, `5m`, `2h`, `7d` or a number of seconds; undefined for anything else. */
export function parseDuration(written: string | number): Duration | undefined {
  if (typeof written === 'number') {
    return Number.isFinite(written) && written >= 0 ? milliseconds(Math.round(written * 1000)) : undefined;
  }
  const [, count, unit] = DURATION_PATTERN.exec(written) ?? [];
  if (count === undefined || !isUnit(unit)) return undefined;
  return milliseconds(Math.round(Number(count) * MILLISECONDS[unit]));
}

/** The shortest text that `parseDuration` reads back as the same duration: `90s`, `5m`, `0s`. */
export function formatDuration(duration: Duration): string {
  if (duration === 0) return '0s';
  const unit = LARGEST_FIRST.find((candidate) => duration % MILLISECONDS[candidate] === 0) ?? 'ms';
  return `${duration / MILLISECONDS[unit]}${unit}`;
}
