import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  idleFor,
  jobs,
  NOW,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { emptyHistory, type History, type InstanceHistory, type UnservedJob } from './history.ts';
import type { Instance, Manager } from './instance.ts';
import type { HeldJob } from './job.ts';
import type { Observation } from './observation.ts';
import { plan } from './plan.ts';
import { after, type Duration, minutes, seconds } from './time.ts';

const LINUX = aPolicy(aPool());
const BOTH = aPolicy(aPool(), aPool({ name: 'arm', tags: ['arm'] }));

/** The alarms of a plan. */
const alarms = (over: Partial<Observation>, policy = LINUX) => plan(anObservation(over), policy).alarms;

describe('the alarm', () => {
  it('concern says what stands beside the instances, always in the same order', () => {
    const hook = {
      about: 'webhook 7 of project acme/web',
      why: 'disabled by GitLab',
      next: 'mend its address',
    };
    const token = { about: 'access token', why: 'expires in 3 days' };
    expect(alarms({ concerns: [hook, token] })).toEqual([
      { alarm: 'concern', ...token },
      { alarm: 'concern', ...hook },
    ]);
  });

  it('stale names each source and why it failed', () => {
    const over: Partial<Observation> = {
      jobs: { known: false, failure: 'not read yet' },
      instances: { known: true, value: [], readAt: ago(minutes(5)), freshFor: seconds(45) },
      managers: { linux: stale([]) },
    };
    expect(alarms(over, BOTH)).toEqual([
      { alarm: 'stale', source: 'jobs', failure: 'not read yet' },
      { alarm: 'stale', source: 'instances', failure: 'not read for too long' },
      { alarm: 'stale', source: 'managers of linux', failure: 'gitlab answered 500' },
      { alarm: 'stale', source: 'managers of arm', failure: 'not read for too long' },
    ]);
  });

  it('unserved names the job, the pool with the free slot, and how often it was so', () => {
    const unserved: UnservedJob = {
      id: 1000,
      pool: 'linux',
      since: ago(minutes(9)),
      until: after(NOW, seconds(9)),
      times: 3,
    };
    const over = { jobs: fresh(jobs([pending(1)])), history: { ...emptyHistory(NOW), unserved: [unserved] } };
    expect(alarms(over)).toEqual([{ alarm: 'unserved', pool: 'linux', job: 1000, times: 3 }]);
  });

  it('boot failed names the instance that is terminated for it', () => {
    const over = {
      instances: fresh([anInstance('i-1')]),
      history: { ...emptyHistory(NOW), instances: { 'i-1': { pool: 'linux', bootedFor: minutes(11) } } },
    };
    expect(alarms(over)).toEqual([{ alarm: 'boot failed', pool: 'linux', instance: 'i-1' }]);
  });
});

interface Draining {
  readonly askedFor?: Duration;
  readonly idle?: InstanceHistory;
  readonly manager?: readonly Manager[];
  readonly held?: readonly HeldJob[];
  readonly drain?: boolean;
}

/** The alarms about an instance that was asked to drain. */
function unacknowledged(over: Draining) {
  const {
    askedFor = minutes(3),
    idle = idleFor(minutes(9)),
    manager = [aManager('i-1')],
    held = [],
    drain = true,
  } = over;
  const asked: Partial<Instance> = drain ? { drain: { because: 'idle', at: ago(askedFor) } } : {};
  return alarms({
    instances: fresh([anInstance('i-1', asked)]),
    managers: { linux: fresh(manager) },
    jobs: fresh(jobs([pending(1)], held)),
    history: { ...emptyHistory(NOW), instances: { 'i-1': idle } },
  }).map((alarm) => alarm.alarm);
}

describe('a drain that nobody acknowledged', () => {
  it.each<[string, readonly string[], boolean]>([
    ['its manager is still there without a job', unacknowledged({}), true],
    ['it was asked two minutes ago', unacknowledged({ askedFor: minutes(2) }), true],
    ['it was asked just now', unacknowledged({ askedFor: seconds(119) }), false],
    ['its last job has ended just now', unacknowledged({ idle: idleFor(seconds(119)) }), false],
    ['its last job has ended two minutes ago', unacknowledged({ idle: idleFor(minutes(2)) }), true],
    ['it runs a job', unacknowledged({ held: [{ id: 1, project: 1, instance: 'i-1' }] }), false],
    ['it is said to run one', unacknowledged({ manager: [aManager('i-1', { active: true })] }), false],
    ['its manager is gone', unacknowledged({ manager: [] }), false],
    ['it has not been ready', unacknowledged({ idle: { pool: 'linux', bootedFor: seconds(9) } }), false],
    ['it was not asked', unacknowledged({ drain: false }), false],
  ])('%s', (_name, raised, expected) => {
    expect(raised).toEqual(expected ? ['drain unacknowledged'] : []);
  });
});

/** The alarms of an instance without a pool, which was asked to drain so long ago. */
const draining = (time: Duration, over: Partial<Observation> = {}) => {
  const drain = { because: 'drifted', at: ago(time) } as const;
  return alarms({ instances: fresh([anInstance('i-1', { pool: 'old', drain })]), ...over });
};

describe('an instance of a pool that is configured no more', () => {
  const held = jobs([], [{ id: 1, project: 1, instance: 'i-1' }]);

  it.each<[string, readonly unknown[], boolean]>([
    ['does not leave', draining(minutes(2)), true],
    ['was asked just now', draining(seconds(119)), false],
    ['runs a job', draining(minutes(9), { jobs: fresh(held) }), false],
  ])('raises the alarm where it %s', (_name, raised, expected) => {
    const alarm = { alarm: 'drain unacknowledged', pool: 'old', instance: 'i-1' };
    expect(raised).toEqual(expected ? [alarm] : []);
  });

  it('raises none where it may run a job that was not read', () => {
    const raised = draining(minutes(9), { jobs: stale(jobs()) });
    expect(raised.map(({ alarm }) => alarm)).toEqual(['stale']);
  });
});

describe('the memory after a plan', () => {
  const before: History = {
    ...emptyHistory(NOW),
    pools: { linux: { setbacks: 2, retryAt: ago(seconds(1)), lastDesired: 7 }, old: { setbacks: 1 } },
    unserved: [{ id: 5, pool: 'linux', since: NOW, until: NOW, times: 1 }],
  };

  it('knows what was desired by fresh demand', () => {
    const over = { jobs: fresh(jobs([pending(3)])), history: before };
    expect(plan(anObservation(over), BOTH).history).toEqual({
      ...before,
      pools: {
        linux: { setbacks: 2, retryAt: ago(seconds(1)), lastDesired: 3 },
        arm: { setbacks: 0, lastDesired: 0 },
        old: { setbacks: 1 },
      },
    });
  });

  it('is as it was where demand is stale', () => {
    expect(plan(anObservation({ jobs: stale(jobs([pending(3)])), history: before }), BOTH).history).toEqual(
      before,
    );
  });

  it('knows jobs that are not served, by id, each as it was found last', () => {
    const waiting = {
      kind: { project: 1, tags: ['linux'] },
      pending: [5, 3].map((id) => ({ id, queuedAt: ago(minutes(9)) })),
    };
    const over: Partial<Observation> = {
      jobs: fresh(jobs([waiting])),
      instances: fresh([anInstance('i-1')]),
      managers: { linux: fresh([aManager('i-1')]) },
      history: { ...before, instances: { 'i-1': idleFor(minutes(9)) } },
    };
    expect(plan(anObservation(over), LINUX).history.unserved).toEqual([
      { id: 3, pool: 'linux', since: NOW, until: after(NOW, minutes(5)), times: 1 },
      { id: 5, pool: 'linux', since: NOW, until: after(NOW, minutes(10)), times: 2 },
    ]);
  });
});
