import type { Context, Hono } from 'hono';
import type { Runner } from '../../adapters/memory/gitlab/runner.ts';
import type { Double } from './double.ts';
import { jobForRunner } from './job-for-runner.ts';
import { contactOf, managerFields } from './manager-routes.ts';
import { parametersAs } from './parameters.ts';
import { forbidden } from './refusal.ts';
import { z } from 'zod';

const requestFields = managerFields.extend({ last_update: z.string().nullish() });

/** How a runner process asks for a job. */
export function jobRequestRoute(app: Hono, double: Double): void {
  const { model } = double;

  app.post('/api/v4/jobs/request', async (context) => {
    const fields = await parametersAs(context, requestFields);
    const runner = model.runnerByToken(fields.token);
    if (runner === undefined) throw forbidden();
    const known = fields.last_update === runner.lastUpdate;
    // What is held ends without a look at the queue, and does not count as a contact.
    if (known && double.longPoll > 0 && !(await queueChange(context, double, runner)))
      return noJob(context, runner);
    const contact = contactOf(fields);
    if (known && fields.last_update === runner.lastUpdate) {
      model.touchManager(contact);
      return noJob(context, runner);
    }
    const features = fields.info?.features;
    const job = model.requestJob({
      ...contact,
      twoPhase: features?.['two_phase_job_commit'] === true,
      cancelsGracefully: features?.['cancel_gracefully'] === true,
    });
    return job === undefined ? noJob(context, runner) : context.json(jobForRunner(job, double), 201);
  });
}

function noJob(context: Context, runner: Runner): Response {
  return context.body(null, 204, { 'X-GitLab-Last-Update': runner.lastUpdate });
}

/** Whether a job that the runner may take was queued before the hold ended; a caller that left gets none. */
function queueChange(context: Context, double: Double, runner: Runner): Promise<boolean> {
  const gone = AbortSignal.any([context.req.raw.signal, double.closing]);
  return new Promise((resolve) => {
    const end = (changed: boolean): void => {
      stop();
      cancel();
      gone.removeEventListener('abort', leave);
      resolve(changed);
    };
    const leave = (): void => end(false);
    const stop = double.model.onQueueChange((id) => {
      if (id === runner.id) end(true);
    });
    const cancel = double.timers.after(double.longPoll, leave);
    gone.addEventListener('abort', leave);
    if (gone.aborted) leave();
  });
}
