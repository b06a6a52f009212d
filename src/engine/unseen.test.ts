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
  NOW,
  stale,
} from '../../test/support/observations.ts';
import { explainAction, explainAlarm } from './explain.ts';
import { emptyHistory } from './history.ts';
import type { Manager } from './instance.ts';
import type { Observation } from './observation.ts';
import { plan } from './plan.ts';
import { type Duration, minutes, seconds } from './time.ts';

const policy = aPolicy(aPool());

/** What is decided while the manager of `i-1` spoke so long ago, and `i-1` has not been listed for ten minutes. */
function decided(contact: Duration, over: Partial<Observation> = {}, manager: Partial<Manager> = {}) {
  const goneSince = ago(minutes(10));
  const { actions, alarms } = plan(
    anObservation({
      managers: { linux: fresh([aManager('i-1', { contactedAt: ago(contact), ...manager })]) },
      history: { ...emptyHistory(NOW), instances: { 'i-1': idleFor(minutes(20), { goneSince }) } },
      ...over,
    }),
    policy,
  );
  return { actions: actions.map(explainAction), alarms: alarms.map(({ alarm }) => alarm) };
}

const FORGOTTEN = { actions: ['forget manager r_i-1 (instance gone)'], alarms: [] };
const UNSEEN = { actions: [], alarms: ['unseen'] };
const NOTHING = { actions: [], alarms: [] };

describe('a manager whose instance is gone', () => {
  it('is forgotten when it has been silent since', () => {
    expect(decided(minutes(11))).toEqual(FORGOTTEN);
  });

  it('is forgotten although its last word seems later, as far as clocks may differ', () => {
    expect(decided(seconds(9 * 60 + 10))).toEqual(FORGOTTEN);
  });

  it('is left alone when it has spoken since: its instance lives where nobody looks, which is said', () => {
    expect(decided(seconds(5))).toEqual(UNSEEN);
    expect(decided(minutes(8))).toEqual(UNSEEN);
  });

  it('is no alarm where the instance is listed, or the listing is old', () => {
    expect(decided(seconds(5), { instances: fresh([anInstance('i-1')]) }).alarms).toEqual([]);
    expect(decided(seconds(5), { unlisted: { linux: stale(undefined) } }).alarms).toEqual(['stale']);
    expect(decided(seconds(5), { instances: stale([]) }).alarms).toEqual(['stale']);
  });
});

describe('a manager of which nothing is remembered', () => {
  const unknown = { history: emptyHistory(NOW) };

  it('is of an instance that nobody sees, when it speaks and is not new', () => {
    expect(decided(seconds(5), unknown)).toEqual(UNSEEN);
  });

  it('may be of an instance that is listed late', () => {
    expect(decided(seconds(5), unknown, { firstSeenAt: ago(seconds(60)) })).toEqual(NOTHING);
  });

  it('is waited for while it is silent, and forgotten in the end', () => {
    expect(decided(minutes(5), unknown)).toEqual(NOTHING);
    expect(decided(minutes(130), unknown)).toEqual(FORGOTTEN);
  });

  it('is nothing to us when it is of no instance of ours', () => {
    const { instance: _none, ...foreign } = aManager('x', { contactedAt: ago(seconds(5)) });
    expect(decided(seconds(5), { ...unknown, managers: { linux: fresh([foreign]) } })).toEqual(NOTHING);
  });
});

it('the alarm says what to do', () => {
  expect(explainAlarm({ alarm: 'unseen', pool: 'linux', instance: 'i-1' })).toMatch(
    /^i-1 of linux still speaks with GitLab, and EC2 does not list it: .*; change them back/,
  );
});
