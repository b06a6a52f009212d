import type { Context, Hono } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { type Job, JOB_STATUSES, type JobStatus } from '../../adapters/memory/gitlab/job.ts';
import { needs } from './access.ts';
import type { Role } from './access-tokens.ts';
import type { Double } from './double.ts';
import { jobJson } from './job-json.ts';
import { page } from './pagination.ts';
import { flag, parametersAs, wholeNumber } from './parameters.ts';
import { projectOf } from './project-routes.ts';
import { badRequest, forbidden, notFound } from './refusal.ts';
import { z } from 'zod';

/** Statuses that GitLab knows and the model never reaches: valid to ask for, never found. */
const OTHER_STATUSES: ReadonlySet<string> = new Set(['preparing', 'waiting_for_callback']);

/** The jobs of projects and of their pipelines. */
export function jobRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);
  const writes = needs(double.tokens, ['api']);
  const shown = (job: Job) => jobJson(job, model, double.url());
  const listed = (context: Context, jobs: readonly Job[]) => {
    const { items, headers } = page(context, double.url(), jobs);
    return context.json(items.map(shown), 200, headers);
  };

  app.get('/api/v4/projects/:id/jobs', reads, (context) => {
    const project = projectOf(context, model, 'reporter');
    const ref = context.req.query('ref');
    const statuses = scopeOf(context);
    const scope = { ...(ref === undefined ? {} : { ref }), ...(statuses === undefined ? {} : { statuses }) };
    return listed(context, model.jobsOfProject(project.id, scope));
  });

  app.get('/api/v4/projects/:id/jobs/:job_id', reads, (context) =>
    context.json(shown(jobOf(context, model, 'reporter'))),
  );

  app.post('/api/v4/projects/:id/jobs/:job_id/retry', writes, (context) => {
    const job = jobOf(context, model, 'developer');
    const again = model.retryJob(job.id, context.get('accessToken').user ?? 1);
    if (again === undefined) throw forbidden('Job is not retryable');
    return context.json(shown(again), 201);
  });

  app.post('/api/v4/projects/:id/jobs/:job_id/cancel', writes, async (context) => {
    const { force } = await parametersAs(context, z.looseObject({ force: flag.nullish() }));
    const job = jobOf(context, model, force === true ? 'maintainer' : 'developer');
    model.cancelJob(job.id, force === true);
    return context.json(shown(job), 201);
  });

  app.get('/api/v4/projects/:id/pipelines/:pipeline_id/jobs', reads, (context) => {
    const project = projectOf(context, model, 'reporter');
    const pipeline = model.pipeline(wholeNumber(context.req.param('pipeline_id'), 'pipeline_id'));
    if (pipeline?.project !== project.id) throw notFound();
    const statuses = scopeOf(context);
    const jobs = model
      .jobsOfPipeline(pipeline.id, context.req.query('include_retried') === 'true')
      .filter((job) => statuses?.includes(job.status) ?? true);
    return listed(context, jobs);
  });
}

function jobOf(context: Context, model: GitLab, role: Role): Job {
  const project = projectOf(context, model, role);
  const job = model.job(wholeNumber(context.req.param('job_id'), 'job_id'));
  if (job?.project !== project.id) throw notFound();
  return job;
}

function scopeOf(context: Context): readonly JobStatus[] | undefined {
  const asked = [...(context.req.queries('scope[]') ?? []), ...(context.req.queries('scope') ?? [])];
  if (asked.length === 0) return undefined;
  const statuses = JOB_STATUSES.filter((status) => asked.includes(status));
  const others = asked.filter((status) => OTHER_STATUSES.has(status));
  if (statuses.length + others.length < new Set(asked).size)
    throw badRequest('scope does not have a valid value');
  return statuses;
}
