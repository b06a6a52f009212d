import { describe, expect, it } from 'vitest';
import {
  aManager,
  anInstance,
  aPolicy,
  aPool,
  freshAt,
  jobs,
  NOW,
  pending,
} from '../../test/support/observations.ts';
import { failure, type Scripts, surroundings } from '../../test/support/scripted-ports.ts';
import { EVERY_JOB } from '../engine/job.ts';
import { after, minutes, seconds } from '../engine/time.ts';
import { Observer } from './observe.ts';
import type { PipelineRef } from './ports.ts';

const MANAGERS = [aManager('i-1')];
const INSTANCES = [anInstance('i-1')];
const WAITING = jobs([pending(1)]);
const LATER = after(NOW, seconds(10));

/** An observer that has something to read of every source. */
function scene(scripts: Scripts = {}) {
  const around = surroundings(scripts);
  const policy = { now: around.policy };
  around.fleet.instances = INSTANCES;
  around.runners.listed = { linux: MANAGERS };
  around.jobs.snapshot = WAITING;
  const observer = new Observer({ ...around, policy: () => policy.now, freshFor: () => seconds(45) });
  const { signal } = around.abort;
  return {
    ...around,
    policy,
    observer,
    sweep: () => observer.observe({ sweep: true, pipelines: [] }, signal),
    glance: (...pipelines: readonly PipelineRef[]) => observer.observe({ sweep: false, pipelines }, signal),
    /** The calls since the last time. */
    called: () => around.calls.splice(0),
  };
}

const broken = () => Promise.reject(failure('unavailable', 'it answered 500'));
const FAILURE = 'scripted: it answered 500';

describe('a sweep', () => {
  it('reads everything, each part with the time at which it was asked for', async () => {
    const { sweep, called } = scene();
    expect(await sweep()).toEqual({
      now: NOW,
      jobs: freshAt(WAITING, NOW),
      managers: { linux: freshAt(MANAGERS, NOW) },
      instances: freshAt(INSTANCES, NOW),
      scopes: { linux: EVERY_JOB },
      unanswered: [],
    });
    expect(called().toSorted()).toEqual(['list', 'managers linux', 'sweep']);
  });

  it('reads the managers of all pools before the jobs: a job outranks an older idle', async () => {
    const { sweep, clock, runners, policy, called } = scene();
    policy.now = aPolicy(aPool(), aPool({ name: 'arm' }));
    runners.script.managers = async (pool) => {
      await clock.sleep(seconds(pool === 'arm' ? 4 : 2));
      runners.calls.push(`answered ${pool}`);
      return MANAGERS;
    };
    const reading = sweep();
    await clock.advance(seconds(4));
    const { managers, jobs: read, now } = await reading;
    expect(called().filter((call) => call !== 'list')).toEqual([
      'managers linux',
      'managers arm',
      'answered linux',
      'answered arm',
      'sweep',
    ]);
    // A slow answer is as old as its question.
    expect(managers['arm']).toEqual(freshAt(MANAGERS, NOW));
    expect(read).toEqual(freshAt(WAITING, after(NOW, seconds(4))));
    expect(now).toBe(after(NOW, seconds(4)));
  });
});

describe('a wake', () => {
  it('reads nothing that is fresh', async () => {
    const { sweep, glance, called, clock } = scene();
    const first = await sweep();
    called();
    await clock.advance(seconds(45));
    expect(await glance()).toEqual({ ...first, now: after(NOW, seconds(45)) });
    expect(called()).toEqual([]);
  });

  it('reads what has grown stale', async () => {
    const { sweep, glance, called, clock } = scene();
    await sweep();
    called();
    await clock.advance(seconds(46));
    const { jobs: read } = await glance();
    expect(called().toSorted()).toEqual(['list', 'managers linux', 'sweep']);
    expect(read).toEqual(freshAt(WAITING, after(NOW, seconds(46))));
  });

  it('reads the pipelines that it names, which does not make the rest look young', async () => {
    const { sweep, glance, called, clock, jobs: source } = scene();
    await sweep();
    called();
    await clock.advance(seconds(10));
    source.snapshot = jobs([pending(2)]);
    const { jobs: read } = await glance({ project: 1, pipeline: 7 }, { project: 2, pipeline: 8 });
    expect(called()).toEqual(['refresh 1/7 2/8']);
    expect(read).toEqual(freshAt(jobs([pending(2)]), NOW));
    await clock.advance(seconds(36));
    await glance({ project: 1, pipeline: 7 });
    expect(called()).toContain('sweep');
  });

  it('reads everything of jobs where they were never read', async () => {
    const { glance, called } = scene();
    await glance({ project: 1, pipeline: 7 });
    expect(called()).toContain('sweep');
  });

  it('reads the managers of a pool that is new, and forgets those of a pool that is gone', async () => {
    const { sweep, glance, called, policy, clock } = scene();
    await sweep();
    called();
    await clock.advance(seconds(10));
    policy.now = aPolicy(aPool({ name: 'arm' }));
    expect((await glance()).managers).toEqual({ arm: freshAt([], LATER) });
    expect(called()).toEqual(['managers arm']);
  });
});

describe('a picture that takes several sweeps', () => {
  it('is as old as its oldest part, and stays fresh for longer', async () => {
    const { sweep } = scene({
      jobs: { sweep: async () => ({ jobs: WAITING, readAt: NOW, round: seconds(200) }) },
    });
    expect((await sweep()).jobs).toEqual({
      known: true,
      value: WAITING,
      readAt: NOW,
      freshFor: seconds(45 + 2 * 200),
    });
  });

  it('may stop once the demand fills every pool, jobs aside that GitLab does not hand out', async () => {
    const heard: boolean[] = [];
    const { observer, abort } = scene({
      jobs: {
        sweep: async (_, enough = () => false) => {
          heard.push(enough([pending(9)]), enough([pending(10)]));
          return { jobs: WAITING, readAt: NOW };
        },
      },
    });
    const wake = { sweep: true, pipelines: [] };
    await observer.observe(wake, abort.signal);
    await observer.observe(wake, abort.signal, new Set([1000]));
    expect(heard).toEqual([false, true, false, false]);
  });
});

describe('the scope of a runner', () => {
  it('stays as it was while it cannot be read, which is told once', async () => {
    const { sweep, runners, events } = scene();
    const bound = { ...EVERY_JOB, projects: new Set([1]) };
    runners.script.scope = async () => bound;
    await sweep();
    runners.script.scope = broken;
    await sweep();
    expect((await sweep()).scopes).toEqual({ linux: bound });
    expect(events).toEqual([{ event: 'read failed', source: 'runner of linux', why: FAILURE }]);
  });
});

describe('a source that fails', () => {
  it.each([
    ['jobs', { jobs: { sweep: broken } }, 'jobs'],
    ['managers', { runners: { managers: broken } }, 'managers of linux'],
    ['instances', { fleet: { list: broken } }, 'instances'],
  ])('keeps what it said of %s, and leaves the others alone', async (part, scripts: Scripts, source) => {
    const { sweep, clock, events, fleet, runners, jobs: jobSource } = scene();
    await sweep();
    await clock.advance(seconds(10));
    Object.assign(fleet.script, scripts.fleet);
    Object.assign(runners.script, scripts.runners);
    Object.assign(jobSource.script, scripts.jobs);
    const read = {
      jobs: freshAt(WAITING, LATER),
      managers: { linux: freshAt(MANAGERS, LATER) },
      instances: freshAt(INSTANCES, LATER),
      scopes: { linux: EVERY_JOB },
    };
    const old = {
      jobs: { ...freshAt(WAITING, NOW), failure: FAILURE },
      managers: { linux: { ...freshAt(MANAGERS, NOW), failure: FAILURE } },
      instances: { ...freshAt(INSTANCES, NOW), failure: FAILURE },
    };
    const failed = Object.entries(old).filter(([name]) => name === part);
    expect(await sweep()).toEqual({ now: LATER, unanswered: [], ...read, ...Object.fromEntries(failed) });
    await sweep();
    expect(events).toEqual([{ event: 'read failed', source, why: FAILURE }]);
    fleet.script = {};
    runners.script = {};
    jobSource.script = {};
    expect(await sweep()).toEqual({ now: LATER, unanswered: [], ...read });
    await sweep();
    expect(events.slice(1)).toEqual([{ event: 'read recovered', source }]);
  });

  it('is not known where it never answered', async () => {
    const { sweep } = scene({
      fleet: { list: broken },
      jobs: { sweep: broken },
      runners: { managers: broken },
    });
    const unknown = { known: false, failure: FAILURE };
    expect(await sweep()).toEqual({
      now: NOW,
      jobs: unknown,
      managers: { linux: unknown },
      instances: unknown,
      unanswered: [],
    });
  });

  it('is one pool’s managers alone', async () => {
    const { sweep, events } = scene({
      pools: [aPool(), aPool({ name: 'arm' })],
      runners: { managers: async (pool) => (pool === 'arm' ? broken() : MANAGERS) },
    });
    expect((await sweep()).managers).toEqual({
      linux: freshAt(MANAGERS, NOW),
      arm: { known: false, failure: FAILURE },
    });
    expect(events).toEqual([{ event: 'read failed', source: 'managers of arm', why: FAILURE }]);
  });

  it('at the named pipelines keeps the last sweep', async () => {
    const { sweep, glance, clock, events } = scene({ jobs: { refresh: broken } });
    await sweep();
    await clock.advance(seconds(10));
    const { jobs: read } = await glance({ project: 1, pipeline: 7 });
    expect(read).toEqual({ ...freshAt(WAITING, NOW), failure: FAILURE });
    expect(events).toEqual([{ event: 'read failed', source: 'named pipelines', why: FAILURE }]);
  });

  it('at a sweep is not over because the named pipelines can be read', async () => {
    const { sweep, glance, jobs: jobSource, events } = scene();
    await sweep();
    jobSource.script = { sweep: broken };
    await sweep();
    await glance({ project: 1, pipeline: 7 });
    await sweep();
    expect(events).toEqual([{ event: 'read failed', source: 'jobs', why: FAILURE }]);
  });

  it('that throws no error is heard as well', async () => {
    const { sweep } = scene({ fleet: { list: async () => Promise.reject('a bare string') } });
    expect((await sweep()).instances).toEqual({ known: false, failure: 'a bare string' });
  });

  it('is not the store: without it nobody knows what was launched', async () => {
    const { sweep } = scene({ store: { intents: () => Promise.reject(failure('unavailable', 'no disk')) } });
    await expect(sweep()).rejects.toThrow('no disk');
  });
});

it('a freshness that changes applies to the next reading', async () => {
  const around = surroundings();
  let fresh = seconds(45);
  const observer = new Observer({ ...around, policy: () => around.policy, freshFor: () => fresh });
  const read = () => observer.observe({ sweep: true, pipelines: [] }, around.abort.signal);
  await read();
  fresh = minutes(2);
  expect((await read()).jobs).toEqual({ ...freshAt(jobs(), NOW), freshFor: minutes(2) });
});
