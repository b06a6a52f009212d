/** The start of a runner's token by which GitLab names the runner in public; no secret. */
export function shortToken(token: string): string {
  return token
    .replace(/^(glrt-|glrtr-)/, '')
    .replace(/^t\d_/, '')
    .slice(0, 9);
}
