import { describe, expect, it } from 'vitest';
import { aPool, OFFERING } from '../../test/support/observations.ts';
import { failure, termInOffice } from '../../test/support/scripted-ports.ts';
import type { Action } from '../engine/action.ts';
import { act } from './act.ts';
import type { Enrolment } from './ports.ts';

const launch = (pool: string, count = 1): Action => ({ do: 'launch', pool, count, offerings: [OFFERING] });
const drain = (instance: string): Action => ({ do: 'drain', pool: 'linux', instance, because: 'idle' });
const forget = (manager: string): Action => ({
  do: 'forget',
  pool: 'linux',
  manager,
  because: 'instance gone',
});
const enrol = (instance: string): Action => ({ do: 'enrol', pool: 'linux', instance });
const dismiss = (instance: string): Action => ({
  do: 'dismiss',
  pool: 'linux',
  instance,
  because: 'instance gone',
});

const failed = (action: Action, why: unknown) => ({ action, done: false, why });

/** Pool linux is isolated, and whoever makes runners writes down what is asked. */
async function isolated(failing = '') {
  const { at, calls } = await termInOffice({ pools: [aPool({ isolated: true }), aPool({ name: 'arm' })] });
  const enrolment: Enrolment = {
    enrolled: async () => new Map(),
    enrol: async (pool, instance) => {
      calls.push(`enrol ${instance} of ${pool}`);
      if (instance === failing) throw failure('unavailable', 'GitLab is away');
    },
    dismiss: async (pool, instance) => void calls.push(`dismiss ${instance} of ${pool}`),
  };
  return { calls, run: (...actions: readonly Action[]) => act(actions, { ...at, enrolment }) };
}

describe('runners of single instances', () => {
  it('are made at once for what is bought, and removed before managers are forgotten', async () => {
    const { run, calls } = await isolated();
    const outcomes = await run(
      forget('r_1'),
      dismiss('i-9'),
      enrol('i-8'),
      drain('i-7'),
      launch('linux', 2),
      launch('arm'),
    );
    expect(calls.filter((call) => !call.startsWith('prepare'))).toEqual([
      'launch 2 of linux',
      'launch 1 of arm',
      'enrol i-1-0 of linux',
      'enrol i-1-1 of linux',
      'enrol i-8 of linux',
      'drain i-7 (idle)',
      'dismiss i-9 of linux',
      'forget r_1 of linux',
    ]);
    expect(outcomes.every((outcome) => outcome.done)).toBe(true);
    expect(outcomes.map(({ action }) => action)).toContainEqual(enrol('i-1-1'));
  });

  it('that cannot be made keep nothing else from being done', async () => {
    const { run } = await isolated('i-1-0');
    const outcomes = await run(launch('linux', 2), drain('i-7'));
    expect(outcomes.filter((outcome) => !outcome.done)).toEqual([
      failed(enrol('i-1-0'), expect.stringContaining('GitLab is away')),
    ]);
  });

  it('are nothing that happens where nobody makes any', async () => {
    const { at } = await termInOffice();
    const [outcome] = await act([enrol('i-8')], at);
    expect(outcome).toEqual(failed(enrol('i-8'), 'looking after runners of instances: nobody does'));
  });
});
