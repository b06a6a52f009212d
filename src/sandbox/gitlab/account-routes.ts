import type { Hono } from 'hono';
import type { Instant } from '../../engine/time.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { iso } from './iso.ts';
import { userJson } from './user-json.ts';
import { GITLAB_VERSION } from './version.ts';

/** Who asks, with what token, and of which GitLab. */
export function accountRoutes(app: Hono, double: Double): void {
  const startedAt: Instant = double.timers.now();
  const any = needs(double.tokens, []);

  app.get('/api/v4/version', needs(double.tokens, ['api', 'read_api', 'read_user']), (context) =>
    context.json({
      version: GITLAB_VERSION,
      revision: '00000000000',
      kas: { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null },
      enterprise: false,
    }),
  );

  app.get('/api/v4/user', needs(double.tokens, ['api', 'read_api', 'read_user']), (context) =>
    context.json({ ...userJson(double.url()), created_at: iso(startedAt), bot: false, external: false }),
  );

  app.get('/api/v4/personal_access_tokens/self', any, (context) => {
    const known = context.get('accessToken');
    return context.json({
      id: double.tokens.indexOf(known) + 1,
      name: known.name ?? 'sandbox',
      revoked: false,
      created_at: iso(startedAt),
      description: null,
      scopes: known.scopes,
      user_id: 1,
      last_used_at: iso(double.timers.now()),
      active: true,
      granular: false,
      expires_at: null,
    });
  });
}
