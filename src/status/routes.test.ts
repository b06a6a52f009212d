import { describe, expect, it } from 'vitest';
import { anObservation, aPolicy, aPool, NOW } from '../../test/support/observations.ts';
import type { PassReport } from '../controller/reconcile.ts';
import type { DecisionRecord } from '../controller/ports.ts';
import { plan } from '../engine/plan.ts';
import { after, type Instant, minutes, seconds } from '../engine/time.ts';
import { StatusBoard } from './model.ts';
import { type RoutesOptions, statusRoutes } from './routes.ts';

const DECISION: DecisionRecord = {
  at: NOW,
  pool: 'linux',
  summary: 'linux: launch 1 instance',
  steps: [{ rule: 'demand', from: 0, to: 1 }],
  actions: ['launch 1 instance'],
};

function acted(): PassReport {
  const observation = anObservation();
  return { pass: 'acted', observation, plan: plan(observation, aPolicy(aPool())), outcomes: [] };
}

/** The routes of a process that started at `NOW`, asked `later`. */
function routes(over: Partial<RoutesOptions> & { readonly at?: Instant } = {}) {
  const { at = NOW, ...options } = over;
  return statusRoutes({
    board: new StatusBoard('acme', NOW),
    now: () => at,
    startedAt: NOW,
    decisions: async (limit) => Array.from({ length: limit }, () => DECISION),
    unhealthyAfter: () => minutes(1),
    ...options,
  });
}

describe('every answer', () => {
  it.each([
    ['/', 200, 'text/html; charset=UTF-8'],
    ['/api/status', 200, 'application/json'],
    ['/api/decisions', 200, 'application/json'],
    ['/metrics', 200, 'text/plain; version=0.0.4; charset=utf-8'],
    ['/health', 200, 'application/json'],
    ['/api/decisions?limit=0', 400, 'application/json'],
    ['/nothing', 404, 'application/json'],
  ])('%s: status %d, its type, and headers that trust nobody', async (path, status, type) => {
    const answer = await routes().request(path);
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"]),
    );
  });

  it.each(['POST', 'PUT', 'DELETE'])('to %s is 404: nothing can be changed here', async (method) => {
    expect((await routes().request('/api/status', { method })).status).toBe(404);
  });

  it('of an unknown path names the known ones', async () => {
    const answer = await routes().request('/api/nothing');
    expect(await answer.json()).toEqual({
      error: 'not found; there are /, /api/status, /api/decisions, /metrics and /health',
    });
  });
});

describe('the page', () => {
  it('loads nothing from anywhere else', async () => {
    const page = await (await routes().request('/')).text();
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    // Names and reasons come from outside: they are set as text.
    expect(page).not.toContain('innerHTML');
  });
});

describe('the decisions', () => {
  it.each([
    ['', 50],
    ['?limit=1', 1],
    ['?limit=1000', 1000],
  ])('%s: as many as asked for', async (query, count) => {
    const answer = await routes().request(`/api/decisions${query}`);
    expect(answer.status).toBe(200);
    const decisions: unknown = await answer.json();
    expect(decisions).toEqual(Array.from({ length: count }, () => DECISION));
  });

  it.each(['0', '-1', '1001', '1.5', 'many', '', '1e400', '5%205'])(
    'refuse the limit "%s"',
    async (limit) => {
      const answer = await routes().request(`/api/decisions?limit=${limit}`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ error: 'limit must be a whole number from 1 to 1000' });
    },
  );

  it('say why they cannot be read', async () => {
    const answer = await routes({
      decisions: async () => Promise.reject(new Error('reading the decisions: the disk is full')),
    }).request('/api/decisions');
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ error: 'reading the decisions: the disk is full' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('the health', () => {
  const FAILED: PassReport = { pass: 'failed', why: 'no lease' };
  const STOOD_BY: PassReport = { pass: 'stood by', holder: 'host-2/17' };

  it.each<[string, readonly PassReport[], number, number, object]>([
    ['a start', [], 60, 200, { healthy: true, secondsSincePass: 60, role: 'starting' }],
    ['a start without a pass', [], 61, 503, { healthy: false, secondsSincePass: 61, role: 'starting' }],
    ['a pass', [acted()], 70, 200, { healthy: true, secondsSincePass: 60, role: 'deciding' }],
    ['a pass long ago', [acted()], 71, 503, { healthy: false, secondsSincePass: 61, role: 'deciding' }],
    [
      'a pass of another process',
      [STOOD_BY],
      70,
      200,
      { healthy: true, secondsSincePass: 60, role: 'standing by' },
    ],
    ['one failure', [acted(), FAILED], 70, 200, { healthy: true, secondsSincePass: 60, role: 'failing' }],
    [
      'failures for long',
      [acted(), FAILED],
      71,
      503,
      { healthy: false, secondsSincePass: 61, role: 'failing' },
    ],
  ])('after %s', async (_what, reports, later, status, body) => {
    const board = new StatusBoard('acme', NOW);
    for (const [index, report] of reports.entries()) {
      const at = after(NOW, seconds(10 + index));
      board.passed(report, at, at);
    }
    const answer = await routes({ board, at: after(NOW, seconds(later)) }).request('/health');
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(body);
  });
});
