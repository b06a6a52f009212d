import { describe, expect, it } from 'vitest';
import { NOW } from '../../../test/support/observations.ts';
import { after, milliseconds, seconds } from '../../engine/time.ts';
import type { Line } from './log.ts';
import { quietly } from './quiet.ts';

const line = (message: string): Line => ({ level: 'warn', message, fields: { remote: '10.0.0.9' } });

/** What is written of messages that each come at a number of milliseconds, every one its own kind. */
function written(...messages: readonly (readonly [at: number, message: string])[]): readonly Line[] {
  const lines: Line[] = [];
  let now = NOW;
  const write = quietly((one) => lines.push(one), { now: () => now, every: seconds(1) });
  for (const [at, message] of messages) {
    now = after(NOW, milliseconds(at));
    write(message, line(message));
  }
  return lines;
}

describe('a quiet log', () => {
  it('writes the first line of a kind as it is', () => {
    expect(written([0, 'a'])).toEqual([line('a')]);
  });

  it('holds back what comes within the interval, and counts it in the next line', () => {
    const lines = written([0, 'a'], [1, 'a'], [999, 'a'], [1000, 'a'], [2000, 'a']);
    expect(lines).toEqual([line('a'), { ...line('a'), fields: { remote: '10.0.0.9', alike: 2 } }, line('a')]);
  });

  it('keeps kinds apart', () => {
    expect(written([0, 'a'], [1, 'b'], [2, 'a'], [3, 'b'])).toEqual([line('a'), line('b')]);
  });

  it('writes no more than one line an interval of a flood', () => {
    const flood = Array.from({ length: 10_000 }, (_, index) => [index, 'a'] as const);
    expect(written(...flood)).toHaveLength(10);
  });
});
