import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { readAuthorities } from './certificates.ts';
import { KMS_KEY } from './instances-schema.ts';
import {
  address,
  ALWAYS,
  duration,
  fileContent,
  listenAddress,
  listOf,
  secret,
  text,
  wholeNumber,
  yesOrNo,
} from './key-kinds.ts';
import { fewKeys, GITLAB_RULES, keeps, namedLike, WEBHOOK_RULES } from './rules.ts';
import { TOKEN_PARAMETER } from './runner-schema.ts';
import { whyWeak } from './weak-secret.ts';

const SECOND = seconds(1);
const DAY = minutes(24 * 60);
/** The full path of a project. */
export const PROJECT_PATH = /^(?!.*\.git$)[A-Za-z0-9_.][\w.-]*(?:\/[A-Za-z0-9_.][\w.-]*)+$/;
const GROUP_PATH = /^[A-Za-z0-9_.][\w.-]*(?:\/[A-Za-z0-9_.][\w.-]*)*$/;
/** The full path of a project, or its id as a text. */
export const PROJECT = new RegExp(`^\\d{1,15}$|${PROJECT_PATH.source}`);
const SIGNING_TOKEN = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
const FEWEST_SIGNING_BYTES = 24;

function mendApiUrl(url: URL): string | undefined {
  return /\/api\/v4\/*$/.test(url.pathname) ? 'leave out /api/v4: Runtide adds it' : undefined;
}

function mendWebhookUrl(url: URL): string | undefined {
  return url.pathname === '/' ? 'add the path, such as https://runtide.example.com/webhook' : undefined;
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

/** Projects whose lost jobs are retried, each with a token of its own. */
const retrySchema = z
  .record(
    z.string(),
    secret('a GitLab access token', whyNoToken, {
      description:
        'An access token of the project with the scope api and the role Maintainer. A retry runs as its owner.',
      example: '${env:RETRY_TOKEN}',
    }),
  )
  .superRefine(
    keeps([namedLike(PROJECT, 'the full path of a project or its id', 'acme/web'), fewKeys(500, 'projects')]),
    ALWAYS,
  )
  .meta({
    description:
      'Projects whose jobs are retried once when their instance is lost: to spot, by hand, or to a failure. Never a job that failed by itself. Where nothing is said, pipelines decide with `retry:when`.',
    applies: 'hot',
    allowed: 'a map of at most 500 projects to access tokens',
    example: '{acme/web: "${env:RETRY_TOKEN}"}',
  });

function whyNoProxy(value: string): string | undefined {
  if (!URL.canParse(value)) return 'it is no address';
  const { protocol, pathname, search, hash, username, password } = new URL(value);
  if (protocol !== 'http:' && protocol !== 'https:') return 'it does not begin with http:// or https://';
  if (pathname !== '/' || search !== '' || hash !== '') return 'it has a path, a query or a fragment';
  return isPercentEncoded(username) && isPercentEncoded(password)
    ? undefined
    : 'a % in its user or password is not followed by two hex digits of a UTF-8 character';
}

function isPercentEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** How the access token is replaced before it ends. */
const rotationSchema = z
  .strictObject({
    parameter: text(TOKEN_PARAMETER, 'the name of the SSM parameter that `gitlab.token` is read from', {
      description:
        'The SSM parameter (a SecureString in `aws.region`) that a new token is written to: the one that `gitlab.token` is read from.',
      example: '/runtide/gitlab-token',
    }),
    before: duration(DAY, minutes(90 * 24 * 60), {
      description:
        'How long before its end the token is replaced; one that lives less than twice as long, in the middle of its life.',
      example: '14d',
    }).prefault('14d'),
    kmsKey: text(KMS_KEY, 'the id, the alias or the ARN of a KMS key', {
      description:
        "The key that encrypts the parameter. Where nothing is said, the account's default key for SSM.",
      example: 'alias/runtide',
    }).exactOptional(),
  })
  .meta({
    description:
      'Lets Runtide replace its access token before it ends. The token needs the scope api or self_rotate.',
    applies: 'hot',
    example: '{parameter: /runtide/gitlab-token}',
  });

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
    rotation: rotationSchema.exactOptional(),
    caFile: fileContent('the path of a PEM file with certificates, relative to this file', readAuthorities, {
      description:
        'A file with the certificates of private authorities that Runtide itself trusts when it speaks to GitLab, besides those of the system. Instances have `caFile` of their pool.',
      applies: 'hot',
      example: 'ca.pem',
    }).exactOptional(),
    proxy: secret('an http(s) address, with user information where the proxy asks for it', whyNoProxy, {
      description:
        'The proxy for what Runtide itself asks GitLab. It is never shown, because it may hold a password. Instances have `proxy` of their pool.',
      applies: 'hot',
      example: 'http://proxy.example.com:3128',
    }).exactOptional(),
    projects: listOf(
      z.union([z.int().min(1), z.string().regex(PROJECT_PATH)]).meta({
        description: 'A project.',
        allowed: 'the numeric id of a project (without quotes) or its full path, such as acme/web',
        example: 'acme/web',
      }),
      1,
      'project ids or full paths, such as acme/web',
      { description: 'Projects whose jobs count as demand.', applies: 'hot', example: '[acme/web]' },
      (item) => (typeof item === 'string' ? item.toLowerCase() : item),
    ).exactOptional(),
    groups: listOf(
      z.union([z.int().min(1), z.string().regex(GROUP_PATH)]).meta({
        description: 'A group.',
        allowed: 'the numeric id of a group (without quotes) or its full path, such as acme/tools',
        example: 'acme',
      }),
      1,
      'group ids or full paths, such as acme/tools',
      {
        description:
          'Groups whose projects count, those of groups below included and archived ones left out. What is new or gone is noticed within ten minutes.',
        applies: 'hot',
        example: '[acme]',
      },
      (item) => (typeof item === 'string' ? item.toLowerCase() : item),
    ).exactOptional(),
    instance: yesOrNo({
      description:
        "Whether every project of the instance counts. It takes an administrator's token and GitLab 18.1.",
      applies: 'hot',
    }).prefault(false),
    requestsPerMinute: wholeNumber(30, 100_000, {
      description:
        'How many requests to GitLab may be made in a minute. GitLab allows a user 600 for the jobs of projects. If not every project can be read at every poll, they take turns.',
      applies: 'hot',
      example: '300',
    }).prefault(300),
    retry: retrySchema.exactOptional(),
    timeout: duration(SECOND, minutes(1), {
      description: 'How long one call to GitLab may take.',
      applies: 'hot',
      example: '10s',
    }).prefault('10s'),
  })
  .superRefine(keeps(GITLAB_RULES), ALWAYS)
  .meta({ description: 'GitLab: where it is, and which projects are watched.', applies: 'hot' });

/** Where GitLab's webhooks arrive; without it Runtide only polls. */
export const webhookSchema = z
  .strictObject({
    listen: listenAddress({
      description: 'Where to listen for job webhooks.',
      applies: 'restart',
      example: '127.0.0.1:8470',
    }).prefault('127.0.0.1:8470'),
    pollInterval: duration(SECOND, minutes(5), {
      description:
        'How often the jobs are read while webhooks tell of all of them; instances and managers are read at the `pollInterval` of the file. As soon as a job is found that no webhook told of, the jobs are read as often.',
      applies: 'hot',
      example: '60s',
    }).prefault('60s'),
    url: address(
      'an http(s) address with a path, without credentials and without a query',
      {
        description:
          'Where GitLab reaches the webhook, usually a proxy with TLS. `runtide hooks install` sets it in GitLab, and the daemon looks after it there.',
        applies: 'hot',
        example: 'https://runtide.example.com/webhook',
      },
      mendWebhookUrl,
    ).exactOptional(),
    token: secret('at least 16 characters that cannot be guessed', whyNoSharedToken, {
      description: 'The shared token that GitLab sends as X-Gitlab-Token.',
      applies: 'hot',
      example: '${env:RUNTIDE_WEBHOOK_TOKEN}',
      mend: 'make one with `openssl rand -hex 32`; `runtide hooks install` sets it in GitLab',
    }).exactOptional(),
    signingToken: secret('whsec_ and at least 24 random bytes in Base64', whyNoSigningToken, {
      description: 'The signing token with which GitLab signs what it sends.',
      applies: 'hot',
      example: '${env:RUNTIDE_WEBHOOK_SIGNING_TOKEN}',
      mend: 'make one with `echo "whsec_$(openssl rand -base64 32)"`; `runtide hooks install` sets it in GitLab',
    }).exactOptional(),
  })
  .superRefine(keeps(WEBHOOK_RULES), ALWAYS)
  .meta({
    description: 'Job webhooks make Runtide react at once. Without this section it only polls.',
    applies: 'restart',
  });
