import { describe, expect, it } from 'vitest';
import { anInstance, NOW } from '../../test/support/observations.ts';
import type { Instance } from '../engine/instance.ts';
import type { Part } from '../engine/observation.ts';
import type { Outcome } from '../engine/outcome.ts';
import { after, type Instant, minutes, seconds } from '../engine/time.ts';
import { Notices } from './notices.ts';
import type { Delivery, Notice } from './ports.ts';

const OURS = 'i-00000000000000001';
const OTHER = 'i-00000000000000002';
const heeds = (_pool: string): boolean => true;

function listed(instances: readonly Instance[], readAt = NOW): Part<readonly Instance[]> {
  return { known: true, value: instances, readAt, freshFor: minutes(1) };
}

function delivery(
  receipt: string,
  kind: Notice['kind'] = 'interruption',
  instance = OURS,
  at: Instant = NOW,
): Delivery {
  return { notice: { instance, kind, at }, receipt };
}

function drainOf(instance: string, done: boolean): Outcome {
  const action = { do: 'drain', pool: 'linux', instance, because: 'interrupted' } as const;
  return done ? { action, done } : { action, done, why: 'throttled' };
}

/** One pass over the instances, in which what is interrupted is asked to drain. */
function pass(
  notices: Notices,
  instances: readonly Instance[],
  { at = NOW, drains = true, heedsRebalance = heeds } = {},
) {
  const { part, news } = notices.fold(listed(instances, at), heedsRebalance);
  const folded = part.known ? part.value : [];
  const interrupted = folded.filter(({ interruption }) => interruption !== undefined).map(({ id }) => id);
  notices.settle(
    part,
    interrupted.map((id) => drainOf(id, drains)),
  );
  return { interrupted, news, finished: notices.finished() };
}

const running = (id = OURS): Instance => anInstance(id);

/** Notices whose first pass has listed one instance of ours. */
function afterFirstPass(): Notices {
  const notices = new Notices();
  pass(notices, [running()]);
  return notices;
}

describe('a notice', () => {
  it('wakes a pass, which sees it on its instance, and is done with once that drains', () => {
    const notices = afterFirstPass();
    expect(notices.take([delivery('a')], NOW)).toBe('pass');
    expect(notices.finished()).toEqual([]);
    expect(pass(notices, [running()])).toEqual({
      interrupted: [OURS],
      news: [{ instance: OURS, pool: 'linux', kind: 'interruption', heeded: true }],
      finished: ['a'],
    });
    expect(pass(notices, [running()])).toEqual({ interrupted: [], news: [], finished: [] });
  });

  it('stays until the drain has worked', () => {
    const notices = afterFirstPass();
    notices.take([delivery('a')], NOW);
    expect(pass(notices, [running()], { drains: false })).toMatchObject({
      interrupted: [OURS],
      finished: [],
    });
    expect(pass(notices, [running()])).toEqual({ interrupted: [OURS], news: [], finished: ['a'] });
  });

  it('stays while the instances are not known', () => {
    const notices = new Notices();
    notices.take([delivery('a')], NOW);
    const unknown = { known: false, failure: 'not read yet' } as const;
    expect(notices.fold(unknown, heeds)).toEqual({ part: unknown, news: [] });
    notices.settle(unknown, []);
    expect(notices.finished()).toEqual([]);
    expect(pass(notices, [running()])).toMatchObject({ interrupted: [OURS], finished: ['a'] });
  });

  it('that arrives in the middle of a pass is left to the next', () => {
    const notices = afterFirstPass();
    const { part } = notices.fold(listed([running()]), heeds);
    notices.take([delivery('a')], NOW);
    notices.settle(part, [drainOf(OURS, true)]);
    expect(notices.finished()).toEqual([]);
    const draining = anInstance(OURS, { drain: { because: 'idle', at: NOW } });
    expect(pass(notices, [draining])).toMatchObject({ interrupted: [OURS], finished: ['a'] });
  });

  it('that comes again costs no pass once it was taken', () => {
    const notices = afterFirstPass();
    notices.take([delivery('a'), delivery('b')], NOW);
    expect(pass(notices, [running()]).finished).toEqual(['a', 'b']);
    expect(notices.take([delivery('c'), delivery('d', 'rebalance')], NOW)).toBe('nothing');
    expect(notices.finished()).toEqual(['c', 'd']);
  });

  it('of an instance that drains for another reason is told once, for the sake of its offering', () => {
    const draining = anInstance(OURS, { drain: { because: 'idle', at: NOW } });
    const notices = new Notices();
    pass(notices, [draining]);
    expect(notices.take([delivery('a')], NOW)).toBe('pass');
    expect(pass(notices, [draining])).toMatchObject({
      interrupted: [OURS],
      news: [{ instance: OURS }],
      finished: ['a'],
    });
    expect(notices.take([delivery('b')], NOW)).toBe('nothing');
  });

  it('is no news where an earlier process has acted on it', () => {
    const drained = anInstance(OURS, { drain: { because: 'interrupted', at: NOW } });
    const notices = new Notices();
    notices.take([delivery('a')], NOW);
    expect(pass(notices, [drained])).toEqual({ interrupted: [OURS], news: [], finished: ['a'] });
  });

  it('is news as well where only the listing says it, once', () => {
    const notices = new Notices();
    const taken = anInstance(OURS, { interruption: { kind: 'interruption', at: NOW } });
    expect(pass(notices, [taken]).news).toEqual([
      { instance: OURS, pool: 'linux', kind: 'interruption', heeded: true },
    ]);
    expect(pass(notices, [taken]).news).toEqual([]);
    notices.take([delivery('a')], NOW);
    expect(pass(notices, [taken])).toMatchObject({ news: [], finished: ['a'] });
  });
});

describe('a recommendation to rebalance', () => {
  it('counts as an interruption, and one that follows it is news', () => {
    const notices = afterFirstPass();
    notices.take([delivery('a', 'rebalance')], NOW);
    expect(pass(notices, [running()])).toMatchObject({
      interrupted: [OURS],
      news: [{ kind: 'rebalance', heeded: true }],
    });
    expect(notices.take([delivery('b')], NOW)).toBe('pass');
    expect(pass(notices, [running()])).toMatchObject({ news: [{ kind: 'interruption' }], finished: ['b'] });
  });

  it('that comes after the interruption changes nothing', () => {
    const notices = afterFirstPass();
    notices.take([delivery('a'), delivery('b', 'rebalance')], NOW);
    expect(pass(notices, [running()])).toMatchObject({
      news: [{ kind: 'interruption' }],
      finished: ['a', 'b'],
    });
  });

  it('that waits for its turn costs no pass each time it comes again, as an interruption does', () => {
    const notices = afterFirstPass();
    expect(notices.take([delivery('a', 'rebalance')], NOW)).toBe('pass');
    pass(notices, [running()], { drains: false });
    expect(notices.take([delivery('b', 'rebalance')], NOW)).toBe('nothing');
    expect(notices.take([delivery('c')], NOW)).toBe('pass');
    pass(notices, [running()], { drains: false });
    expect(notices.take([delivery('d')], NOW)).toBe('pass');
    expect(pass(notices, [running()]).finished).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is only told where the pool ignores it', () => {
    const notices = afterFirstPass();
    notices.take([delivery('a', 'rebalance')], NOW);
    const ignores = { heedsRebalance: (pool: string) => pool !== 'linux' };
    expect(pass(notices, [running()], ignores)).toEqual({
      interrupted: [],
      news: [{ instance: OURS, pool: 'linux', kind: 'rebalance', heeded: false }],
      finished: ['a'],
    });
    notices.take([delivery('b')], NOW);
    expect(pass(notices, [running()], ignores)).toMatchObject({ interrupted: [OURS], finished: ['b'] });
  });
});

describe('a notice of an instance that nobody lists', () => {
  it('costs no pass, waits some minutes for its instance, and then is done with', () => {
    const notices = afterFirstPass();
    expect(notices.take([delivery('a', 'interruption', OTHER)], NOW)).toBe('nothing');
    expect(pass(notices, [running()], { at: after(NOW, minutes(2)) }).finished).toEqual([]);
    expect(notices.take([delivery('b', 'interruption', OTHER)], after(NOW, minutes(2)))).toBe('nothing');
    expect(pass(notices, [running()], { at: after(NOW, seconds(181)) }).finished).toEqual(['a', 'b']);
  });

  it('is seen on its instance when that is listed later', () => {
    const notices = afterFirstPass();
    notices.take([delivery('a', 'interruption', OTHER)], NOW);
    const later = { at: after(NOW, minutes(2)) };
    expect(pass(notices, [running(), running(OTHER)], later)).toMatchObject({
      interrupted: [OTHER],
      finished: ['a'],
    });
  });

  it('is done with at the next pass where it is old, and is not kept for ever by a clock that runs ahead', () => {
    const notices = afterFirstPass();
    notices.take([delivery('old', 'interruption', OTHER, after(NOW, minutes(-10)))], NOW);
    notices.take([delivery('ahead', 'interruption', 'i-00000000000000003', after(NOW, minutes(600)))], NOW);
    expect(pass(notices, [running()]).finished).toEqual(['old']);
    expect(pass(notices, [running()], { at: after(NOW, minutes(4)) }).finished).toEqual(['ahead']);
  });

  it('makes room for others when there are too many, oldest first; ours stay', () => {
    const notices = afterFirstPass();
    notices.take([delivery('ours')], NOW);
    const many = Array.from({ length: 1003 }, (_, index) =>
      delivery(`r-${index}`, 'interruption', `i-${String(index).padStart(17, 'a')}`),
    );
    expect(notices.take(many, NOW)).toBe('nothing');
    expect(notices.finished()).toEqual(['r-0', 'r-1', 'r-2']);
    expect(pass(notices, [running()])).toMatchObject({ interrupted: [OURS], finished: ['ours'] });
  });
});

describe('the end of an instance', () => {
  it('asks for a look at the instances where it is ours, and is done with', () => {
    const notices = afterFirstPass();
    expect(notices.take([delivery('a', 'end'), delivery('b')], NOW)).toBe('instances');
    expect(notices.finished()).toEqual(['a']);
  });

  it('that was on its way out asks for nothing: many may leave together', () => {
    const notices = new Notices();
    pass(notices, [anInstance(OURS, { drain: { because: 'idle', at: NOW } })]);
    expect(notices.take([delivery('a', 'end')], NOW)).toBe('nothing');
    expect(notices.finished()).toEqual(['a']);
  });

  it('of somebody else asks for nothing', () => {
    const notices = afterFirstPass();
    expect(notices.take([delivery('a', 'end', OTHER)], NOW)).toBe('nothing');
    expect(notices.finished()).toEqual(['a']);
  });
});

it('what says nothing is done with', () => {
  const notices = afterFirstPass();
  expect(notices.take([{ receipt: 'a' }], NOW)).toBe('nothing');
  expect(notices.finished()).toEqual(['a']);
});

it('keeps few receipts of one instance: the others come again', () => {
  const notices = afterFirstPass();
  notices.take(
    Array.from({ length: 25 }, (_, index) => delivery(`r-${index}`)),
    NOW,
  );
  expect(pass(notices, [running()]).finished).toHaveLength(10);
});
