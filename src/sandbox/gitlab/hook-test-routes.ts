import type { Context, Hono } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Hook } from '../../adapters/memory/gitlab/hooks.ts';
import { jobEvent } from '../../adapters/memory/gitlab/job-event.ts';
import type { Project } from '../../adapters/memory/gitlab/project.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { groupHookOf } from './group-hook-routes.ts';
import { hookOf } from './hook-routes.ts';
import { jobHookPayload } from './job-hook-payload.ts';
import { MinuteLimit } from './minute-limit.ts';
import { pushHookPayload } from './push-hook-payload.ts';
import { badRequest, Refusal } from './refusal.ts';
import type { HookEvent } from './webhook-delivery.ts';

/** Tests a minute, for each user and each project or group. */
const TESTS_PER_MINUTE = 5;

/** Test deliveries: what GitLab sends on demand, also to a webhook that it has disabled. */
export function hookTestRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const writes = needs(double.tokens, ['api']);
  const limit = new MinuteLimit(TESTS_PER_MINUTE, () => model.now());

  const test = async (context: Context, hook: Hook): Promise<Response> => {
    const { user = 1 } = context.get('accessToken');
    const place = 'project' in hook.of ? `project ${hook.of.project}` : `group ${hook.of.group.id}`;
    if (!limit.admits(`user ${user}, ${place}`)) throw tooOften();
    const event = sampleOf(context.req.param('trigger') ?? '', projectsOf(hook, model), double);
    const { status = 0, message } = await double.deliveries.test(hook, event);
    if (status < 200 || status >= 300) throw new Refusal(422, { message });
    return context.json({ message: '201 Created' }, 201);
  };

  app.post('/api/v4/projects/:id/hooks/:hook_id/test/:trigger', writes, (context) =>
    test(context, hookOf(context, model)),
  );
  app.post('/api/v4/groups/:id/hooks/:hook_id/test/:trigger', writes, (context) =>
    test(context, groupHookOf(context, double)),
  );
}

function tooOften(): Refusal {
  const error = 'This endpoint has been requested too many times. Try again later.';
  return new Refusal(429, { message: { error } });
}

function projectsOf({ of }: Hook, model: GitLab): readonly Project[] {
  if ('group' in of) return model.projectsOfGroup(of.group.id, true);
  const project = model.project(of.project);
  return project === undefined ? [] : [project];
}

/** What a test sends; of GitLab's triggers the double has these two. A project without jobs has none to tell of. */
function sampleOf(trigger: string, projects: readonly Project[], double: Double): HookEvent {
  const { model } = double;
  const [project] = projects;
  if (project === undefined)
    throw new Refusal(422, { message: 'Ensure the group has a project with commits.' });
  if (trigger === 'push_events')
    return { kind: 'Push Hook', body: JSON.stringify(pushHookPayload(project, double.url())) };
  if (trigger !== 'job_events') throw badRequest('trigger does not have a valid value');
  const [job] = model.jobsOfProject(project.id);
  const pipeline = job === undefined ? undefined : model.pipeline(job.pipeline);
  if (job === undefined || pipeline === undefined)
    throw new Refusal(422, { message: 'Ensure the project has CI jobs.' });
  const event = jobEvent(model.now(), job, pipeline, project);
  return { kind: 'Job Hook', body: JSON.stringify(jobHookPayload(event, double.url())) };
}
