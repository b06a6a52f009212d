import type { Answer } from './answer.ts';

/**
 * The query of the next page, as the answer's `Link: <…>; rel="next"` gives it, or undefined on the
 * last page. Only the query is taken: the request stays at the configured URL and path, so a link
 * that names another host (GitLab behind a proxy, or something worse) never gets the token.
 */
export function nextPageQuery(answer: Answer): string | undefined {
  const { headers, url } = answer;
  const link = /<([^>]*)>\s*;[^,<]*\brel="?next\b/i.exec(headers.get('link') ?? '')?.[1];
  if (link !== undefined && URL.canParse(link, url.href)) return new URL(link, url).search;
  return nextPageNumber(headers, url);
}

/** A proxy that drops `Link` may have left `X-Next-Page`. */
function nextPageNumber(headers: Headers, current: URL): string | undefined {
  const page = headers.get('x-next-page') ?? '';
  if (!/^\d+$/.test(page)) return undefined;
  const query = new URLSearchParams(current.search);
  query.set('page', page);
  return `?${query.toString()}`;
}
