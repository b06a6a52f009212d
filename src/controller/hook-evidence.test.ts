import { describe, expect, it } from 'vitest';
import { jobs, NOW } from '../../test/support/observations.ts';
import type { JobSnapshot } from '../engine/job.ts';
import { after, type Duration, type Instant, instant, minutes, seconds } from '../engine/time.ts';
import { HookEvidence } from './hook-evidence.ts';

/** A job of a project that has waited since then. */
function waiting(id: number, queuedAt: Instant, project = 1): JobSnapshot {
  return jobs([{ kind: { project, tags: [] }, pending: [{ id, queuedAt }] }]);
}

const at = (duration: Duration): Instant => after(NOW, duration);
const before = (duration: Duration): Instant => instant(NOW - duration);

/** Evidence that has read an empty queue. */
function listening(): HookEvidence {
  const evidence = new HookEvidence();
  evidence.read(jobs(), before(minutes(5)));
  return evidence;
}

describe('webhooks', () => {
  it('are not judged before anything happened', () => {
    expect(listening().agree(NOW)).toBeUndefined();
  });

  it('agree with what was read because of them', () => {
    const evidence = listening();
    evidence.announced([{ project: 1, pipeline: 7 }], NOW);
    evidence.read(waiting(1, before(seconds(1))), NOW);
    expect(evidence.agree(NOW)).toBe(true);
  });

  it('are silent where a sweep finds a job that none of them told of', () => {
    const evidence = listening();
    evidence.announced([{ project: 2, pipeline: 7 }], NOW);
    evidence.read(waiting(1, before(seconds(11))), NOW);
    expect([evidence.agree(NOW), evidence.silent(NOW)]).toEqual([false, [1]]);
  });

  it('are given some seconds, and judged once those are over', () => {
    const evidence = listening();
    evidence.read(waiting(1, before(seconds(5))), NOW);
    const early = evidence.agree(NOW);
    evidence.read(waiting(1, before(seconds(5))), at(seconds(6)));
    expect([early, evidence.agree(at(seconds(6)))]).toEqual([undefined, false]);
  });

  it('that told of an earlier job of the project told nothing of this one', () => {
    const evidence = listening();
    evidence.announced([{ project: 1, pipeline: 7 }], before(seconds(60)));
    evidence.read(waiting(1, before(seconds(30))), NOW);
    expect(evidence.agree(NOW)).toBe(false);
  });

  it('agree again once they tell again', () => {
    const evidence = listening();
    evidence.read(waiting(1, before(seconds(30))), NOW);
    evidence.announced([{ project: 1, pipeline: 8 }], at(seconds(1)));
    evidence.read(waiting(2, at(seconds(1))), at(seconds(2)));
    expect([evidence.agree(at(seconds(2))), evidence.silent(at(seconds(2)))]).toEqual([true, []]);
  });

  it('of one project do not speak for another', () => {
    const evidence = listening();
    evidence.read(waiting(1, before(seconds(30)), 1), NOW);
    evidence.announced([{ project: 2, pipeline: 8 }], NOW);
    evidence.read(waiting(2, NOW, 2), at(seconds(1)));
    expect(evidence.agree(at(seconds(1)))).toBe(false);
  });

  it('are not judged by what already waited when listening began', () => {
    const evidence = new HookEvidence();
    evidence.read(waiting(1, before(minutes(9))), NOW);
    evidence.read(waiting(1, before(minutes(9))), at(seconds(15)));
    expect(evidence.agree(at(seconds(15)))).toBeUndefined();
  });

  it('are judged anew after an hour of silence, and a day of agreement', () => {
    const silent = listening();
    silent.read(waiting(1, before(seconds(30))), NOW);
    expect([silent.agree(at(minutes(60))), silent.agree(at(minutes(61)))]).toEqual([false, undefined]);
    const agreeing = listening();
    agreeing.announced([{ project: 1, pipeline: 7 }], NOW);
    agreeing.read(waiting(1, NOW), NOW);
    const day = minutes(24 * 60);
    expect([agreeing.agree(at(day)), agreeing.agree(at(minutes(24 * 60 + 1)))]).toEqual([true, undefined]);
  });
});
