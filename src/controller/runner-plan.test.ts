import { describe, expect, it } from 'vitest';
import { instant, milliseconds, minutes } from '../engine/time.ts';
import type { RunnerSettings } from './registrations.ts';
import {
  type FoundRunner,
  planRunners,
  rotatesAt,
  type RunnerStep,
  type WantedRunners,
} from './runner-plan.ts';

const DAY = 24 * 60 * 60_000;
const NOW = instant(1000 * DAY);
const MANAGER = { systemId: 'r_1', firstSeenAt: NOW, active: false };

const SETTINGS: RunnerSettings = {
  description: 'Runtide acme/linux',
  tags: ['linux'],
  runUntagged: false,
  protectedOnly: false,
  locked: true,
};

function wanted(over: Partial<WantedRunners> = {}): WantedRunners {
  return { pool: 'linux', shards: 1, settingsOf: () => SETTINGS, projects: [1], ...over };
}

function found(id: number, over: Partial<FoundRunner> = {}): FoundRunner {
  return { id, shard: 1, settings: SETTINGS, projects: [1], managers: [], stored: true, living: 0, ...over };
}

function endingIn(days: number, lifetime = 100): Pick<FoundRunner, 'validity'> {
  return {
    validity: { from: instant(NOW + (days - lifetime) * DAY), until: instant(NOW + days * DAY) },
  };
}

function stepsOf(runners: readonly FoundRunner[], want = wanted()): readonly RunnerStep[] {
  return planRunners(runners, want, NOW).steps;
}

const LIVING = { managers: [MANAGER], living: 1 };

describe('planRunners', () => {
  it.each<[what: string, runners: readonly FoundRunner[], steps: readonly object[], want?: WantedRunners]>([
    ['makes the first', [], [{ do: 'create', shard: 1 }]],
    ['leaves one that is as wanted', [found(7, LIVING)], []],
    ['gives one without a kept token another', [found(7, { stored: false })], [{ do: 'reset', runner: 7 }]],
    [
      'makes every shard',
      [found(7)],
      [
        { do: 'create', shard: 2 },
        { do: 'create', shard: 3 },
      ],
      wanted({ shards: 3 }),
    ],
    ['removes what is more', [found(7), found(8)], [{ do: 'remove', runner: 7 }]],
    ['lets the old one be while it has managers', [found(7, LIVING), found(8)], []],
    [
      'removes the old one when its last managers are of machines that are gone',
      [found(7, { managers: [MANAGER] }), found(8)],
      [{ do: 'remove', runner: 7 }],
    ],
    [
      'removes a shard that is no longer wanted, and serves it until then',
      [found(7), found(8, { shard: 2 }), found(9, { shard: 3, ...LIVING })],
      [{ do: 'remove', runner: 8 }],
    ],
    ['lets a new token be', [found(7, endingIn(15))], []],
    [
      'makes a successor before the token ends',
      [found(7, { ...LIVING, ...endingIn(13) })],
      [{ do: 'create', shard: 1 }],
    ],
    [
      'takes what an interrupted round made for the successor',
      [found(7, { ...LIVING, ...endingIn(13) }), found(8, { stored: false })],
      [{ do: 'reset', runner: 8 }],
    ],
    ['is content with the successor', [found(7, { ...LIVING, ...endingIn(13) }), found(8, endingIn(90))], []],
    [
      'removes what an interrupted round made and nobody needs',
      [found(7, LIVING), found(8, { stored: false })],
      [{ do: 'remove', runner: 8 }],
    ],
    [
      'enables and disables projects',
      [found(7, { projects: [1, 2], settings: { ...SETTINGS, locked: false } })],
      [
        { do: 'enable', runner: 7, project: 3 },
        { do: 'disable', runner: 7, project: 2 },
      ],
      wanted({ projects: [1, 3], settingsOf: () => ({ ...SETTINGS, locked: false }) }),
    ],
    [
      'opens a locked one for as long as it is enabled',
      [found(7)],
      [
        { do: 'update', runner: 7, change: { locked: false } },
        { do: 'enable', runner: 7, project: 3 },
        { do: 'update', runner: 7, change: { locked: true } },
      ],
      wanted({ projects: [1, 3] }),
    ],
    [
      'locks one last that is to be locked',
      [found(7, { settings: { ...SETTINGS, locked: false, runUntagged: true } })],
      [
        { do: 'update', runner: 7, change: { runUntagged: false } },
        { do: 'enable', runner: 7, project: 3 },
        { do: 'update', runner: 7, change: { locked: true } },
      ],
      wanted({ projects: [1, 3] }),
    ],
    [
      'takes a runner from all projects but its owner before it removes it',
      [found(7, { projects: [1, 2] }), found(8, { projects: [1, 2] })],
      [
        { do: 'disable', runner: 7, project: 2 },
        { do: 'remove', runner: 7 },
      ],
      wanted({ projects: [1, 2] }),
    ],
  ])('%s', (_, runners, steps, want) => {
    expect(stepsOf(runners, want)).toEqual(steps.map((step) => expect.objectContaining(step)));
  });

  it.each<[what: string, has: Partial<RunnerSettings>, wants: Partial<RunnerSettings>, change: object]>([
    ['tags', { tags: ['other'] }, {}, { tags: ['linux'] }],
    [
      'the description',
      { description: 'Runtide acme/linux: old' },
      {},
      { description: SETTINGS.description },
    ],
    ['whether it takes jobs without tags', { runUntagged: true }, {}, { runUntagged: false }],
    ['whether it is for protected refs', { protectedOnly: true }, {}, { protectedOnly: false }],
    ['whether it is locked', { locked: false }, {}, { locked: true }],
    ['the longest job', {}, { maximumTimeout: minutes(60) }, { maximumTimeout: minutes(60) }],
    ['the note', { maintenanceNote: 'old' }, { maintenanceNote: 'new' }, { maintenanceNote: 'new' }],
  ])('keeps %s in step', (_, has, wants, change) => {
    const want = wanted({ settingsOf: () => ({ ...SETTINGS, ...wants }) });
    expect(stepsOf([found(7, { ...LIVING, settings: { ...SETTINGS, ...has } })], want)).toEqual([
      { do: 'update', runner: 7, change },
    ]);
  });

  it('leaves what is not wanted either way', () => {
    const settings = { ...SETTINGS, maximumTimeout: minutes(60), maintenanceNote: 'by hand' };
    expect(stepsOf([found(7, { settings })])).toEqual([]);
    const { locked: _, ...ofGroup } = SETTINGS;
    const want = wanted({ projects: [], settingsOf: () => ofGroup });
    expect(stepsOf([found(7, { projects: [], settings: { ...SETTINGS, locked: false } })], want)).toEqual([]);
  });

  it('takes the order of tags for no difference', () => {
    const settings = { ...SETTINGS, tags: ['b', 'a'] };
    const want = wanted({ settingsOf: () => ({ ...SETTINGS, tags: ['a', 'b'] }) });
    expect(stepsOf([found(7, { settings })], want)).toEqual([]);
  });

  it('never replaces a token that may be in use: it says so', () => {
    const plan = planRunners([found(7, { stored: false, ...LIVING })], wanted(), NOW);
    expect(plan.steps).toEqual([]);
    expect(plan.current).toEqual([undefined]);
    expect(plan.concerns).toEqual([
      expect.objectContaining({
        about: 'runner 7 of pool linux',
        why: expect.stringContaining('is not kept'),
      }),
    ]);
  });

  it('names the newest whose token is kept as the one for new instances', () => {
    const runners = [found(9, { stored: false, ...LIVING }), found(8), found(7, LIVING)];
    expect(planRunners(runners, wanted(), NOW).current.map((runner) => runner?.id)).toEqual([8]);
  });
});

describe('rotatesAt', () => {
  it.each<[what: string, lifetime: number, before: number]>([
    ['14 days before the end of a long life', 365, 14],
    ['in the last quarter of a short one', 8, 2],
  ])('is %s', (_, lifetime, before) => {
    const from = instant(0);
    const until = instant(lifetime * DAY);
    expect(rotatesAt({ from, until })).toBe(milliseconds((lifetime - before) * DAY));
  });
});
