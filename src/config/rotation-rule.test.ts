import { describe, expect, it } from 'vitest';
import { type Edits, holding, loadSample, mistakesOf, sample } from '../../test/support/sample-config.ts';
import { minutes } from '../engine/time.ts';

const SOURCES = {
  env: { NAME: '/runtide/gitlab-token', PREFIX: 'glpat-' },
  readParameter: async () => 'the-access-token',
};

const mistakes = (edits: Edits) => {
  const text = JSON.stringify(sample(edits));
  return mistakesOf(text, holding(text, SOURCES));
};

describe('gitlab.rotation', () => {
  it('writes to the parameter that the token is read from', async () => {
    const edits = {
      'gitlab.token': '${ssm:/runtide/gitlab-token}',
      'gitlab.rotation': { parameter: '${env:NAME}' },
    };
    const { gitlab } = await loadSample(edits, SOURCES);
    expect(gitlab.rotation).toEqual({ parameter: '/runtide/gitlab-token', before: minutes(14 * 24 * 60) });
    expect(gitlab.token.reveal()).toBe('the-access-token');
  });

  it.each([
    ['another parameter', '${ssm:/runtide/other}'],
    ['more than a parameter', '${env:PREFIX}${ssm:/runtide/gitlab-token}'],
    ['the environment', '${env:NAME}'],
    ['the file itself', 'glpat-hunter2'],
  ])('is refused where the token comes from %s', async (_name, token) => {
    const edits = { 'gitlab.token': token, 'gitlab.rotation': { parameter: '/runtide/gitlab-token' } };
    const found = await mistakes(edits);
    expect(found).toMatchObject([
      {
        path: 'gitlab.rotation.parameter',
        value: '"/runtide/gitlab-token"',
        allowed: expect.stringContaining('that `gitlab.token` is read from'),
      },
    ]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});
