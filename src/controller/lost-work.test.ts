import { expect, it } from 'vitest';
import { ago, NOW } from '../../test/support/observations.ts';
import { minutes } from '../engine/time.ts';
import { type SuspectJob, whyLeft } from './lost-work.ts';

const since = ago(minutes(5));
const job = (over: Partial<SuspectJob>): SuspectJob => ({
  status: 'failed',
  failureReason: 'runner_system_failure',
  finishedAt: NOW,
  ...over,
});

it.each<[string, Partial<SuspectJob>, boolean, string | undefined]>([
  ['GitLab still believes it to run', { status: 'running' }, false, undefined],
  ['its end is awaited', { status: 'canceling' }, false, undefined],
  ['the agent has failed it', {}, false, undefined],
  ['GitLab does not say why', { failureReason: undefined }, false, undefined],
  ['its script failed', { failureReason: 'script_failure' }, false, 'it failed by itself (script_failure)'],
  ['it had failed before', { finishedAt: ago(minutes(7)) }, false, 'it failed before its instance was lost'],
  ['the clocks differ a little', { finishedAt: ago(minutes(5.5)) }, false, undefined],
  ['it succeeded', { status: 'success' }, false, 'it is success'],
  ['somebody canceled it', { status: 'canceled' }, false, 'it was canceled'],
  ['a retry that was begun canceled it', { status: 'canceled' }, true, undefined],
  ['it waits again', { status: 'pending' }, true, 'it is pending'],
])('%s', (_, over, begun, expected) => {
  expect(whyLeft(job(over), { project: 1, job: 2, since, begun })).toBe(expected);
});
