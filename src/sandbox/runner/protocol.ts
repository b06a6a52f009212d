import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RunnerEntry } from './config.ts';
import { type HttpReply, sendWithRetries } from './http.ts';
import { type Job, parseJob } from './job.ts';
import { runnerInfo, USER_AGENT } from './runner-info.ts';

/** GitLab's answer to a request for a job. */
export type JobAnswer =
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'none' }
  /** GitLab fails or cannot be reached, for now; the words say how. */
  | { readonly kind: 'failed'; readonly why: string }
  /** GitLab refuses this runner: too many of these disable it. */
  | { readonly kind: 'unhealthy'; readonly why: string };

/** How a job goes on after an update or a piece of log. */
export interface JobAnswerHeaders {
  /** What GitLab wants: to go on, to end in order, or to stop at once. */
  readonly wish: 'run' | 'cancel' | 'abort';
  /** Milliseconds between two updates, when GitLab names them. */
  readonly interval: number | undefined;
}

export interface UpdateAnswer extends JobAnswerHeaders {
  readonly kind: 'done' | 'not-yet' | 'invalid-trace' | 'abort' | 'failed';
  readonly status: number;
}

export interface TraceAnswer extends JobAnswerHeaders {
  readonly kind: 'done' | 'range' | 'gone' | 'abort' | 'failed';
  /** For `range`: the number of bytes that GitLab has. */
  readonly offset: number;
}

/** What a job's state becomes. */
export interface JobUpdate {
  readonly state: 'running' | 'success' | 'failed';
  readonly failureReason?: string;
  readonly exitCode?: number;
  readonly checksum: string;
  readonly bytesize: number;
}

const LONGEST_INTERVAL = 15 * 60_000;
const FOREVER = new AbortController().signal;

/** The runner API of GitLab, as one registration on one machine speaks it. */
export class RunnerProtocol {
  readonly #entry: RunnerEntry;
  readonly #systemId: string;
  #lastUpdate = '';

  constructor(entry: RunnerEntry, systemId: string) {
    this.#entry = entry;
    this.#systemId = systemId;
  }

  /** Asks for a job; GitLab may hold the request for a while. Never rejects; an abort answers `none`. */
  async requestJob(signal: AbortSignal): Promise<JobAnswer> {
    const { token } = this.#entry;
    const lastUpdate = this.#lastUpdate === '' ? {} : { last_update: this.#lastUpdate };
    const body = { info: runnerInfo(), token, system_id: this.#systemId, ...lastUpdate };
    try {
      return this.#jobAnswer(
        await this.#send('POST', 'jobs/request', { 'RUNNER-TOKEN': token }, body, signal),
      );
    } catch (error) {
      return signal.aborted ? { kind: 'none' } : { kind: 'failed', why: wordsOf(error) };
    }
  }

  /** Reports a job's state. Never rejects. */
  async updateJob(job: Job, update: JobUpdate): Promise<UpdateAnswer> {
    const { checksum, bytesize } = update;
    const body = {
      info: runnerInfo(),
      token: job.token,
      state: update.state,
      failure_reason: update.failureReason,
      exit_code: update.exitCode,
      checksum,
      output: { checksum, bytesize },
    };
    try {
      const reply = await this.#send(
        'PUT',
        `jobs/${String(job.id)}`,
        { 'JOB-TOKEN': job.token },
        body,
        FOREVER,
      );
      const said = answerHeaders(reply);
      return {
        ...said,
        kind: said.wish === 'abort' ? 'abort' : updateKind(reply.status),
        status: reply.status,
      };
    } catch {
      return { kind: 'failed', status: 0, wish: 'run', interval: undefined };
    }
  }

  /** Appends to a job's log at `offset`. Never rejects. */
  async appendTrace(job: Job, bytes: Buffer, offset: number): Promise<TraceAnswer> {
    const headers = {
      'JOB-TOKEN': job.token,
      'content-type': 'text/plain',
      'content-range': `${String(offset)}-${String(offset + bytes.length - 1)}`,
    };
    const path = `jobs/${String(job.id)}/trace?debug_trace=false`;
    try {
      const reply = await this.#send('PATCH', path, headers, bytes, FOREVER);
      const said = answerHeaders(reply);
      const kind = said.wish === 'abort' ? 'abort' : traceKind(reply.status);
      return { ...said, kind, offset: rangeEnd(reply.headers) };
    } catch {
      return { kind: 'failed', offset, wish: 'run', interval: undefined };
    }
  }

  /** Removes this machine's manager, or the runner itself where its token is of the old kind. */
  async unregister(): Promise<{ readonly removed: boolean; readonly why: string }> {
    const { token } = this.#entry;
    const isManager = token.startsWith('glrt-');
    const path = isManager ? 'runners/managers' : 'runners';
    const body = isManager ? { token, system_id: this.#systemId } : { token };
    try {
      const reply = await this.#send('DELETE', path, { 'RUNNER-TOKEN': token }, body, FOREVER);
      return { removed: reply.status === 204, why: `HTTP ${String(reply.status)}` };
    } catch (error) {
      return { removed: false, why: wordsOf(error) };
    }
  }

  #jobAnswer(reply: HttpReply): JobAnswer {
    const lastUpdate = reply.headers['x-gitlab-last-update'];
    if (typeof lastUpdate === 'string') this.#lastUpdate = lastUpdate;
    if (reply.status === 204) return { kind: 'none' };
    if (reply.status === 403) return { kind: 'unhealthy', why: 'HTTP 403' };
    if (reply.status !== 201) return { kind: 'failed', why: `HTTP ${String(reply.status)}` };
    const isJson = reply.headers['content-type']?.startsWith('application/json') === true;
    const job = isJson ? parseJob(reply.body) : undefined;
    return job === undefined ? { kind: 'failed', why: 'the answer is no job' } : { kind: 'job', job };
  }

  #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: object,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    return sendWithRetries({
      method,
      url: `${this.#entry.url}/api/v4/${path}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        'x-request-id': randomBytes(16).toString('hex'),
        ...headers,
      },
      body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
      signal,
    });
  }
}

function updateKind(status: number): UpdateAnswer['kind'] {
  if (status === 200) return 'done';
  if (status === 202) return 'not-yet';
  if (status === 412) return 'invalid-trace';
  return status === 404 ? 'abort' : 'failed';
}

function traceKind(status: number): TraceAnswer['kind'] {
  if (status === 202) return 'done';
  if (status === 416) return 'range';
  return status === 404 ? 'gone' : 'failed';
}

function answerHeaders(reply: HttpReply): JobAnswerHeaders {
  const interval = Number(reply.headers['x-gitlab-trace-update-interval']) * 1000;
  return {
    wish: wishOf(reply.status, reply.headers['job-status']),
    interval: interval > 0 ? Math.min(interval, LONGEST_INTERVAL) : undefined,
  };
}

function wishOf(status: number, jobStatus: unknown): JobAnswerHeaders['wish'] {
  if (status === 403 || jobStatus === 'canceled' || jobStatus === 'failed') return 'abort';
  return jobStatus === 'canceling' ? 'cancel' : 'run';
}

/** The end of a range such as `0-128`; 0 where there is none. */
function rangeEnd(headers: IncomingHttpHeaders): number {
  return Number(/^\d+-(\d+)$/.exec(headers.range ?? '')?.[1] ?? 0);
}

/** Why a request got no answer; the words of the network, never those of the request. */
function wordsOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}
