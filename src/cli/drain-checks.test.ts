import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  NOW,
} from '../../test/support/observations.ts';
import type { Instruction } from '../engine/instruction.ts';
import { plan } from '../engine/plan.ts';
import { seconds } from '../engine/time.ts';
import { type Status, StatusBoard } from '../status/model.ts';
import { drainable } from './drain-checks.ts';

const POLICY = aPolicy(aPool({ min: 2 }), aPool({ name: 'arm', tags: ['arm'] }));
const ASKED: Instruction = { kind: 'drain', instance: 'i-2', at: ago(seconds(60)), how: 'replace' };
const SHRUNK: Instruction = { ...ASKED, how: 'shrink' };

/** What the daemon shows of four instances, three of which stay. */
function statusWith(...instructions: readonly Instruction[]): Status {
  const instances = fresh([
    ...['i-1', 'i-2', 'i-3'].map((id) => anInstance(id)),
    anInstance('i-4', { drain: { because: 'idle', at: ago(seconds(20)) } }),
    anInstance('i-5', { pool: 'arm' }),
  ]);
  const managers = {
    linux: fresh(['i-1', 'i-2', 'i-3', 'i-4'].map((id) => aManager(id))),
    arm: fresh([aManager('i-5')]),
  };
  const observation = anObservation({ instances, managers, instructions });
  const board = new StatusBoard('acme', NOW);
  board.passed({ pass: 'acted', observation, plan: plan(observation, POLICY), outcomes: [] }, NOW, NOW);
  return board.status(NOW);
}

function drained(
  ids: readonly string[],
  how: 'replace' | 'shrink',
  ...written: readonly Instruction[]
): string {
  try {
    return drainable(ids, how, { status: statusWith(...written), written })
      .map(({ pool, instance }) => `${instance.id} of ${pool.pool}`)
      .join(', ');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('draining instances by command', () => {
  it.each([
    ['one', drained(['i-1'], 'replace'), 'i-1 of linux'],
    ['several, each once', drained(['i-1', 'i-5', 'i-1'], 'replace'), 'i-1 of linux, i-5 of arm'],
    [
      'all of a pool, to be replaced',
      drained(['i-1', 'i-2', 'i-3'], 'replace'),
      'i-1 of linux, i-2 of linux, i-3 of linux',
    ],
    ['down to min', drained(['i-1'], 'shrink'), 'i-1 of linux'],
    ['to nothing where there is no min', drained(['i-5'], 'shrink'), 'i-5 of arm'],
    ['now, what was asked to in its turn', drained(['i-2'], 'shrink', ASKED), 'i-2 of linux'],
    [
      'not below min',
      drained(['i-1', 'i-2', 'i-5'], 'shrink'),
      'draining i-1, i-2: pool linux keeps 2 instances (min); use --replace, or lower min',
    ],
    [
      'not below min with what is about to leave',
      drained(['i-1'], 'shrink', SHRUNK),
      'draining i-1: pool linux keeps 2 instances (min); use --replace, or lower min',
    ],
    [
      'not one that drains',
      drained(['i-1', 'i-4'], 'replace'),
      'draining i-4: it is draining already, since 20 s (idle)',
    ],
    [
      'not one that was asked to',
      drained(['i-2'], 'replace', ASKED),
      'draining i-2: it is asked to already, since 2026-01-05T07:59:00.000Z, and waits for its turn; --shrink does not wait',
    ],
    [
      'not one of nobody',
      drained(['i-1', 'i-9'], 'replace'),
      'draining i-9: it is none of the instances of acme, and Runtide drains no others; "runtide status" lists them',
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });
});
