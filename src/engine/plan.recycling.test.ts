import { describe, expect, it } from 'vitest';
import {
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
} from '../../test/support/observations.ts';
import { explainPool } from './explain.ts';
import { emptyHistory, type InstanceHistory } from './history.ts';
import type { Instance } from './instance.ts';
import { plan } from './plan.ts';
import type { PoolPolicy } from './pool.ts';
import { minutes, seconds } from './time.ts';

interface Machine {
  readonly instance?: Partial<Instance>;
  readonly remembered?: Partial<InstanceHistory>;
  /** Not yet ready. */
  readonly boots?: boolean;
}

/** What is done, in one line, about a pool with these machines and so many waiting jobs. */
function decided(pool: Partial<PoolPolicy>, machines: readonly Machine[], waiting = 0): string {
  const all = machines.map((machine, index) => ({ ...machine, id: `i-${index}` }));
  const observation = anObservation({
    jobs: fresh(jobs(waiting === 0 ? [] : [pending(waiting)])),
    instances: fresh(all.map(({ id, instance }) => anInstance(id, instance))),
    managers: { linux: fresh(all.filter(({ boots }) => boots !== true).map(({ id }) => aManager(id))) },
    history: {
      ...emptyHistory(NOW),
      instances: Object.fromEntries(
        all.map(({ id, boots, remembered }) => [
          id,
          boots === true ? { pool: 'linux', bootedFor: seconds(30) } : idleFor(minutes(1), remembered),
        ]),
      ),
    },
  });
  const [only] = plan(observation, aPolicy(aPool(pool))).pools;
  return only === undefined ? '' : explainPool(only);
}

const USED: Machine = { instance: { maxJobs: 1 }, remembered: { jobs: { count: 1, last: [7] } } };
const UNUSED: Machine = { instance: { maxJobs: 1 } };
const OLD: Machine = { instance: { generation: 'g0' } };
const NEW: Machine = {};
const BOOTING: Machine = { boots: true };

describe('an instance that has had its jobs', () => {
  it('is replaced in the pass in which a job needs that', () => {
    expect(decided({ maxJobs: 1 }, [USED], 1)).toBe(
      '1 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 1 (demand 0→1); launch 1 instance (spot), drain i-0 (used-up)',
    );
  });

  it('leaves as well when nothing does, and keeps no other from its job', () => {
    expect(decided({ maxJobs: 1 }, [USED])).toMatch(/; desired 0; drain i-0 \(used-up\)$/);
    expect(decided({ maxJobs: 1 }, [USED, UNUSED], 1)).toMatch(/; desired 1 .*; drain i-0 \(used-up\)$/);
  });

  it('is not counted towards min', () => {
    expect(decided({ maxJobs: 1, min: 1 }, [USED])).toMatch(
      /\(min 0→1\); launch 1 instance \(spot\), drain i-0 /,
    );
  });

  it('leaves by its own tag, whatever the pool wants today', () => {
    expect(decided({}, [USED])).toMatch(/drain i-0 \(used-up\)$/);
    expect(decided({ maxJobs: 1 }, [{ remembered: USED.remembered ?? {} }], 1)).toMatch(/; nothing to do$/);
  });
});

describe('old instances of which enough must stay ready', () => {
  const kept = { min: 3, minAvailable: 3, surge: 2 };

  it('stay until new ones are ready, which are bought first', () => {
    expect(decided(kept, [OLD, OLD, OLD])).toMatch(
      /; no replacement: 2 old instances stay until as many new ones are ready \(minAvailable 3\); launch 2 instances \(spot\)$/,
    );
    expect(decided(kept, [OLD, OLD, OLD, BOOTING, BOOTING])).toMatch(/\(minAvailable 3\); nothing to do$/);
    expect(decided(kept, [OLD, OLD, OLD, NEW, BOOTING])).toMatch(
      /1 old instance stays until as many .*; drain i-0 \(drifted\)$/,
    );
    expect(decided(kept, [OLD, OLD, OLD, NEW, NEW])).toMatch(
      /; drain i-0 \(drifted\), drain i-1 \(drifted\)$/,
    );
  });

  it('wait for those that boot for the demand anyway: nothing is bought beside them', () => {
    expect(decided(kept, [OLD, OLD, OLD, BOOTING, BOOTING, BOOTING], 6)).toMatch(
      /desired 6 .*\(minAvailable 3\); nothing to do$/,
    );
    expect(decided(kept, [OLD, OLD, OLD], 8)).toMatch(/desired 8 .*; launch 5 instances \(spot\)$/);
  });

  it('are bought for beyond max, within the surge', () => {
    expect(decided({ ...kept, max: 3 }, [OLD, OLD, OLD])).toMatch(
      /desired 3 .*; launch 2 instances \(spot\)$/,
    );
    expect(decided({ ...kept, max: 3, surge: 1 }, [OLD, OLD, OLD])).toMatch(/; launch 1 instance \(spot\)$/);
  });
});
