import { randomUUID } from 'node:crypto';
import type { Timers } from '../../adapters/memory/clock.ts';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { alertStatus, type Hook } from '../../adapters/memory/gitlab/hooks.ts';
import type { JobEvent } from '../../adapters/memory/gitlab/job-event.ts';
import { seconds } from '../../engine/time.ts';
import { jobHookPayload } from './job-hook-payload.ts';
import type { SandboxLog } from './sandbox-log.ts';
import { GITLAB_VERSION } from './version.ts';
import { signatureHeaders } from './webhook-signature.ts';

const TIMEOUT = seconds(10);
/** How many past deliveries can be sent again. */
const REMEMBERED = 100;

/** One event for one hook. */
export interface Delivery {
  /** The same each time that it is sent. */
  readonly idempotencyKey: string;
  readonly hook: number;
  readonly eventId: string;
  readonly body: string;
}

/** How deliveries went: `rejected` got no or no good answer, `dropped` were never sent. */
export interface DeliveryCounts {
  readonly delivered: number;
  readonly rejected: number;
  readonly dropped: number;
}

export interface WebhookDeliveryOptions {
  readonly model: GitLab;
  readonly timers: Timers;
  /** The address that GitLab calls its own. */
  readonly instance: () => string;
  /** Drops every delivery silently, as GitLab does over its rate limit. Absent: false. */
  readonly dropAll?: boolean;
  readonly log: SandboxLog;
}

/** Sends job events to the hooks that want them; all at once, so that they may arrive in any order. */
export class WebhookDelivery {
  /** While true, every delivery is dropped silently. */
  dropAll: boolean;
  readonly #options: WebhookDeliveryOptions;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop: () => void;
  readonly #counts = { delivered: 0, rejected: 0, dropped: 0 };
  #recent: Delivery[] = [];

  constructor(options: WebhookDeliveryOptions) {
    this.#options = options;
    this.dropAll = options.dropAll ?? false;
    this.#stop = options.model.onJobEvent((event) => this.#tell(event));
  }

  counts(): DeliveryCounts {
    return { ...this.#counts };
  }

  /** The last deliveries, oldest first. */
  recent(): readonly Delivery[] {
    return this.#recent;
  }

  /** Sends a past delivery once more, under the same idempotency key. */
  resend(delivery: Delivery): void {
    const hook = this.#options.model.hooks.find(delivery.hook);
    if (hook !== undefined) this.#start(hook, delivery);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Ends what is under way and sends nothing more. */
  async close(): Promise<void> {
    this.#stop();
    this.#closing.abort();
    await this.settled();
  }

  #tell(event: JobEvent): void {
    const hooks = this.#options.model.hooks
      .of(event.project.id)
      .filter(({ settings }) => settings.events.has('job_events'));
    if (hooks.length === 0) return;
    const body = JSON.stringify(jobHookPayload(event, this.#options.instance()));
    const eventId = randomUUID();
    for (const hook of hooks) {
      const delivery = { idempotencyKey: randomUUID(), hook: hook.id, eventId, body };
      this.#recent = [...this.#recent.slice(1 - REMEMBERED), delivery];
      this.#start(hook, delivery);
    }
  }

  #start(hook: Hook, delivery: Delivery): void {
    const executable = alertStatus(hook, this.#options.timers.now()) === 'executable';
    if (this.dropAll || !executable || this.#closing.signal.aborted) {
      this.#counts.dropped += 1;
      return;
    }
    const sending = this.#send(hook, delivery).finally(() => {
      this.#underWay.delete(sending);
    });
    this.#underWay.add(sending);
  }

  async #send(hook: Hook, delivery: Delivery): Promise<void> {
    const outcome = await this.#post(hook, delivery);
    if (this.#closing.signal.aborted) return;
    if (typeof outcome === 'number' && outcome >= 200 && outcome < 400) {
      this.#counts.delivered += 1;
      this.#options.model.hooks.succeeded(hook.id);
      return;
    }
    this.#counts.rejected += 1;
    this.#options.model.hooks.failed(hook.id);
    this.#options.log.warn({ hook: hook.id, outcome }, 'a webhook delivery failed');
  }

  /** The status of the answer, or why there was none. */
  async #post(hook: Hook, delivery: Delivery): Promise<number | string> {
    const late = new AbortController();
    const cancel = this.#options.timers.after(TIMEOUT, () => late.abort());
    try {
      const response = await fetch(hook.settings.url, {
        method: 'POST',
        headers: this.#headers(hook, delivery),
        body: delivery.body,
        redirect: 'manual',
        signal: AbortSignal.any([late.signal, this.#closing.signal]),
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      if (late.signal.aborted) return 'no answer within 10 seconds';
      return error instanceof Error && error.cause instanceof Error ? error.cause.message : 'no answer';
    } finally {
      cancel();
    }
  }

  #headers(hook: Hook, delivery: Delivery): Record<string, string> {
    const { token, signingToken, customHeaders } = hook.settings;
    const { idempotencyKey, eventId, body } = delivery;
    return {
      ...Object.fromEntries(customHeaders.map(({ key, value }) => [key, value])),
      'Content-Type': 'application/json',
      'User-Agent': `GitLab/${GITLAB_VERSION}`,
      'Idempotency-Key': idempotencyKey,
      'X-Gitlab-Event': 'Job Hook',
      'X-Gitlab-Webhook-UUID': randomUUID(),
      'X-Gitlab-Event-UUID': eventId,
      'X-Gitlab-Instance': this.#options.instance(),
      ...(token === undefined ? {} : { 'X-Gitlab-Token': token }),
      ...(signingToken === undefined
        ? {}
        : signatureHeaders(signingToken, idempotencyKey, this.#options.timers.now(), body)),
    };
  }
}
