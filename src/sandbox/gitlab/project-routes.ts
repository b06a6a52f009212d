import type { Context, Hono } from 'hono';
import { JOB_STATUSES, type JobStatus } from '../../adapters/memory/gitlab/job.ts';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Project } from '../../adapters/memory/gitlab/project.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { jobJson } from './job-json.ts';
import { numberedPage, page } from './pagination.ts';
import { wholeNumber } from './parameters.ts';
import { projectJson, projectWithAccessJson } from './project-json.ts';
import { badRequest, forbidden, notFound } from './refusal.ts';

/** Statuses that GitLab knows and the model never reaches: valid to ask for, never found. */
const OTHER_STATUSES: ReadonlySet<string> = new Set(['preparing', 'waiting_for_callback', 'scheduled']);

/** Projects, their jobs, and the jobs of their pipelines. */
export function projectRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);
  const writes = needs(double.tokens, ['api']);

  app.get('/api/v4/projects/:id', reads, (context) =>
    context.json(projectWithAccessJson(projectOf(context, model), double.url())),
  );

  app.get('/api/v4/groups/:id/projects', reads, (context) => {
    const path = context.req.param('id');
    const deep = context.req.query('include_subgroups') === 'true';
    const inside = model
      .projects()
      .filter(({ namespace }) => namespace === path || (deep && namespace.startsWith(`${path}/`)));
    if (inside.length === 0) throw notFound('Group');
    const { items, headers } = numberedPage(context, double.url(), inside);
    return context.json(
      items.map((project) => projectJson(project, double.url())),
      200,
      headers,
    );
  });

  app.get('/api/v4/projects/:id/jobs', reads, (context) => {
    const project = projectOf(context, model);
    const ref = context.req.query('ref');
    const statuses = scopeOf(context);
    const scope = { ...(ref === undefined ? {} : { ref }), ...(statuses === undefined ? {} : { statuses }) };
    const { items, headers } = page(context, double.url(), model.jobsOfProject(project.id, scope));
    return context.json(
      items.map((job) => jobJson(job, model, double.url())),
      200,
      headers,
    );
  });

  app.get('/api/v4/projects/:id/jobs/:job_id', reads, (context) =>
    context.json(jobJson(jobOf(context, model), model, double.url())),
  );

  app.post('/api/v4/projects/:id/jobs/:job_id/retry', writes, (context) => {
    const again = model.retryJob(jobOf(context, model).id);
    if (again === undefined) throw forbidden('Job is not retryable');
    return context.json(jobJson(again, model, double.url()), 201);
  });

  app.get('/api/v4/projects/:id/pipelines/:pipeline_id/jobs', reads, (context) => {
    const project = projectOf(context, model);
    const pipeline = model.pipeline(wholeNumber(context.req.param('pipeline_id'), 'pipeline_id'));
    if (pipeline?.project !== project.id) throw notFound();
    const statuses = scopeOf(context);
    const jobs = model
      .jobsOfPipeline(pipeline.id, context.req.query('include_retried') === 'true')
      .filter((job) => statuses?.includes(job.status) ?? true);
    const { items, headers } = page(context, double.url(), jobs);
    return context.json(
      items.map((job) => jobJson(job, model, double.url())),
      200,
      headers,
    );
  });
}

/** The project that the path names by id or by its encoded path. */
export function projectOf(context: Context, model: GitLab): Project {
  const name = context.req.param('id') ?? '';
  const project = model.project(/^\d+$/.test(name) ? Number(name) : name);
  if (project === undefined) throw notFound('Project');
  return project;
}

function jobOf(context: Context, model: GitLab) {
  const project = projectOf(context, model);
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
