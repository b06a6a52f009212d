import { describe, expect, it } from 'vitest';
import { closest } from './spelling.ts';

const KEYS = ['pollInterval', 'url', 'token', 'max', 'min', 'tags', 'instances'];

describe('closest', () => {
  it.each([
    ['poll_interval', 'pollInterval'],
    ['pollIntervall', 'pollInterval'],
    ['PollInterval', 'pollInterval'],
    ['tokne', 'token'],
    ['urll', 'url'],
    ['instance', 'instances'],
    ['tag', 'tags'],
    ['mx', 'max'],
  ])('takes %s for %s', (word, meant) => {
    expect(closest(word, KEYS)).toBe(meant);
  });

  it.each(['projects', 'x', '', 'completely-different'])('takes %j for nothing', (word) => {
    expect(closest(word, KEYS)).toBeUndefined();
  });

  it('answers nothing without candidates', () => {
    expect(closest('url', [])).toBeUndefined();
  });
});
