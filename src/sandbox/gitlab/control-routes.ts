import type { Hono } from 'hono';
import { z } from 'zod';
import type { Double } from './double.ts';
import { duration, faultSchema } from './faults.ts';
import { hookJson } from './hook-json.ts';
import { managerJson, runnerJson } from './runner-json.ts';

/** A part of all deliveries; true is all, false is none. */
const share = z.union([z.number().min(0).max(1), z.boolean().transform(Number)]);

const deliverySchema = z.strictObject({
  drop: share.exactOptional(),
  duplicate: share.exactOptional(),
  reorder: share.exactOptional(),
  delay: duration.exactOptional(),
  seed: z.int().exactOptional(),
});

/** How a person or a test scripts faults and looks inside. Without a token: it exists in the sandbox only. */
export function controlRoutes(app: Hono, double: Double): void {
  const { model, faults, deliveries } = double;

  app.post('/sandbox/faults', async (context) => {
    const asked = faultSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!asked.success) return context.json({ error: z.prettifyError(asked.error) }, 400);
    faults.set(asked.data);
    double.log.info({ fault: asked.data }, 'the GitLab double fails as asked');
    return context.json(faults.active());
  });

  app.post('/sandbox/webhooks', async (context) => {
    const asked = deliverySchema.safeParse(await context.req.json().catch(() => undefined));
    if (!asked.success) return context.json({ error: z.prettifyError(asked.error) }, 400);
    deliveries.faults.set(asked.data);
    return context.json(deliveries.faults.script);
  });

  app.get('/sandbox/state', (context) =>
    context.json({
      jobs: model.jobCounts(),
      runners: model.runners().map((runner) => ({
        ...runnerJson(runner, model),
        managers: model.managers(runner.id).map((manager) => managerJson(manager, model)),
      })),
      hooks: model.hooks.all().map((hook) => hookJson(hook, model.now())),
      deliveries: { ...deliveries.counts(), rateLimited: deliveries.rateLimited },
      fault: faults.active(),
    }),
  );
}
