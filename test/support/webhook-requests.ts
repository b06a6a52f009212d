import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { instant } from '../../src/engine/time.ts';
import { signatureHeaders } from '../../src/sandbox/gitlab/webhook-signature.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** One request to the webhook. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The length in bytes that the headers claim, or none; absent: the true one. */
  readonly announced?: number | 'nothing';
}

/** How the daemon answered it. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
}

/** The body of a job event, as far as it is read. */
export function jobEvent(project: { readonly id: number; readonly path: string }, pipeline: number): string {
  return JSON.stringify({
    object_kind: 'build',
    project_id: project.id,
    pipeline_id: pipeline,
    build_id: 1,
    build_status: 'pending',
    project: { id: project.id, path_with_namespace: project.path },
  });
}

/** Makes requests as GitLab makes them, with the secrets of the sandbox's hook. */
export function webhookOf({ gitlab, project }: Sandbox) {
  const { url, token = '', signingToken = '' } = gitlab.hooks.of(project)[0]?.settings ?? { url: '' };
  const watched = { id: project, path: gitlab.project(project)?.path ?? '' };
  const genuine = (body: string, at = gitlab.now(), id: string = randomUUID()): WebhookRequest => ({
    headers: {
      'content-type': 'application/json',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': token,
      'idempotency-key': id,
      ...signatureHeaders(signingToken, id, at, body),
    },
    body,
  });
  return {
    url,
    token,
    watched,
    genuine,
    /** As GitLab would have made it an hour ago. */
    late: (body: string): WebhookRequest => genuine(body, instant(gitlab.now() - 3_600_000)),
  };
}

/** Posts the request and answers as soon as there is an answer, also while the request waits for its rest. */
export function post(url: string, { headers, body, announced }: WebhookRequest): Promise<WebhookAnswer> {
  const length =
    announced === 'nothing'
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(announced ?? Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: { ...headers, ...length }, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: text });
        outgoing.destroy();
      });
    });
    outgoing.end(body);
  });
}
