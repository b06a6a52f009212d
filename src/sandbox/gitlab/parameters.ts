import type { Context } from 'hono';
import { z } from 'zod';
import { badRequest } from './refusal.ts';

/** The parameters of a request: GitLab takes them from the query, a JSON body or a form alike. */
export async function parameters(context: Context): Promise<Record<string, unknown>> {
  return { ...context.req.query(), ...(await bodyOf(context)) };
}

/** The request's parameters by a schema; `400` names the first that does not fit. */
export async function parametersAs<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await parameters(context));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.path.join('.') ?? 'request';
  const missing = issue?.code === 'invalid_type' && issue.message.includes('received undefined');
  throw badRequest(missing ? `${name} is missing` : `${name} is invalid`);
}

/** A whole number in a path; anything else is `400`, as with GitLab. */
export function wholeNumber(text: string | undefined, name: string): number {
  if (text === undefined || !/^\d+$/.test(text)) throw badRequest(`${name} is invalid`);
  return Number(text);
}

/** True and false, as JSON or as text. */
export const flag = z.union([z.boolean(), z.stringbool()]);

async function bodyOf(context: Context): Promise<object> {
  const type = context.req.header('content-type') ?? '';
  if (type.startsWith('application/json')) return jsonBody(context);
  if (type.startsWith('application/x-www-form-urlencoded')) return context.req.parseBody();
  return {};
}

/** A JSON object; anything else that parses is an empty one. */
export async function jsonBody(context: Context): Promise<object> {
  const text = await context.req.text();
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    throw badRequest('There was a problem in the JSON you submitted');
  }
}
