import { expect } from 'vitest';
import { z } from 'zod';
import { API_TOKEN, type gitlabDouble, READ_TOKEN } from './gitlab-double.ts';

type Started = Awaited<ReturnType<typeof gitlabDouble>>;

/** Sees the jobs of one project, and nothing else. */
export const REPORTER = 'glpat-reporter';

/** Who may ask, and who may not. */
export const GRAPHQL_TOKENS = [
  { token: API_TOKEN, scopes: ['api' as const], admin: true },
  { token: READ_TOKEN, scopes: ['read_api' as const] },
  { token: REPORTER, scopes: ['read_api' as const], roles: { 'acme/web': 'reporter' as const } },
  { token: 'glpat-runner', scopes: ['create_runner' as const, 'manage_runner' as const] },
  { token: 'glpat-old', scopes: ['api' as const], expiresAt: '2026-01-05' },
  { token: 'glpat-blocked', scopes: ['api' as const], user: 2 },
];

const answer = z.looseObject({
  data: z.unknown().optional(),
  errors: z.array(z.looseObject({ message: z.string() })).optional(),
});

/** Asks a double's GraphQL. */
export function graphqlOf(started: () => Started) {
  const ask = async (query: string, variables: object = {}, token = API_TOKEN) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await started().send('POST', '/api/graphql', { query, variables }, headers);
    return { status: response.status, body: answer.parse(await response.json()) };
  };
  /** The data of an answer without any error. */
  const data = async (query: string, variables: object = {}, token = API_TOKEN): Promise<unknown> => {
    const { status, body } = await ask(query, variables, token);
    expect([status, body]).toEqual([200, { data: expect.anything() }]);
    return body.data;
  };
  /** What errors an answer tells; undefined without any. */
  const said = async (query: string, variables: object = {}, token = API_TOKEN) => {
    const { body } = await ask(query, variables, token);
    return body.errors?.map(({ message }) => message).join('\n');
  };
  return { ask, data, said };
}
