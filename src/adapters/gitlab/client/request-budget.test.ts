import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { readAnswer } from './answer.ts';
import { RequestBudget } from './request-budget.ts';

const url = new URL('https://gitlab.example');

function scene(perMinute?: number) {
  const clock = new VirtualClock();
  const budget = new RequestBudget(clock, perMinute);
  const spend = (count: number): void => {
    for (let request = 0; request < count; request++) budget.spend();
  };
  const heed = async (headers: Record<string, string>): Promise<void> =>
    budget.heed(await readAnswer(url, new Response('{}', { headers }), 100, []));
  return { clock, budget, spend, heed };
}

describe('a budget of requests', () => {
  it('gives half a minute’s at once, less what is left to others', () => {
    const { budget } = scene();
    expect([0, 0.1, 0.2].map((reserve) => budget.left(reserve))).toEqual([150, 120, 90]);
  });

  it('gives more with time, and never more than a minute’s in a minute', async () => {
    const { budget, spend, clock } = scene(600);
    const given: number[] = [];
    for (let sweep = 0; sweep < 12; sweep++) {
      given.push(budget.left(0));
      spend(budget.left(0));
      await clock.advance(seconds(15));
    }
    const sums = given.slice(3).map((_, at) => given.slice(at, at + 4).reduce((sum, one) => sum + one, 0));
    expect(Math.max(...sums)).toBeLessThanOrEqual(600);
    expect(Math.min(...sums)).toBeGreaterThanOrEqual(450);
  });

  it('lets those who cannot wait spend what there is not, and the others wait the longer', async () => {
    const { budget, spend, clock } = scene(60);
    spend(45);
    expect(budget.left(0)).toBe(0);
    await clock.advance(seconds(15));
    expect(budget.left(0)).toBe(0);
    await clock.advance(seconds(10));
    expect(budget.left(0)).toBe(10);
  });

  it('takes no more than GitLab says is left, until that is over', async () => {
    const { budget, heed, spend, clock } = scene(300);
    const reset = Math.floor(clock.now() / 1000) + 30;
    const told = (left: number) => ({
      'ratelimit-remaining': String(left),
      'ratelimit-reset': String(reset),
    });
    await heed(told(40));
    await heed(told(41));
    expect(budget.left(0)).toBe(40);
    spend(10);
    expect(budget.left(0)).toBe(30);
    await clock.advance(seconds(30));
    expect(budget.left(0)).toBe(150);
  });

  it('is no larger than what GitLab allows', async () => {
    const { budget, heed } = scene(300);
    await heed({ 'ratelimit-limit': '100' });
    expect([budget.perMinute, budget.left(0.2)]).toEqual([100, 80]);
    await heed({ 'ratelimit-limit': '2000' });
    expect(budget.perMinute).toBe(300);
  });

  it('does not mind headers that say nothing', async () => {
    const { budget, heed, clock } = scene(300);
    await heed({ 'ratelimit-remaining': 'none', 'ratelimit-reset': 'soon' });
    await heed({ 'ratelimit-remaining': '0', 'ratelimit-reset': String(clock.now() / 1000 - 60) });
    expect(budget.left(0)).toBe(150);
    await clock.advance(minutes(2));
    expect(budget.left(0)).toBe(150);
  });
});
