import { readBounded } from './bounded-body.ts';

/** One answer of GitLab, read to its end. */
export interface Answer {
  /** What was asked. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON document; throws `SyntaxError` where it is none. */
  json(): unknown;
  /** GitLab's words for people: from an error document, or a short plain text. */
  message(): string | undefined;
  /** Whether a web page came in place of an API's answer. */
  isHtml(): boolean;
}

/**
 * Reads an answer whole, at most `limit` bytes. Each of `secrets` is cut out of what it says, should
 * a proxy's error page repeat the request.
 */
export async function readAnswer(
  url: URL,
  response: Response,
  limit: number,
  secrets: readonly string[],
): Promise<Answer> {
  const raw = new TextDecoder().decode(await readBounded(response.body, limit));
  const text = response.ok ? raw : without(raw, secrets);
  const isHtml = (): boolean =>
    /\bhtml\b/i.test(response.headers.get('content-type') ?? '') || /^\s*</.test(text);
  return {
    url,
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text),
    message: () => (isHtml() ? undefined : messageOf(text)),
    isHtml,
  };
}

function without(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '[secret]')), text);
}

/** GitLab puts its words under `message`, or under `error` and `error_description`; throttling is plain text. */
function messageOf(text: string): string {
  try {
    return wordsOf(JSON.parse(text));
  } catch {
    return text;
  }
}

function wordsOf(document: unknown): string {
  if (typeof document !== 'object' || document === null) return String(document);
  const parts: unknown[] = [];
  if ('message' in document) parts.push(document.message);
  if ('error' in document) parts.push(document.error);
  if ('error_description' in document) parts.push(document.error_description);
  return parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(': ');
}
