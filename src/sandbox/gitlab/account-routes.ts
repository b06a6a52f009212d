import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { needs } from './access.ts';
import type { KnownToken } from './access-tokens.ts';
import type { Double } from './double.ts';
import { iso } from './iso.ts';
import { parametersAs } from './parameters.ts';
import { Refusal } from './refusal.ts';
import { userJson } from './user-json.ts';

/** How long a rotated token is good for when nobody says. */
const ROTATED_FOR_DAYS = 7;
/** The longest that a token may be good for: GitLab's 400 days since 17.6. */
const LONGEST_DAYS = 400;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who asks, with what token, and of which GitLab. */
export function accountRoutes(app: Hono, double: Double): void {
  const { model, tokens } = double;
  const any = needs(tokens, []);
  const reads = needs(tokens, ['api', 'read_api', 'read_user']);

  app.get('/api/v4/version', reads, (context) =>
    context.json({
      version: double.version,
      revision: '00000000000',
      kas: { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null },
      enterprise: false,
    }),
  );

  app.get('/api/v4/user', reads, (context) => {
    const { user = 1, admin, createdAt } = context.get('accessToken');
    const who = userJson(user, model, double.url());
    return context.json({
      ...who,
      created_at: iso(createdAt),
      bot: false,
      external: false,
      // Only administrators see whether they are one.
      ...(admin === true ? { is_admin: true } : {}),
    });
  });

  app.get('/api/v4/personal_access_tokens/self', any, (context) =>
    context.json({
      ...tokenJson(context.get('accessToken')),
      last_used_at: iso(double.timers.now()),
      active: true,
      granular: false,
    }),
  );

  app.post(
    '/api/v4/personal_access_tokens/self/rotate',
    needs(tokens, ['api', 'self_rotate']),
    async (context) => {
      const fresh = tokens.rotate(context.get('accessToken'), await expiry(context, double));
      return context.json({ ...tokenJson(fresh), active: true, granular: false, token: fresh.token });
    },
  );
}

/** The day on which the rotated token ends: within a week when nothing is asked for. */
async function expiry(context: Context, { timers }: Double): Promise<string> {
  const asked = await parametersAs(context, z.looseObject({ expires_at: z.iso.date().nullish() }));
  const day = asked.expires_at ?? dayAfter(timers.now(), ROTATED_FOR_DAYS);
  const latest = dayAfter(timers.now(), LONGEST_DAYS);
  if (day > latest)
    throw new Refusal(400, { message: `400 Bad request - Expiration date must be before ${latest}` });
  return day;
}

function dayAfter(now: number, days: number): string {
  return new Date(now + days * DAY_MS).toISOString().slice(0, 'yyyy-mm-dd'.length);
}

function tokenJson(token: KnownToken) {
  return {
    id: token.id,
    name: token.name ?? 'sandbox',
    revoked: false,
    created_at: iso(token.createdAt),
    description: null,
    scopes: token.scopes,
    user_id: token.user ?? 1,
    last_used_at: iso(token.lastUsedAt),
    expires_at: token.expiresAt ?? null,
  };
}
