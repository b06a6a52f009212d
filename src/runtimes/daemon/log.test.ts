import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { NOW } from '../../../test/support/observations.ts';
import type { WebhookEvent } from '../../adapters/gitlab/webhook/webhook-event.ts';
import type { ControllerEvent } from '../../controller/events.ts';
import type { Action } from '../../engine/action.ts';
import { eventLine, type Line, plain, webhookLine } from './log.ts';

const LAUNCH: Action = {
  do: 'launch',
  pool: 'linux',
  count: 2,
  offerings: [{ instanceType: 'm7i.large', market: 'spot' }],
};
const DRAIN: Action = { do: 'drain', pool: 'linux', instance: 'i-1', because: 'idle' };
const BEAT: Action = { do: 'heartbeat', pool: 'linux', instance: 'i-1', hook: 'termination' };
const FORGET: Action = { do: 'forget', pool: 'linux', manager: 'r_1', because: 'instance gone' };
const DECISION = {
  at: NOW,
  pool: 'linux',
  summary: '2 pending; launch 2 instances (spot)',
  steps: [],
  actions: [],
};
const SHORTFALLS = [{ pool: 'linux', code: 'InsufficientInstanceCapacity', at: NOW }];

describe('the line of an event', () => {
  it.each<[ControllerEvent, Line['level'], RegExp, Line['fields']]>([
    [{ event: 'lease taken', fence: 7 }, 'info', /^lease taken$/, { fence: 7 }],
    [{ event: 'standing by', holder: 'host-2/17' }, 'info', /^standing by$/, { holder: 'host-2/17' }],
    [
      { event: 'lease lost', why: 'a newer one wrote' },
      'error',
      /^lease lost$/,
      { why: 'a newer one wrote' },
    ],
    [
      { event: 'read failed', source: 'jobs', why: 'GitLab answered 502' },
      'error',
      /^reading jobs failed$/,
      { why: 'GitLab answered 502' },
    ],
    [
      {
        event: 'interruption noticed',
        interruption: { instance: 'i-1', pool: 'linux', kind: 'interruption', heeded: true },
      },
      'info',
      /^EC2 takes i-1 back; it drains$/,
      { pool: 'linux' },
    ],
    [
      {
        event: 'interruption noticed',
        interruption: { instance: 'i-1', pool: 'linux', kind: 'rebalance', heeded: false },
      },
      'info',
      /^EC2 recommends to replace i-1 \(rebalance\); its pool ignores that$/,
      { pool: 'linux' },
    ],
    [
      { event: 'upkeep failed', upkeep: 'metrics', why: 'CloudWatch answered 500' },
      'error',
      /^upkeep of metrics failed$/,
      { why: 'CloudWatch answered 500' },
    ],
    [{ event: 'upkeep recovered', upkeep: 'metrics' }, 'info', /^upkeep recovered$/, { upkeep: 'metrics' }],
    [{ event: 'read recovered', source: 'jobs' }, 'info', /^read recovered$/, { source: 'jobs' }],
    [
      { event: 'launch replayed', launchId: 'linux-1', launched: ['i-1'] },
      'info',
      /^launch replayed$/,
      { launchId: 'linux-1', launched: ['i-1'] },
    ],
    [
      { event: 'launch unanswered', launchId: 'linux-1', why: 'no answer' },
      'error',
      /^launch unanswered$/,
      { launchId: 'linux-1', why: 'no answer' },
    ],
    [
      { event: 'decided', decision: DECISION },
      'info',
      /^decided: 2 pending; launch 2 instances \(spot\)$/,
      { pool: 'linux' },
    ],
    [
      { event: 'acted', outcome: { action: LAUNCH, done: true, launched: ['i-1', 'i-2'], shortfalls: [] } },
      'info',
      /^done: launch 2 instances \(spot\)$/,
      { pool: 'linux', launched: ['i-1', 'i-2'] },
    ],
    [
      {
        event: 'acted',
        outcome: { action: LAUNCH, done: true, launched: ['i-1'], shortfalls: SHORTFALLS },
      },
      'warn',
      /^done: launch 2 instances \(spot\)$/,
      { pool: 'linux', launched: ['i-1'], shortfalls: ['InsufficientInstanceCapacity'] },
    ],
    [
      { event: 'acted', outcome: { action: LAUNCH, done: false, why: 'the image does not exist' } },
      'error',
      /^failed: launch 2 instances \(spot\)$/,
      { pool: 'linux', why: 'the image does not exist' },
    ],
    [
      { event: 'acted', outcome: { action: DRAIN, done: false, begun: false, why: 'shutting down' } },
      'info',
      /^not begun: drain i-1 \(idle\)$/,
      { pool: 'linux', why: 'shutting down' },
    ],
    [
      { event: 'acted', outcome: { action: DRAIN, done: true } },
      'info',
      /^done: drain i-1 \(idle\)$/,
      { pool: 'linux' },
    ],
    [
      { event: 'acted', outcome: { action: FORGET, done: true } },
      'info',
      /^done: forget manager r_1 \(instance gone\)$/,
      { pool: 'linux' },
    ],
    [
      { event: 'acted', outcome: { action: BEAT, done: true } },
      'debug',
      /^done: have the group wait for i-1 \(termination\)$/,
      { pool: 'linux' },
    ],
    [
      { event: 'acted', outcome: { action: BEAT, done: false, why: 'AWS answered 500' } },
      'error',
      /^failed: have the group wait for i-1 \(termination\)$/,
      { pool: 'linux', why: 'AWS answered 500' },
    ],
    [
      { event: 'acted', outcome: { action: { do: 'cancel', pool: 'linux', count: 2 }, done: true } },
      'info',
      /^done: take back 2 instances that the group has not launched$/,
      { pool: 'linux' },
    ],
    [
      { event: 'acted', outcome: { action: LAUNCH, done: true, launched: [], ordered: 2 } },
      'info',
      /^done: launch 2 instances \(spot\)$/,
      { pool: 'linux', launched: [], ordered: 2 },
    ],
    [
      {
        event: 'order failed',
        pool: 'linux',
        failure: { code: 'InvalidAMIID.NotFound', message: 'the image does not exist' },
      },
      'warn',
      /^order failed$/,
      { pool: 'linux', code: 'InvalidAMIID.NotFound', why: 'the image does not exist' },
    ],
    [
      { event: 'instruction done', instruction: { kind: 'cycle', pool: 'linux', startedAt: NOW, batch: 1 } },
      'info',
      /^cycle of linux done: all its instances are new$/,
      {},
    ],
    [
      { event: 'instruction done', instruction: { kind: 'drain', instance: 'i-1', at: NOW, how: 'shrink' } },
      'info',
      /^i-1 is gone, as it was asked to be$/,
      {},
    ],
    [
      { event: 'boot failed', pool: 'linux', instance: 'i-1', why: 'no token' },
      'error',
      /^i-1 did not boot$/,
      { why: 'no token' },
    ],
    [
      { event: 'alarm raised', alarm: { alarm: 'boot failed', pool: 'linux', instance: 'i-1' } },
      'warn',
      /^alarm: i-1 was not ready within the pool's bootTimeout/,
      {},
    ],
    [
      { event: 'alarm cleared', alarm: { alarm: 'stale', source: 'jobs', failure: 'GitLab answered 502' } },
      'info',
      /^alarm over: jobs not freshly read: GitLab answered 502/,
      {},
    ],
    [
      { event: 'pass failed', why: 'the disk is full' },
      'error',
      /^pass failed$/,
      { why: 'the disk is full' },
    ],
  ])('%j', (event, level, message, fields) => {
    const line = eventLine(event);
    expect(line).toMatchObject({ level, fields });
    expect(line.fields).toEqual(fields);
    expect(line.message).toMatch(message);
  });
});

describe('the line of a webhook', () => {
  const job = { project: 1, pipeline: 2, status: 'pending' };

  it.each<[WebhookEvent, Line]>([
    [
      { outcome: 'accepted', ...job },
      { level: 'debug', message: 'webhook accepted', fields: job },
    ],
    [
      { outcome: 'ignored', because: 'duplicate', ...job },
      { level: 'debug', message: 'webhook ignored', fields: { because: 'duplicate', ...job } },
    ],
    [
      { outcome: 'ignored', because: 'status', ...job },
      { level: 'debug', message: 'webhook ignored', fields: { because: 'status', ...job } },
    ],
    [
      { outcome: 'ignored', because: 'other-event' },
      { level: 'info', message: 'webhook ignored', fields: { because: 'other-event' } },
    ],
    [
      { outcome: 'ignored', because: 'unwatched-project', project: 9 },
      { level: 'info', message: 'webhook ignored', fields: { because: 'unwatched-project', project: 9 } },
    ],
    [
      { outcome: 'rejected', because: 'wrong-token', remote: '10.0.0.9' },
      {
        level: 'warn',
        message: 'webhook rejected',
        fields: { because: 'wrong-token', remote: '10.0.0.9' },
      },
    ],
  ])('%j', (event, line) => {
    expect(webhookLine(event)).toEqual(line);
  });
});

describe('the plain format', () => {
  it.each([
    [
      { level: 'info', time: '2026-01-05T08:00:01.234Z', msg: 'runtide is up' },
      '08:00:01 info  runtide is up\n',
    ],
    [
      { level: 'error', time: '2026-01-05T08:00:01.234Z', pool: 'linux', launched: ['i-1'], msg: 'done' },
      '08:00:01 error done pool="linux" launched=["i-1"]\n',
    ],
    [
      { level: 'warn', time: '2026-01-05T08:00:01.234Z', why: 'two\nlines', msg: 'failed' },
      '08:00:01 warn  failed why="two\\nlines"\n',
    ],
  ])('of %j', (line, text) => {
    expect(plain(JSON.stringify(line))).toBe(text);
  });
});

const PROGRAM = `
  const { openLog } = await import(process.argv[1]);
  const log = openLog({ json: process.argv[2] === 'json', level: 'info' });
  log.line({ level: 'debug', message: 'not yet', fields: {} });
  log.line({ level: 'info', message: 'first', fields: { pool: 'linux' } });
  log.setLevel('debug');
  log.line({ level: 'debug', message: 'second', fields: {} });
  log.setLevel('error');
  log.line({ level: 'warn', message: 'no more', fields: {} });
`;

/** What a log of the format writes to standard output. */
async function written(format: 'json' | 'plain'): Promise<readonly string[]> {
  const module = fileURLToPath(new URL('log.ts', import.meta.url));
  const args = ['--input-type=module', '--eval', PROGRAM, module, format];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

describe('a log', () => {
  const stamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  it('writes one JSON object a line, from its level up', async () => {
    const lines: unknown[] = (await written('json')).map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { level: 'info', time: stamp, pool: 'linux', msg: 'first' },
      { level: 'debug', time: stamp, msg: 'second' },
    ]);
  });

  it('writes lines for people', async () => {
    expect(await written('plain')).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d info {2}first pool="linux"$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d debug second$/),
    ]);
  });
});
