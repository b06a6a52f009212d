import type { Answer } from './answer.ts';
import type { GitLabCall } from './call.ts';

const NEW_TOKEN = 'make a new one, and put it where `gitlab.token` comes from';

/** What GitLab says when it refuses a token or its owner, and what to do about it. */
const REFUSALS: readonly (readonly [said: RegExp, next: string])[] = [
  [/Token is expired/, `the access token has expired: ${NEW_TOKEN}`],
  [/Token was revoked/, `the access token was revoked: ${NEW_TOKEN}`],
  [
    /impersonation was disabled/,
    `the access token is an impersonation token, which GitLab no longer takes: ${NEW_TOKEN}`,
  ],
  [
    /pending approval/,
    'the user who owns the access token waits for approval: let an administrator approve it',
  ],
  [
    /account (?:has been|is) blocked|hence blocked/,
    'the user who owns the access token is blocked: let an administrator unblock it, or use the token of another user',
  ],
  [
    /account has been deactivated/,
    'the user who owns the access token is deactivated: let an administrator activate it, or use the token of another user',
  ],
  [
    /Terms of Service/,
    'the user who owns the access token has to accept the terms of service of GitLab: log in as that user once',
  ],
  [
    /password expired/,
    'the password of the user who owns the access token has expired: log in as that user once',
  ],
];

/** What to do when GitLab answered 401 or 403. */
export function permission(call: GitLabCall, { status, text }: Answer): string {
  const next = REFUSALS.find(([said]) => said.test(text))?.[1];
  if (next !== undefined) return next;
  if (/insufficient_(granular_)?scope/.test(text)) return `the token is too narrow: it needs ${call.needs}`;
  return status === 401
    ? `check that the token is right, not expired and not revoked: it needs ${call.needs}`
    : `the token is known, and its owner may not do this: it needs ${call.needs}`;
}
