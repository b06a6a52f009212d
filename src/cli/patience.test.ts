import { expect, it } from 'vitest';
import { VirtualClock } from '../adapters/memory/clock.ts';
import { PortError } from '../controller/errors.ts';
import { type Duration, seconds } from '../engine/time.ts';
import { patiently } from './patience.ts';

const signal = AbortSignal.timeout(60_000);

function throttled(retryAfter: Duration): PortError {
  return new PortError({ kind: 'throttled', system: 'gitlab', doing: 'x', why: 'y', retryAfter });
}

/** Time passes while somebody waits. */
function passing() {
  const clock = new VirtualClock();
  const said: string[] = [];
  return {
    said,
    clock: { now: () => clock.now(), sleep: (duration: Duration) => clock.advance(duration) },
    say: (line: string) => void said.push(line),
  };
}

it('waits as long as it is asked to, and tries again', async () => {
  const { clock, said, say } = passing();
  const begun = clock.now();
  const failures = [throttled(seconds(40)), throttled(seconds(2))];
  const answer = await patiently(
    clock,
    say,
    async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return 'done';
    },
    signal,
  );
  expect([answer, clock.now() - begun]).toEqual(['done', 42_000]);
  expect(said).toEqual(['GitLab asks to slow down: waiting 40 s', 'GitLab asks to slow down: waiting 2 s']);
});

it('gives up after ten waits, and at once for anything else', async () => {
  const { clock, said, say } = passing();
  const always = patiently(clock, say, () => Promise.reject(throttled(seconds(1))), signal);
  await expect(always).rejects.toThrow('x: y');
  expect(said).toHaveLength(10);
  await expect(patiently(clock, say, () => Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(said).toHaveLength(10);
});
