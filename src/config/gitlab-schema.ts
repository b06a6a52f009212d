import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { address, ALWAYS, duration, listenAddress, listOf, secret } from './key-kinds.ts';
import { keeps, WEBHOOK_RULES } from './rules.ts';
import { whyWeak } from './weak-secret.ts';

const SECOND = seconds(1);
/** The full path of a project. */
export const PROJECT_PATH = /^(?!.*\.git$)[A-Za-z0-9_.][\w.-]*(?:\/[A-Za-z0-9_.][\w.-]*)+$/;
const SIGNING_TOKEN = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
const FEWEST_SIGNING_BYTES = 24;

function mendApiUrl(url: URL): string | undefined {
  return /\/api\/v4\/*$/.test(url.pathname) ? 'leave out /api/v4: Runtide adds it' : undefined;
}

function isHeaderValue(value: string): boolean {
  return /^[\x21-\x7e]*$/.test(value);
}

/** Why no request could carry the token, in words that do not show it; undefined for a good one. */
export function whyNoToken(value: string): string | undefined {
  if (value === '') return 'it is empty';
  return isHeaderValue(value) ? undefined : 'it contains a space, a line break or a character beyond ASCII';
}

function whyNoSharedToken(value: string): string | undefined {
  return whyWeak(value) ?? whyNoToken(value);
}

function whyNoSigningToken(value: string): string | undefined {
  if (value === '') return 'it is empty';
  const [, encoded] = SIGNING_TOKEN.exec(value) ?? [];
  if (encoded === undefined) return 'it is not whsec_ followed by Base64';
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length < FEWEST_SIGNING_BYTES) return `it holds fewer than ${FEWEST_SIGNING_BYTES} bytes`;
  return whyWeak(bytes.toString('latin1'));
}

/** GitLab: where it is, how to talk to it, and what to watch. */
export const gitlabSchema = z
  .strictObject({
    url: address(
      'an http(s) address, with a path where GitLab has a relative URL root, without credentials and without /api/v4',
      {
        description: 'Where GitLab is, for Runtide and for the runners.',
        applies: 'drifts',
        example: 'https://gitlab.com',
      },
      mendApiUrl,
    ).prefault('https://gitlab.com'),
    token: secret('a GitLab access token', whyNoToken, {
      description: 'An access token that may read the jobs of all projects and manage their runners.',
      applies: 'hot',
      example: '${env:GITLAB_TOKEN}',
    }),
    projects: listOf(
      z.union([z.int().min(1), z.string().regex(PROJECT_PATH)]).meta({
        description: 'A project.',
        allowed: 'the numeric id of a project (without quotes) or its full path, such as acme/web',
        example: 'acme/web',
      }),
      1,
      'project ids or full paths, such as acme/web',
      { description: 'The projects whose jobs count as demand.', applies: 'hot', example: '[acme/web]' },
      (item) => (typeof item === 'string' ? item.toLowerCase() : item),
    ),
    timeout: duration(SECOND, minutes(1), {
      description: 'How long one call to GitLab may take.',
      applies: 'hot',
      example: '10s',
    }).prefault('10s'),
  })
  .meta({ description: 'GitLab: where it is, and which projects are watched.', applies: 'hot' });

/** Where GitLab's webhooks arrive; without it Runtide only polls. */
export const webhookSchema = z
  .strictObject({
    listen: listenAddress({
      description: 'Where to listen for job webhooks.',
      applies: 'restart',
      example: '127.0.0.1:8470',
    }).prefault('127.0.0.1:8470'),
    token: secret('at least 16 characters that cannot be guessed', whyNoSharedToken, {
      description: 'The shared token that GitLab sends as X-Gitlab-Token.',
      applies: 'hot',
      example: '${env:RUNTIDE_WEBHOOK_TOKEN}',
      mend: 'make one with `openssl rand -hex 32`, and set the same in the webhook in GitLab',
    }).exactOptional(),
    signingToken: secret('whsec_ and at least 24 random bytes in Base64', whyNoSigningToken, {
      description: 'The signing token with which GitLab signs what it sends.',
      applies: 'hot',
      example: '${env:RUNTIDE_WEBHOOK_SIGNING_TOKEN}',
      mend: 'copy the signing token from the webhook in GitLab',
    }).exactOptional(),
  })
  .superRefine(keeps(WEBHOOK_RULES), ALWAYS)
  .meta({
    description: 'Job webhooks make Runtide react at once. Without this section it only polls.',
    applies: 'restart',
  });
