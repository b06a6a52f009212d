import { describe, expect, it } from 'vitest';
import { jobs, NOW } from '../../test/support/observations.ts';
import { surroundings } from '../../test/support/scripted-ports.ts';
import { isFresh } from '../engine/observation.ts';
import { type Instant, seconds } from '../engine/time.ts';
import { HookEvidence } from './hook-evidence.ts';
import { Observer, type Wake } from './observe.ts';

const SWEEP: Wake = { sweep: true, pipelines: [] };
const NAMED: Wake = { sweep: false, pipelines: [{ project: 1, pipeline: 7 }] };

const waiting = (id: number, queuedAt: Instant) =>
  jobs([{ kind: { project: 1, tags: ['linux'] }, pending: [{ id, queuedAt }] }]);

/** An observer that sweeps every 15 s, or every minute while webhooks tell of all jobs. */
function scene() {
  const around = surroundings();
  const hooks = new HookEvidence();
  const observer = new Observer({
    ...around,
    policy: () => around.policy,
    freshFor: () => seconds(45),
    hooks,
    jobsEvery: () => seconds(60),
  });
  const sweep = () => observer.observe(SWEEP, around.abort.signal);
  return {
    ...around,
    sweep,
    named: () => observer.observe(NAMED, around.abort.signal),
    /** How often the jobs were read as a whole since the last time. */
    swept: () => around.calls.splice(0).filter((call) => call === 'sweep').length,
    sweepFor: async (quarters: number): Promise<void> => {
      for (let quarter = 0; quarter < quarters; quarter++) {
        await sweep();
        await around.clock.advance(seconds(15));
      }
    },
  };
}

/** A scene whose webhooks have told of a job. */
async function agreeing() {
  const around = scene();
  await around.sweep();
  around.jobs.snapshot = waiting(1, NOW);
  await around.named();
  around.swept();
  return around;
}

describe('the jobs', () => {
  it('are read at every sweep while nothing is known of webhooks', async () => {
    const { sweepFor, swept } = scene();
    await sweepFor(8);
    expect(swept()).toBe(8);
  });

  it('are read every minute while webhooks tell of all of them, and count as fresh for as long', async () => {
    const { sweepFor, sweep, swept, clock, calls } = await agreeing();
    await sweepFor(8);
    expect(calls.filter((call) => call === 'list')).toHaveLength(8);
    expect(swept()).toBe(1);
    expect(isFresh((await sweep()).jobs, clock.now())).toBe(true);
  });

  it('are read at every sweep again once a job is found that no webhook told of', async () => {
    const { sweepFor, swept, clock, jobs: source } = await agreeing();
    await clock.advance(seconds(20));
    source.snapshot = waiting(2, clock.now());
    await clock.advance(seconds(60));
    await sweepFor(4);
    expect(swept()).toBe(4);
  });
});
