import type { z } from 'zod';
import { isPortError, type PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import { type Duration, seconds } from '../../../engine/time.ts';
import type { Answer } from './answer.ts';
import type { GitLabCall, GitLabChange, GitLabQuestion } from './call.ts';
import { answerError, cancelledError, invalidAnswer, isConnectionReset } from './errors.ts';
import { nextPageQuery } from './paging.ts';
import { QuietPeriod } from './quiet-period.ts';
import { redirectWithin } from './redirect.ts';
import { RequestBudget } from './request-budget.ts';
import { waitToRetry } from './retry.ts';
import { parsed } from './shape.ts';
import { type Fetch, send, type TransportOptions, type WireRequest } from './transport.ts';

export interface GitLabClientOptions {
  /**
   * GitLab's address, with its relative root if it has one: "https://example.com/gitlab". User
   * information, query and fragment in it are left out.
   */
  readonly url: string;
  /** The access token, asked for at every request, so that it may change. */
  readonly token: () => string;
  /**
   * Asked when GitLab refuses a token (401): whether another has taken its place, with which the request is sent once
   * more. Never throws.
   */
  readonly replaced?: (refused: string) => Promise<boolean>;
  /** How long one request may take, its body included; 10 s by default. */
  readonly timeout?: Duration;
  readonly clock: Clock;
  /** Our own version, for the User-Agent. */
  readonly version: string;
  /** How many requests may be made in a minute; 300 by default. Only those who can wait for it do. */
  readonly requestsPerMinute?: number;
  /** Largest answer that is read, in bytes; 32 MiB by default. */
  readonly maxBytes?: number;
  /** The way to GitLab; Node's own where nothing is said. */
  readonly fetch?: Fetch;
}

/** One page of a list. */
export interface GitLabPage<T> {
  readonly items: readonly T[];
  readonly next?: NonNullable<GitLabCall['query']>;
}

const REDIRECTS = 3;
const MOST_PAGES = 10_000;

/**
 * Speaks to GitLab's REST API. Whatever fails is a `PortError`: `unreachable`, `unavailable`,
 * `throttled` (after which further calls fail at once, until the time that GitLab asked for is
 * over), `unauthorized`, `not-found`, `refused` or `invalid-answer`.
 */
export class GitLabClient {
  readonly #options: GitLabClientOptions;
  readonly #base: string;
  readonly #graphql: string;
  readonly #transport: TransportOptions;
  readonly #quiet: QuietPeriod;
  readonly clock: Clock;
  /** What all calls are counted in. */
  readonly budget: RequestBudget;

  constructor(options: GitLabClientOptions) {
    this.#options = options;
    const api = apiBase(options.url);
    this.#base = `${api}/v4`;
    this.#graphql = `${api}/graphql`;
    this.#transport = {
      timeout: options.timeout ?? seconds(10),
      maxBytes: options.maxBytes ?? 32 * 1024 * 1024,
      fetch: options.fetch ?? fetch,
    };
    this.#quiet = new QuietPeriod(options.clock);
    this.clock = options.clock;
    this.budget = new RequestBudget(options.clock, options.requestsPerMinute);
  }

  /** Reads one document of the given shape. */
  async get<T>(call: GitLabCall, shape: z.ZodType<T>): Promise<T> {
    return parsed(call, await this.#read(call, this.#urlOf(call)), shape);
  }

  /**
   * Asks GitLab's GraphQL, tried again like a reading. What GitLab says of the queries themselves stands in the
   * answer's `errors`.
   */
  async ask<T>({ body, ...question }: GitLabQuestion, shape: z.ZodType<T>): Promise<T> {
    const call = { ...question, path: '' };
    const answer = await this.#retried(call, mayHeal, () =>
      this.#sendAsUser(call, 'POST', new URL(this.#graphql), JSON.stringify(body)),
    );
    return parsed(call, answer, shape);
  }

  /** Reads a list page by page, to its last one. */
  async *pages<T>(call: GitLabCall, page: z.ZodType<T[]>): AsyncGenerator<T[]> {
    let url = this.#urlOf(call);
    for (let number = 1; number <= MOST_PAGES; number++) {
      const { items, next } = await this.#readPage(call, url, page);
      yield items;
      if (next === undefined) return;
      url = next;
    }
    throw invalidAnswer(call, `more than ${MOST_PAGES} pages`, 'check the proxy in front of GitLab');
  }

  /**
   * Reads one page of a list, and the query with which the same call reads the next one: for whoever goes on another
   * time. No query: it was the last page.
   */
  async page<T>(call: GitLabCall, page: z.ZodType<T[]>): Promise<GitLabPage<T>> {
    const { items, next } = await this.#readPage(call, this.#urlOf(call), page);
    return { items, ...(next !== undefined && { next: [...next.searchParams] }) };
  }

  /** Reads a whole list. */
  async list<T>(call: GitLabCall, page: z.ZodType<T[]>): Promise<T[]> {
    const all: T[] = [];
    for await (const part of this.pages(call, page)) all.push(...part);
    return all;
  }

  /**
   * Changes something with the access token, and reads the answer where a shape is given. A PUT or
   * DELETE is tried again like a reading; a POST only where GitLab throttled it, because otherwise it
   * may have been done. No redirect is followed.
   */
  async change(call: GitLabChange): Promise<void>;
  async change<T>(call: GitLabChange, shape: z.ZodType<T>): Promise<T>;
  async change<T>(call: GitLabChange, shape?: z.ZodType<T>): Promise<T | undefined> {
    const heals = call.method === 'POST' ? isThrottled : mayHeal;
    const answer = await this.#retried(call, heals, () => this.#changeOnce(call));
    return shape === undefined ? undefined : parsed(call, answer, shape);
  }

  /**
   * Deletes what a runner's own token may delete; the access token is not sent. Not repeated when it
   * fails.
   */
  async deleteAsRunner(
    call: GitLabCall,
    body: { readonly token: string; readonly system_id: string },
  ): Promise<void> {
    this.#quiet.admit(call);
    const answer = await this.#send(call, {
      method: 'DELETE',
      url: this.#urlOf(call),
      headers: { ...this.#headers(), 'content-type': 'application/json' },
      body: JSON.stringify(body),
      secrets: [body.token],
    });
    const error = answerError(call, answer, this.clock.now());
    if (error !== undefined) throw this.#final(error);
  }

  #urlOf(call: GitLabCall): URL {
    const url = new URL(this.#base + call.path);
    for (const [name, value] of call.query ?? []) url.searchParams.append(name, value);
    return url;
  }

  #headers(): Readonly<Record<string, string>> {
    return { accept: 'application/json', 'user-agent': `runtide/${this.#options.version}` };
  }

  async #read(call: GitLabCall, url: URL): Promise<Answer> {
    return this.#retried(call, mayHeal, () => this.#readOnce(call, url));
  }

  async #readPage<T>(call: GitLabCall, url: URL, page: z.ZodType<T[]>): Promise<{ items: T[]; next?: URL }> {
    const answer = await this.#read(call, url);
    const items = parsed(call, answer, page);
    const query = nextPageQuery(answer);
    if (query === undefined) return { items };
    const next = new URL(answer.url);
    next.search = query;
    if (next.href === answer.url.href)
      throw invalidAnswer(call, 'the next page is this page', 'check the proxy in front of GitLab', answer);
    return { items, next };
  }

  /** Tries once more, a little later, what that heals. */
  async #retried(
    call: GitLabCall,
    heals: (error: PortError) => boolean,
    once: () => Promise<Answer>,
  ): Promise<Answer> {
    for (let failures = 1; ; failures++) {
      this.#quiet.admit(call);
      try {
        return await once();
      } catch (error) {
        if (!isPortError(error)) throw error;
        const wait = heals(error) ? waitToRetry(failures, error) : undefined;
        if (wait === undefined) throw this.#final(error);
        await this.clock.sleep(wait, call.signal);
        if (call.signal.aborted) throw cancelledError(call);
      }
    }
  }

  async #readOnce(call: GitLabCall, start: URL): Promise<Answer> {
    let url = start;
    for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
      const answer = await this.#sendGet(call, url);
      const moved = redirectWithin(answer, this.#base);
      if (moved === undefined) {
        const error = answerError(call, answer, this.clock.now());
        if (error !== undefined) throw error;
        return answer;
      }
      url = moved;
    }
    throw invalidAnswer(call, `more than ${REDIRECTS} redirects`, 'check the proxy in front of GitLab');
  }

  async #changeOnce(call: GitLabChange): Promise<Answer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return this.#sendAsUser(call, call.method, this.#urlOf(call), body, call.secrets);
  }

  /** Sends with the access token; whatever is no success is thrown. */
  async #sendAsUser(
    call: GitLabCall,
    method: GitLabChange['method'],
    url: URL,
    body?: string,
    secrets: readonly string[] = [],
  ): Promise<Answer> {
    const answer = await this.#sendWithToken(call, {
      method,
      url,
      headers: { ...this.#headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
      secrets,
    });
    const error = answerError(call, answer, this.clock.now());
    if (error !== undefined) throw error;
    return answer;
  }

  #sendGet(call: GitLabCall, url: URL): Promise<Answer> {
    return this.#sendWithToken(call, { method: 'GET', url, headers: this.#headers(), secrets: [] });
  }

  /** Sends a request; once more where the token was refused, so that nothing was done, and another is there. */
  async #sendWithToken(call: GitLabCall, request: WireRequest): Promise<Answer> {
    const { token: current, replaced } = this.#options;
    const sendAs = (token: string): Promise<Answer> =>
      this.#send(call, {
        ...request,
        headers: { ...request.headers, 'private-token': token },
        secrets: [token, ...request.secrets],
      });
    const token = current();
    const answer = await sendAs(token);
    if (answer.status !== 401 || (await replaced?.(token)) !== true) return answer;
    return sendAs(current());
  }

  async #send(call: GitLabCall, request: WireRequest): Promise<Answer> {
    this.budget.spend();
    const answer = await send(this.#transport, call, request);
    this.budget.heed(answer);
    return answer;
  }

  #final(error: PortError): PortError {
    return error.kind === 'throttled' ? this.#quiet.begin(error) : error;
  }
}

/** Errors of `fetch` quote the URL whole, so it must not hold a secret. */
function apiBase(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, '')}/api`;
}

function isThrottled(error: PortError): boolean {
  return error.kind === 'throttled';
}

function mayHeal(error: PortError): boolean {
  return isThrottled(error) || error.kind === 'unavailable' || isConnectionReset(error.details.cause);
}
