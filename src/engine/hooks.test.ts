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
  stale,
} from '../../test/support/observations.ts';
import { viewsByPool } from './capacity.ts';
import { explainAction } from './explain.ts';
import type { Membership } from './group.ts';
import type { InstanceHistory } from './history.ts';
import { planHooks } from './hooks.ts';
import type { Instance } from './instance.ts';
import type { Observation } from './observation.ts';
import type { FleetPolicy } from './pool.ts';
import { minutes, seconds } from './time.ts';

const POLICY = aPolicy(aPool({ group: { heartbeat: minutes(60) } }));
const DRAIN = { because: 'asked', at: ago(minutes(5)) } as const;

interface Scene {
  readonly membership: Omit<Membership, 'group'>;
  readonly instance?: Partial<Instance>;
  readonly history?: Partial<InstanceHistory>;
  readonly manager?: boolean;
  readonly held?: number;
  readonly over?: Partial<Observation>;
  readonly policy?: FleetPolicy;
}

/** What the group of `i-1` is told, such as `drain i-1 (asked)`. */
function told({
  membership,
  instance = {},
  history,
  manager = true,
  held = 0,
  over = {},
  policy = POLICY,
}: Scene) {
  const member = anInstance('i-1', { membership: { group: 'g', ...membership }, ...instance });
  const observation = anObservation({
    instances: fresh([member]),
    managers: { linux: fresh(manager ? [aManager('i-1')] : []) },
    jobs: fresh(
      jobs(
        [],
        Array.from({ length: held }, (_, id) => ({ id, project: 1, manager: 'r_i-1', instance: 'i-1' })),
      ),
    ),
    ...over,
  });
  const remembered = idleFor(minutes(9), history);
  const known = { ...observation, history: { ...observation.history, instances: { 'i-1': remembered } } };
  return planHooks(known, policy, viewsByPool(known, policy.pools)).map(explainAction);
}

const ENDS = { hook: 'termination' } as const;
const BEGINS = { hook: 'launch' } as const;
const BEAT = 'have the group wait for i-1 (termination)';
const TOLD = {
  hook: { transition: 'termination', since: ago(minutes(5)), beatAt: ago(minutes(5)) },
} as const;
const MISSING = { managerMissingSince: ago(seconds(20)) };

describe('a group that waits for a member', () => {
  it.each<readonly [string, Scene, readonly string[]]>([
    ['hears at once, and has it drain', { membership: ENDS }, [BEAT, 'drain i-1 (asked)']],
    ['hears nothing more for a while', { membership: ENDS, instance: { drain: DRAIN }, history: TOLD }, []],
    [
      'goes on once its runner has gone',
      { membership: ENDS, instance: { drain: DRAIN }, history: { ...TOLD, ...MISSING }, manager: false },
      ['have the group go on with i-1 (termination: drained)'],
    ],
    [
      'waits for its job, although its runner has gone',
      {
        membership: ENDS,
        instance: { drain: DRAIN },
        history: { ...TOLD, ...MISSING },
        manager: false,
        held: 1,
      },
      [],
    ],
    [
      'goes on once EC2 has ended it',
      { membership: ENDS, instance: { state: 'terminated' } },
      ['have the group go on with i-1 (termination: machine gone)'],
    ],
    [
      'lets it in once it is ready',
      { membership: BEGINS },
      ['have the group go on with i-1 (launch: ready)'],
    ],
    [
      'waits for it to become ready',
      { membership: BEGINS, history: { readyAt: undefined }, manager: false },
      ['have the group wait for i-1 (launch)'],
    ],
    [
      'hears nothing of one that it ends instead',
      { membership: BEGINS, instance: { state: 'shutting-down' } },
      [],
    ],
    ['hears nothing where it waits for nothing', { membership: {} }, []],
    ['hears nothing where it ends it already', { membership: { ending: true } }, []],
    [
      'hears nothing from the passes where workflows look after it',
      { membership: ENDS, policy: { ...POLICY, terminations: 'workflows' } },
      [],
    ],
    ['has let go of it: it drains', { membership: { retained: true } }, ['drain i-1 (asked)']],
    [
      'has let go of it: it ends after its job',
      { membership: { retained: true }, instance: { drain: DRAIN }, history: MISSING, manager: false },
      ['terminate i-1 (asked)'],
    ],
    [
      'waits on while GitLab cannot be read',
      { membership: ENDS, instance: { drain: DRAIN }, over: { jobs: stale(jobs()) } },
      [BEAT],
    ],
    [
      'hears nothing that rests on an old listing',
      {
        membership: ENDS,
        over: { instances: stale([anInstance('i-1', { membership: { group: 'g', ...ENDS } })]) },
      },
      [],
    ],
    [
      'waits on where its pool is configured no more',
      { membership: ENDS, policy: aPolicy() },
      [BEAT, 'drain i-1 (asked)'],
    ],
  ])('%s', (_name, scene, actions) => {
    expect(told(scene)).toEqual(actions);
  });

  it('is told about several in the order of their ids', () => {
    const members = ['i-2', 'i-1'].map((id) => anInstance(id, { membership: { group: 'g', ...ENDS } }));
    const observation = anObservation({ instances: fresh(members), now: NOW });
    const actions = planHooks(observation, POLICY, viewsByPool(observation));
    expect(actions.flatMap((action) => (action.do === 'drain' ? [action.instance] : []))).toEqual([
      'i-1',
      'i-2',
    ]);
  });
});
