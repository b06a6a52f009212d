import { expect, it } from 'vitest';
import {
  ago,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { EVERY_JOB, type JobKind, type RunnerScope } from './job.ts';
import { plan } from './plan.ts';
import { refusedJobs } from './refused.ts';
import { minutes } from './time.ts';

const OLD = ago(minutes(3));

/** Three old jobs of project 1. */
function waiting(over: Partial<JobKind> = {}, queuedAt = OLD) {
  const demand = pending(3, ['linux'], queuedAt);
  return { ...demand, kind: { ...demand.kind, ...over } };
}

function observed(scope: RunnerScope, kind: Partial<JobKind> = {}, queuedAt = OLD) {
  return anObservation({ jobs: fresh(jobs([waiting(kind, queuedAt)])), scopes: { linux: scope } });
}

const POLICY = aPolicy(aPool());

it.each<[string, RunnerScope, Partial<JobKind>, string]>([
  ['a paused runner', { ...EVERY_JOB, paused: true }, {}, 'paused'],
  [
    'a runner of protected refs',
    { ...EVERY_JOB, protectedOnly: true },
    { protected: false },
    'protected refs only',
  ],
  ['a runner of other projects', { ...EVERY_JOB, projects: new Set([2]) }, {}, 'other projects only'],
])('jobs for %s count for nothing, and are told', (_, scope, kind, because) => {
  const observation = observed(scope, kind);
  expect(refusedJobs(observation, POLICY)).toEqual([{ pool: 'linux', project: 1, because, jobs: 3 }]);
  const { alarms, actions } = plan(observation, POLICY);
  expect(actions).toEqual([]);
  expect(alarms).toEqual([{ alarm: 'refused', pool: 'linux', project: 1, because, jobs: 3 }]);
});

it('a job is not told of before it has waited as long as unserved ones may', () => {
  expect(refusedJobs(observed({ ...EVERY_JOB, paused: true }, {}, ago(minutes(1))), POLICY)).toEqual([]);
});

it('a job that another pool takes is none', () => {
  const both = aPolicy(aPool(), aPool({ name: 'more' }));
  expect(refusedJobs(observed({ ...EVERY_JOB, paused: true }), both)).toEqual([]);
});

it('a job whose tags no pool has is no concern of ours', () => {
  expect(refusedJobs(observed({ ...EVERY_JOB, paused: true }, { tags: ['windows'] }), POLICY)).toEqual([]);
});

it('old readings tell nothing', () => {
  const scopes = { linux: { ...EVERY_JOB, paused: true } };
  expect(refusedJobs(anObservation({ jobs: stale(jobs([waiting()])), scopes }), POLICY)).toEqual([]);
});
