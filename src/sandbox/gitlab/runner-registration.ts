import type { Hono } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { RunnerDefinition } from '../../adapters/memory/gitlab/runner.ts';
import type { Double } from './double.ts';
import { iso } from './iso.ts';
import { contactOf, managerFields } from './manager-routes.ts';
import { parametersAs } from './parameters.ts';
import { badRequest, forbidden, Refusal } from './refusal.ts';
import type { RegistrationToken } from './registration-token.ts';
import { changeOf, runnerFields, uselessRunner } from './runner-fields.ts';

/** How a runner registers itself, in the way that GitLab deprecates: every registration is a runner of its own. */
export function runnerRegistration(app: Hono, double: Double): void {
  const { model, registrationTokens } = double;

  app.post('/api/v4/runners', async (context) => {
    const asked = await parametersAs(context, runnerFields.extend(managerFields.shape));
    if (registrationTokens === undefined) {
      throw new Refusal(410, { message: '410 Gone - Use a runner authentication token' });
    }
    const known = registrationTokens.find(({ token }) => token === asked.token);
    if (known === undefined) throw forbidden();
    const definition = { tags: [], runUntagged: true, ...changeOf(asked), ...placeOf(known, model) };
    const useless = uselessRunner(definition.tags, definition.runUntagged);
    if (useless !== undefined) throw badRequest(useless);
    const { id, token, tokenExpiresAt } = model.addRunner({ ...definition, registered: true });
    if (asked.system_id != null) model.touchManager({ ...contactOf(asked), token });
    return context.json({ id, token, token_expires_at: iso(tokenExpiresAt) }, 201);
  });
}

function placeOf(
  { project, group }: RegistrationToken,
  model: GitLab,
): Pick<RunnerDefinition, 'projects' | 'group'> {
  if (project !== undefined) return { projects: [model.project(project)?.id ?? 0] };
  const found = group === undefined ? undefined : model.groups.find(group);
  return found === undefined ? {} : { group: found.id };
}
