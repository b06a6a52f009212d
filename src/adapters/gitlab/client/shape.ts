import type { z } from 'zod';
import type { Answer } from './answer.ts';
import type { GitLabCall } from './call.ts';
import { invalidAnswer } from './errors.ts';

const NEXT = 'check that the URL is that of a GitLab of a supported version';

/** The answer's document, checked. Throws `invalid-answer` that says where it is not of the shape. */
export function parsed<T>(call: GitLabCall, answer: Answer, shape: z.ZodType<T>): T {
  const result = shape.safeParse(document(call, answer));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue === undefined ? '' : issue.path.join('.');
  const why = `the answer is not as documented: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}`;
  throw invalidAnswer(call, why, NEXT, answer);
}

function document(call: GitLabCall, answer: Answer): unknown {
  if (answer.isHtml()) {
    throw invalidAnswer(call, 'GitLab answered with HTML, is the URL right?', NEXT, answer);
  }
  try {
    return answer.json();
  } catch {
    throw invalidAnswer(call, 'the answer is no JSON', NEXT, answer);
  }
}
