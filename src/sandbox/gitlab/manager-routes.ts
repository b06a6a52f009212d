import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Contact } from '../../adapters/memory/gitlab/manager.ts';
import type { Double } from './double.ts';
import { iso } from './iso.ts';
import { parametersAs } from './parameters.ts';
import { forbidden, notFound } from './refusal.ts';

const info = z.looseObject({
  name: z.string().nullish(),
  version: z.string().nullish(),
  revision: z.string().nullish(),
  platform: z.string().nullish(),
  architecture: z.string().nullish(),
  executor: z.string().nullish(),
  features: z.record(z.string(), z.unknown()).nullish(),
});

/** What every request of a runner process carries. */
export const managerFields = z.looseObject({
  token: z.string(),
  system_id: z.string().nullish(),
  info: info.nullish(),
});
export type ManagerFields = z.output<typeof managerFields>;

/** Who contacts GitLab, in the model's words. */
export function contactOf(fields: ManagerFields): Contact {
  const { features: _features, ...told } = fields.info ?? {};
  const known = Object.entries(told).filter(
    ([name, value]) => name in info.shape && typeof value === 'string',
  );
  return {
    token: fields.token,
    ...(fields.system_id == null ? {} : { systemId: fields.system_id }),
    info: Object.fromEntries(known),
  };
}

/** How a runner process checks its token, and how it and its runner leave. */
export function managerRoutes(app: Hono, double: Double): void {
  const { model } = double;

  app.post('/api/v4/runners/verify', async (context) => {
    const fields = await parametersAs(context, managerFields);
    const runner = model.verify(contactOf(fields));
    if (runner === undefined) throw forbidden();
    return context.json({
      id: runner.id,
      token: fields.token,
      token_expires_at: iso(runner.tokenExpiresAt),
    });
  });

  app.delete('/api/v4/runners/managers', async (context) => {
    const fields = await parametersAs(context, managerFields.extend({ system_id: z.string() }));
    if (model.runnerByToken(fields.token) === undefined) throw forbidden();
    if (!model.removeManager({ token: fields.token, systemId: fields.system_id })) throw notFound();
    return context.body(null, 204);
  });

  app.delete('/api/v4/runners', async (context) => {
    const { token } = await parametersAs(context, managerFields);
    const runner = model.runnerByToken(token);
    if (runner === undefined) throw forbidden();
    model.removeRunner(runner.id);
    return context.body(null, 204);
  });

  app.post('/api/v4/runners/reset_authentication_token', async (context) => {
    const { token } = await parametersAs(context, managerFields);
    const runner = model.runnerByToken(token);
    if (runner === undefined) throw forbidden();
    const fresh = model.resetRunnerToken(runner.id);
    return context.json({ token: fresh, token_expires_at: iso(runner.tokenExpiresAt) }, 201);
  });

  app.get('/api/v4/runners/router/discovery', (context) => noJobRouter(context));
}

function noJobRouter(context: Context): Response {
  return context.json({ message: '501 Not Implemented' }, 501);
}
