import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Job } from '../../adapters/memory/gitlab/job.ts';
import type { Double } from './double.ts';
import { parameters, parametersAs, wholeNumber } from './parameters.ts';
import { badRequest, forbidden, Refusal } from './refusal.ts';

const updateFields = z.looseObject({
  token: z.string().nullish(),
  state: z.string().nullish(),
  failure_reason: z.string().nullish(),
  exit_code: z.number().int().nullish(),
});

/** How often a runner sends parts of a log, in seconds. */
const TRACE_UPDATE_INTERVAL = '3';

/** How a runner process reports on the job that it holds. */
export function jobUpdateRoutes(app: Hono, double: Double): void {
  const { model } = double;

  app.put('/api/v4/jobs/:id', async (context) => {
    const fields = await parametersAs(context, updateFields);
    const job = jobOf(context, double, fields.token);
    const { outcome } = model.updateJob(job.token, {
      state: fields.state ?? '',
      failureReason: fields.failure_reason ?? undefined,
      exitCode: fields.exit_code ?? undefined,
    });
    if (outcome === 'forbidden') throw notOnRunner(job);
    return context.json(outcome === 'ok' ? 200 : 400, outcome === 'ok' ? 200 : 400, progressHeaders(job));
  });

  app.patch('/api/v4/jobs/:id/trace', async (context) => {
    const job = jobOf(context, double, undefined);
    const range = context.req.header('content-range');
    if (range === undefined) throw badRequest('400 Missing header Content-Range');
    const start = wholeNumber(range.split('-')[0], 'Content-Range');
    const part = new Uint8Array(await context.req.arrayBuffer());
    const { outcome, size } = model.appendTrace(job.token, start, part);
    if (outcome === 'forbidden') throw notOnRunner(job);
    const headers = { ...progressHeaders(job), Range: `0-${size}` };
    if (outcome === 'range') throw new Refusal(416, { error: '416 Range Not Satisfiable' }, headers);
    return context.json(202, 202, headers);
  });

  app.post('/api/v4/jobs/:id/artifacts', async (context) => {
    const fields = await parameters(context);
    jobOf(context, double, typeof fields['token'] === 'string' ? fields['token'] : undefined);
    await context.req.arrayBuffer();
    return context.json(201, 201);
  });
}

/** The job of the path if the token is its own; GitLab answers 403, never 404, so that the runner ends the job. */
function jobOf(context: Context, double: Double, tokenParameter: string | null | undefined): Job {
  const job = double.model.job(wholeNumber(context.req.param('id'), 'id'));
  const token = tokenParameter ?? context.req.header('job-token') ?? context.req.query('token');
  if (job === undefined || token !== job.token) throw forbidden();
  return job;
}

function notOnRunner(job: Job): Refusal {
  return forbidden('Job is not processing on runner', { 'Job-Status': job.status });
}

function progressHeaders(job: Job): Record<string, string> {
  return { 'Job-Status': job.status, 'X-GitLab-Trace-Update-Interval': TRACE_UPDATE_INTERVAL };
}
