import { describe, expect, it } from 'vitest';
import { OpenApi } from '../../../test/support/openapi.ts';
import type { Exchange } from './exchange.ts';

const exchange = (change: Partial<Exchange>): Exchange => ({
  method: 'GET',
  path: '/api/v4/projects/1/jobs',
  query: [],
  requestType: '',
  requestBody: undefined,
  status: 200,
  responseType: 'application/json',
  responseBody: [],
  ...change,
});
const problems = (change: Partial<Exchange>): string[] => new OpenApi().check(exchange(change));

describe('the check against GitLab’s OpenAPI document', () => {
  it('passes what conforms', () => {
    expect(
      problems({
        query: [
          ['scope[]', 'pending'],
          ['per_page', '100'],
        ],
        responseBody: [{ id: 1, tag_list: ['a'], runner: null }],
      }),
    ).toEqual([]);
    expect(problems({ path: '/api/v4/projects/acme%2Fweb/jobs' })).toEqual([]);
    expect(problems({ status: 401, responseBody: { message: '401 Unauthorized' } })).toEqual([]);
  });

  it.each<[string, Partial<Exchange>, string]>([
    ['an unknown path', { path: '/api/v4/projects/1/queue' }, 'no such operation'],
    ['an unknown method', { method: 'PATCH' }, 'no such operation'],
    ['an unknown query parameter', { query: [['status', 'pending']] }, 'status'],
    ['a wrong enum in the query', { query: [['scope[]', 'sleeping']] }, 'allowedValues'],
    ['a number that is none', { query: [['page', 'first']] }, 'integer'],
    [
      'an undocumented status',
      { status: 418, responseBody: { message: 'teapot' } },
      'status 418 is not documented',
    ],
    [
      'an unknown property in an answer',
      { responseBody: [{ id: 1, tags: [] }] },
      '"additionalProperty":"tags"',
    ],
    [
      'one deep in an answer',
      { responseBody: [{ runner: { id: 1, tag_list: [] } }] },
      '"additionalProperty":"tag_list"',
    ],
    [
      'a wrong enum in an answer',
      { responseBody: [{ runner: { job_execution_status: 'busy' } }] },
      'allowedValues',
    ],
    ['a wrong type in an answer', { responseBody: [{ id: '1' }] }, 'must be integer,null'],
    ['a time that is none', { responseBody: [{ created_at: 'yesterday' }] }, 'date-time'],
    ['an object for an array', { responseBody: {} }, 'must be array'],
    ['an answer that is no JSON', { responseType: 'text/html', responseBody: '<p>' }, 'where JSON is due'],
    [
      'a refusal of another shape',
      { status: 404, responseBody: { reason: 'gone' } },
      'not the body of a refusal',
    ],
    [
      'a missing body',
      { method: 'POST', path: '/api/v4/projects/1/hooks', status: 201, responseBody: {} },
      'body: missing',
    ],
    [
      'an unknown property in a body',
      {
        method: 'POST',
        path: '/api/v4/projects/1/hooks',
        requestBody: { url: 'x', jobs: true },
        status: 201,
        responseBody: {},
      },
      '"additionalProperty":"jobs"',
    ],
    [
      'a wrong enum in a body',
      {
        method: 'PUT',
        path: '/api/v4/projects/1/hooks/1',
        requestBody: { branch_filter_strategy: 'none' },
        responseBody: {},
      },
      'allowedValues',
    ],
    [
      'a required property that is missing',
      {
        method: 'POST',
        path: '/api/v4/jobs/request',
        requestBody: { system_id: 'r_1' },
        status: 204,
        responseBody: undefined,
      },
      '"missingProperty":"token"',
    ],
    [
      'a body with 204',
      {
        method: 'DELETE',
        path: '/api/v4/runners/managers',
        query: [
          ['token', 'a'],
          ['system_id', 'b'],
        ],
        status: 204,
        responseBody: {},
      },
      '204 with a body',
    ],
  ])('finds %s', (_what, change, problem) => {
    expect(problems(change).join('\n')).toContain(problem);
  });

  it('tells an array where GitLab sends one from the declared object', () => {
    expect(problems({ path: '/api/v4/runners/1/managers', responseBody: [{ system_id: 'r_1' }] })).toEqual(
      [],
    );
    expect(problems({ path: '/api/v4/runners/1/managers', responseBody: { system_id: 'r_1' } })).not.toEqual(
      [],
    );
  });
});
