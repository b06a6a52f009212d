import { type Duration, elapsed, type Instant } from '../../engine/time.ts';
import type { Line } from './log.ts';

/** Lets one line of a kind through per interval and counts the rest, so that a flood cannot fill the log. */
export function quietly(
  write: (line: Line) => void,
  { now, every }: { now: () => Instant; every: Duration },
): (kind: string, line: Line) => void {
  const kinds = new Map<string, { at: Instant; held: number }>();
  return (kind, line) => {
    const last = kinds.get(kind);
    if (last !== undefined && elapsed(last.at, now()) < every) {
      last.held += 1;
      return;
    }
    const held = last?.held ?? 0;
    kinds.set(kind, { at: now(), held: 0 });
    write(held === 0 ? line : { ...line, fields: { ...line.fields, alike: held } });
  };
}
