import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { closeDouble, gitlabDouble } from '../../test/support/gitlab-double.ts';
import { startAwsDouble } from '../../test/support/aws-double.ts';
import { type Edits, loadSample } from '../../test/support/sample-config.ts';
import { AccessToken } from '../adapters/gitlab/token/access-token.ts';
import { probe } from '../adapters/gitlab/client/probe.ts';
import { composeAdapters } from './adapters.ts';
import { composeTokenParameter, tokenNeeds } from './token.ts';
import { minutes } from '../engine/time.ts';

const NAME = '/runtide/gitlab-token';
const ROTATING = {
  'gitlab.token': `\${ssm:${NAME}}`,
  'gitlab.rotation': { parameter: NAME, kmsKey: 'alias/runtide' },
};

const load = (edits: Edits) => loadSample(edits, { readParameter: async () => 'the-first-token' });

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

it('keeps the access token where the configuration reads it', async () => {
  await using double = await startAwsDouble();
  await double.ssm.send(
    new PutParameterCommand({ Name: NAME, Value: 'the-first-token', Type: 'SecureString' }),
  );
  const config = await load({ ...ROTATING, 'aws.endpoints': { ssm: double.aws.url } });
  const parameter = composeTokenParameter(config);
  expect(parameter?.name).toBe(`SSM parameter ${NAME}`);
  expect(await parameter?.read()).toBe('the-first-token');
  await parameter?.write('the-second-token');
  expect(await parameter?.read()).toBe('the-second-token');
});

it('rotates the access token of a daemon, which a reload does not bring back', async () => {
  await using aws = await startAwsDouble();
  const first = 'the-first-token';
  const lab = await gitlabDouble({
    tokens: [{ token: first, scopes: ['read_api', 'self_rotate'], expiresAt: '2026-01-09' }],
  });
  const clock = lab.timers;
  await aws.ssm.send(new PutParameterCommand({ Name: NAME, Value: first, Type: 'SecureString' }));
  const config = await load({
    ...ROTATING,
    'gitlab.url': lab.double.url,
    'gitlab.timeout': '1m',
    'aws.endpoints': { ssm: aws.aws.url, ec2: aws.aws.url },
  });
  const token = new AccessToken(first);
  const parts = { clock, version: '1.2.3', token, note: () => undefined };
  const adapters = await composeAdapters(config, parts);
  await clock.advance(minutes(3 * 24 * 60));
  const upkeep = adapters.upkeeps.find(({ name }) => name === 'access token');
  expect(await upkeep?.tend(new AbortController().signal)).toEqual([]);
  const { value } = aws.parameters.getParameter(NAME, true);
  expect(value).not.toBe(first);
  // The configuration that was loaded before still names the old one.
  const { client } = await composeAdapters(config, parts);
  expect(token.current()).toBe(value);
  expect(await probe(client, new AbortController().signal)).toMatchObject({ token: { active: true } });
  // A command that was started with the old one finds the new one.
  const command = await composeAdapters(config, { ...parts, token: new AccessToken(first) });
  expect(await probe(command.client, new AbortController().signal)).toMatchObject({
    token: { active: true },
  });
  await closeDouble(lab);
}, 60_000);

it('keeps none where nobody may replace it', async () => {
  expect(composeTokenParameter(await load({}))).toBeUndefined();
});

const scopes = async (edits: Edits) => tokenNeeds(await load(edits)).map((need) => need.scopes);

it('names the scopes that the configuration needs', async () => {
  expect(await scopes({})).toEqual([['read_api']]);
  expect(await scopes(ROTATING)).toEqual([['read_api'], ['self_rotate']]);
});
