import { describe, expect, it } from 'vitest';
import { after, elapsed, instant, milliseconds, seconds } from '../../engine/time.ts';
import { VirtualClock } from './clock.ts';
import { GitLab } from './gitlab/gitlab.ts';
import { untilBeat, WaitingRunners } from './waiting-runners.ts';

const START = instant(Date.UTC(2026, 0, 5, 8));

/** Runner processes that wait, and who asked when, in seconds; each gets one of `jobs`, as long as there are any. */
function scene(jobs: number) {
  const clock = new VirtualClock(START);
  const gitlab = new GitLab({ timers: clock, seed: 1 });
  const project = gitlab.addProject({ path: 'acme/web' }).id;
  const runner = gitlab.addRunner({ tags: ['linux'], runUntagged: false });
  const waiting = new WaitingRunners(clock, gitlab);
  const asked: string[] = [];
  let left = jobs;
  return {
    clock,
    asked,
    wait: (name: string, beatAt: number) =>
      waiting.add(runner.id, {
        readyAt: after(START, seconds(beatAt)),
        pollEvery: seconds(3),
        poll: () => {
          asked.push(`${name}@${elapsed(START, clock.now()) / 1000}`);
          left -= 1;
          return left >= 0;
        },
      }),
    submit: (tags = ['linux']) =>
      gitlab.createPipeline(project, { stages: ['test'], jobs: [{ name: 'job', stage: 'test', tags }] }),
  };
}

describe('the next beat', () => {
  it.each([
    [0, 3],
    [1, 2],
    [2.5, 0.5],
    [3, 3],
    [7, 2],
  ])('%s s after the first comes in %s s', (since, wait) => {
    expect(untilBeat(START, seconds(3), after(START, milliseconds(since * 1000)))).toBe(wait * 1000);
  });
});

describe('runners that wait', () => {
  it('ask on their own beats once something is queued, until there is no more', async () => {
    const { clock, asked, wait, submit } = scene(2);
    wait('a', 2);
    wait('b', 0);
    wait('c', 1);
    wait('d', 0.5);
    await clock.advance(seconds(10));
    submit();
    await clock.advance(seconds(20));
    // At 10 s it is c's beat; the next are at 11 (a), 12 (b) and 12.5 (d). The third asks in vain.
    expect(asked).toEqual(['c@10', 'a@11', 'b@12']);
  });

  it('of one beat ask at the same moment', async () => {
    const { clock, asked, wait, submit } = scene(2);
    for (const name of ['a', 'b', 'c']) wait(name, 0);
    await clock.advance(seconds(10));
    submit();
    await clock.advance(seconds(20));
    expect(asked).toEqual(['a@12', 'b@12', 'c@12']);
  });

  it('do not ask for what their runner may not take', async () => {
    const { clock, asked, wait, submit } = scene(2);
    wait('a', 0);
    submit(['windows']);
    await clock.advance(seconds(10));
    expect(asked).toEqual([]);
  });

  it('ask about once a minute nevertheless', async () => {
    const { clock, asked, wait } = scene(0);
    wait('a', 0);
    await clock.advance(seconds(90));
    expect(asked).toEqual(['a@60']);
  });
});
