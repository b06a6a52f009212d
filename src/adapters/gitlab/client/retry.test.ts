import { describe, expect, it } from 'vitest';
import { PortError } from '../../../controller/errors.ts';
import { instant } from '../../../engine/time.ts';
import { type Answer, readAnswer } from './answer.ts';
import { askedToWait, waitToRetry } from './retry.ts';

const DATE = 'Fri, 02 Jan 2026 10:00:00 GMT';
const IN_20_S = 'Fri, 02 Jan 2026 10:00:20 GMT';
const SECONDS = Date.parse(DATE) / 1000;

function answer(status: number, headers: Record<string, string>): Promise<Answer> {
  return readAnswer(new URL('https://gitlab.example'), new Response('', { status, headers }), 100, []);
}

function throttled(retryAfter?: number): PortError {
  const asked = retryAfter === undefined ? {} : { retryAfter };
  return new PortError({ kind: 'throttled', system: 'gitlab', doing: 'reading', why: '429', ...asked });
}

describe('the wait that GitLab asks for', () => {
  it.each<[string, number, Record<string, string>, number | undefined]>([
    ['seconds', 429, { 'retry-after': '20' }, 20_000],
    ['a date', 429, { date: DATE, 'retry-after': IN_20_S }, 20_000],
    ['a date that is over', 429, { date: IN_20_S, 'retry-after': DATE }, 0],
    ['a reset', 429, { date: DATE, 'ratelimit-reset': String(SECONDS + 3) }, 3000],
    [
      'seconds before a reset',
      429,
      { date: DATE, 'retry-after': '1', 'ratelimit-reset': String(SECONDS + 3) },
      1000,
    ],
    ['an hour at most', 429, { 'retry-after': '99999999999' }, 3_600_000],
    ['nothing', 429, {}, undefined],
    ['gibberish', 429, { 'retry-after': 'soon', 'ratelimit-reset': 'later' }, undefined],
    ['seconds of a failing GitLab', 503, { 'retry-after': '7' }, 7000],
    ['no reset of a failing GitLab', 502, { date: DATE, 'ratelimit-reset': String(SECONDS + 50) }, undefined],
    ['nothing of a refusal', 403, { 'retry-after': '7' }, undefined],
  ])('is %s', async (_name, status, headers, wait) => {
    expect(askedToWait(await answer(status, headers), instant(0))).toBe(wait);
  });

  it('is reckoned by our clock where the answer has no date', async () => {
    const now = instant((SECONDS - 2) * 1000);
    expect(askedToWait(await answer(429, { 'ratelimit-reset': String(SECONDS) }), now)).toBe(2000);
  });
});

describe('the wait before another try', () => {
  it.each([
    [1, undefined, 1000],
    [2, undefined, 2000],
    [3, undefined, undefined],
    [1, 0, 0],
    [2, 5000, 5000],
    [1, 5001, undefined],
    [3, 1, undefined],
  ])('after %s failures, asked for %s ms', (failures, asked, wait) => {
    expect(waitToRetry(failures, throttled(asked))).toBe(wait);
  });
});
