import { expect, it } from 'vitest';
import { recording } from '../../test/support/scripted-ports.ts';
import { VirtualClock } from '../adapters/memory/clock.ts';
import type { Concern } from '../engine/concern.ts';
import { milliseconds, minutes, seconds } from '../engine/time.ts';
import { Concerns, runUpkeep, type Upkeep } from './upkeep.ts';

const DISABLED: Concern = { about: 'webhook 7 of project acme/web', why: 'GitLab has disabled it' };

/** A loop over one chore in virtual time; `answers` are used up in turn, the last one stays. */
function scene(answers: readonly (readonly Concern[] | Error | 'hangs')[]) {
  const clock = new VirtualClock();
  const concerns = new Concerns();
  const abort = new AbortController();
  const rounds: number[] = [];
  const begun = clock.now();
  const around = { deciding: true, upkeeps: [] as readonly Upkeep[] };
  const chore: Upkeep = {
    name: 'webhooks',
    every: () => minutes(10),
    async tend(signal) {
      rounds.push((clock.now() - begun) / 1000);
      const answer = answers[Math.min(rounds.length, answers.length) - 1] ?? [];
      if (answer instanceof Error) throw answer;
      if (answer !== 'hangs') return answer;
      await clock.sleep(minutes(60), signal);
      throw new Error('given up');
    },
  };
  around.upkeeps = [chore];
  const { recorder, events } = recording();
  const ended = runUpkeep({
    clock,
    concerns,
    recorder,
    upkeeps: () => around.upkeeps,
    deciding: () => around.deciding,
    limit: minutes(1),
    signal: abort.signal,
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await clock.advance(seconds(0));
    await ended;
  };
  return { clock, concerns, rounds, events, around, stop };
}

it('looks after a chore at once, then as often as it wants, and keeps what it answered', async () => {
  const { clock, concerns, rounds, stop } = scene([[DISABLED], []]);
  await clock.advance(seconds(1));
  expect([rounds, concerns.all()]).toEqual([[0], [DISABLED]]);
  await clock.advance(minutes(11));
  expect([rounds, concerns.all()]).toEqual([[0, 600], []]);
  await stop();
});

it('leaves everything to the process that decides', async () => {
  const { clock, rounds, around, stop } = scene([[]]);
  around.deciding = false;
  await clock.advance(minutes(30));
  const whileStandingBy = rounds.length;
  around.deciding = true;
  await clock.advance(seconds(5));
  expect([whileStandingBy, rounds.length]).toEqual([1, 2]);
  await stop();
});

it('tells a failure once, tries again after growing pauses, and keeps the last answer meanwhile', async () => {
  const { clock, concerns, rounds, events, stop } = scene([
    [DISABLED],
    new Error('GitLab answered 500'),
    new Error('GitLab answered 500'),
    [],
  ]);
  await clock.advance(milliseconds(minutes(10) + seconds(40)));
  expect([rounds, concerns.all()]).toEqual([[0, 600, 615], [DISABLED]]);
  await clock.advance(seconds(20));
  expect([rounds.at(-1), concerns.all()]).toEqual([645, []]);
  expect(events).toEqual([
    { event: 'upkeep failed', upkeep: 'webhooks', why: 'GitLab answered 500' },
    { event: 'upkeep recovered', upkeep: 'webhooks' },
  ]);
  await stop();
});

it('gives up a round that takes too long', async () => {
  const { clock, rounds, events, stop } = scene(['hangs', []]);
  await clock.advance(minutes(2));
  expect(rounds).toEqual([0, 75]);
  expect(events.map(({ event }) => event)).toEqual(['upkeep failed', 'upkeep recovered']);
  await stop();
});

it('drops the concerns of a chore that is no longer done', async () => {
  const { clock, concerns, around, stop } = scene([[DISABLED]]);
  await clock.advance(seconds(1));
  around.upkeeps = [];
  await clock.advance(seconds(6));
  expect(concerns.all()).toEqual([]);
  await stop();
});
