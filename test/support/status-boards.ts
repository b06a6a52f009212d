import type { PassReport } from '../../src/controller/reconcile.ts';
import { emptyHistory } from '../../src/engine/history.ts';
import type { Observation } from '../../src/engine/observation.ts';
import { plan } from '../../src/engine/plan.ts';
import { after, minutes, seconds } from '../../src/engine/time.ts';
import { StatusBoard } from '../../src/status/model.ts';
import {
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  ago,
  fresh,
  idleFor,
  jobs,
  NOW,
  pending,
} from './observations.ts';

export const STARTED = ago(minutes(1));
export const STOOD_BY: PassReport = { pass: 'stood by', holder: 'host-2/17' };
export const FAILED: PassReport = { pass: 'failed', why: 'the state file is locked' };

export function acted(over: Partial<Observation> = {}): PassReport {
  const observation = anObservation(over);
  return { pass: 'acted', observation, plan: plan(observation, aPolicy(aPool())), outcomes: [] };
}

/** A board that has seen the passes, one each second from the start, each of 400 ms. */
export function boardAfter(...reports: readonly PassReport[]): StatusBoard {
  const board = new StatusBoard('acme', STARTED);
  for (const [index, report] of reports.entries()) {
    const began = after(STARTED, seconds(index));
    board.passed(report, began, after(began, seconds(0.4)));
  }
  return board;
}

/** One idle, one busy, one draining instance, and two jobs that wait. */
export const MIXED: Partial<Observation> = {
  jobs: fresh(jobs([pending(2)], [{ id: 1, project: 1, instance: 'i-busy' }])),
  instances: fresh([
    anInstance('i-busy'),
    anInstance('i-idle'),
    anInstance('i-leaves', { drain: { because: 'idle', at: ago(seconds(20)) } }),
  ]),
  managers: { linux: fresh([aManager('i-busy', { active: true }), aManager('i-idle')]) },
  history: {
    ...emptyHistory(NOW),
    instances: { 'i-busy': idleFor(seconds(0)), 'i-idle': idleFor(seconds(90)) },
  },
};
