import { describe, expect, it } from 'vitest';
import { minutes } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { alertStatus, Hooks } from './hooks.ts';

const settings = {
  url: 'http://127.0.0.1/',
  events: new Set(['job_events']),
  customHeaders: [],
  verifySsl: true,
};

function hooks() {
  const clock = new VirtualClock();
  const all = new Hooks(
    () => 1,
    () => clock.now(),
  );
  const { id } = all.add(1, settings);
  const status = () => {
    const hook = all.find(id);
    return hook === undefined ? undefined : alertStatus(hook, clock.now());
  };
  const failOften = async (times: number) => {
    for (let failure = 0; failure < times; failure += 1) {
      all.failed(id);
      await clock.advance(minutes(24 * 60 + 1));
    }
  };
  return { all, id, clock, status, failOften };
}

describe('a hook that fails', () => {
  it('is paused at the fourth failure in a row, for a minute that doubles', async () => {
    const { all, id, clock, status } = hooks();
    for (let failure = 0; failure < 3; failure += 1) all.failed(id);
    expect(status()).toBe('executable');
    for (const pause of [1, 2, 4, 8]) {
      all.failed(id);
      expect(status()).toBe('temporarily_disabled');
      await clock.advance(minutes(pause));
      expect(status()).toBe('temporarily_disabled');
      await clock.advance(minutes(0.001));
      expect(status()).toBe('executable');
    }
  });

  it('does not count failures while it is paused', () => {
    const { all, id } = hooks();
    for (let failure = 0; failure < 9; failure += 1) all.failed(id);
    expect(all.find(id)?.failures).toBe(4);
  });

  it('is paused for a day at most, and for good at the fortieth failure', async () => {
    const { all, id, clock, status, failOften } = hooks();
    await failOften(39);
    expect(status()).toBe('executable');
    all.failed(id);
    expect(status()).toBe('disabled');
    await clock.advance(minutes(48 * 60));
    expect(status()).toBe('disabled');
  });

  it('starts afresh after a success', async () => {
    const { all, id, status, failOften } = hooks();
    await failOften(5);
    all.succeeded(id);
    for (let failure = 0; failure < 3; failure += 1) all.failed(id);
    expect(status()).toBe('executable');
  });
});

describe('the hooks that are told of a project', () => {
  it('are its own and those of the groups that it lies in', () => {
    let id = 0;
    const all = new Hooks(
      () => (id += 1),
      () => new VirtualClock().now(),
    );
    all.add(1, settings);
    all.add(2, settings);
    all.addToGroup({ id: 1, path: 'acme' }, settings);
    all.addToGroup({ id: 2, path: 'acme/tools' }, settings);
    all.addToGroup({ id: 3, path: 'acm' }, settings);
    const told = (project: number, namespace: string) =>
      all.telling({ id: project, namespace }).map((hook) => hook.id);
    expect(told(1, 'acme')).toEqual([3, 1]);
    expect(told(2, 'acme/tools/small')).toEqual([4, 3, 2]);
    expect(told(3, 'other')).toEqual([]);
    expect(all.ofGroup(2).map((hook) => hook.id)).toEqual([4]);
    expect(all.of(1).map((hook) => hook.id)).toEqual([1]);
  });
});
