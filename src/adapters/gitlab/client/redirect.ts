import type { Answer } from './answer.ts';

/** Where an answer redirects to, or undefined when it does not. */
export function redirectTarget(answer: Answer): URL | undefined {
  if (answer.status < 300 || answer.status >= 400) return undefined;
  const location = answer.headers.get('location');
  if (location === null || !URL.canParse(location, answer.url.href)) return undefined;
  return new URL(location, answer.url);
}

/**
 * Where to ask again: GitLab redirects for projects that moved. A redirect out of the API at `base`
 * is not one to follow, because the token would follow it too.
 */
export function redirectWithin(answer: Answer, base: string): URL | undefined {
  const target = redirectTarget(answer);
  return target?.href.startsWith(`${new URL(base).href}/`) === true ? target : undefined;
}
