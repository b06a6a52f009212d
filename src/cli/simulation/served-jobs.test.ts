import { describe, expect, it } from 'vitest';
import { aPolicy, aPool } from '../../../test/support/observations.ts';
import { instant, milliseconds, minutes, seconds } from '../../engine/time.ts';
import type { OwnContender } from '../../simulator/autoscalers.ts';
import type { Workload, WorkloadJob } from '../../simulator/workload.ts';
import { servedBy, taggedFor } from './served-jobs.ts';

function ownOf(name: string, ...tags: readonly (readonly string[])[]): OwnContender {
  return {
    kind: 'own',
    name,
    policy: aPolicy(...tags.map((each) => aPool({ tags: each }))),
    pollInterval: seconds(15),
    webhooks: true,
  };
}

function jobOf(name: string, tags: readonly string[], needs?: readonly string[]): WorkloadJob {
  return { name, stage: 'test', tags, duration: minutes(1), ...(needs !== undefined && { needs }) };
}

function workloadOf(...pipelines: readonly (readonly WorkloadJob[])[]): Workload {
  return {
    name: 'some',
    start: instant(0),
    length: minutes(60),
    pipelines: pipelines.map((jobs) => ({
      at: milliseconds(0),
      project: 'acme/web',
      stages: ['test'],
      jobs,
    })),
  };
}

describe('generated jobs', () => {
  const generated = workloadOf([jobOf('a', ['linux']), jobOf('b', ['linux'])]);

  it('get the tags of the first pool', () => {
    const { pipelines } = taggedFor([ownOf('yours', ['docker', 'x64'], ['gpu'])], generated);
    expect(pipelines[0]?.jobs.map(({ tags }) => tags)).toEqual([
      ['docker', 'x64'],
      ['docker', 'x64'],
    ]);
  });

  it('stay as they are without a policy of the operator', () => {
    expect(taggedFor([], generated)).toBe(generated);
  });

  it('must be served by every policy', () => {
    expect(() => taggedFor([ownOf('yours', ['docker']), ownOf('other', ['gpu'])], generated)).toThrow(
      'simulating other: none of its pools serves jobs tagged docker, as the first pool of yours does; give it one that does',
    );
  });
});

describe('real jobs', () => {
  it('are left out, counted by tags, where a policy has no pool for them', () => {
    const history = workloadOf(
      [jobOf('a', ['linux']), jobOf('b', ['gpu']), jobOf('c', ['linux'], ['a', 'b'])],
      [jobOf('d', ['gpu']), jobOf('e', [])],
    );
    const { workload, leftOut } = servedBy(
      [ownOf('yours', ['linux']), ownOf('other', ['linux', 'gpu'])],
      history,
    );
    expect(workload.pipelines.map(({ jobs }) => jobs)).toEqual([
      [jobOf('a', ['linux']), jobOf('c', ['linux'], ['a'])],
    ]);
    expect([...leftOut]).toEqual([
      ['tagged gpu', 2],
      ['without tags', 1],
    ]);
  });

  it('are all there without a policy of the operator', () => {
    const history = workloadOf([jobOf('a', ['gpu'])]);
    expect(servedBy([], history)).toEqual({ workload: history, leftOut: new Map() });
  });
});
