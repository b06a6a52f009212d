import { randomUUID } from 'node:crypto';
import type { Timers } from '../../adapters/memory/clock.ts';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { alertStatus, type Hook } from '../../adapters/memory/gitlab/hooks.ts';
import type { JobEvent } from '../../adapters/memory/gitlab/job-event.ts';
import { type Duration, seconds } from '../../engine/time.ts';
import { DeliveryFaults } from './delivery-faults.ts';
import { jobHookPayload } from './job-hook-payload.ts';
import { MinuteLimit } from './minute-limit.ts';
import type { SandboxLog } from './sandbox-log.ts';
import { GITLAB_VERSION } from './version.ts';
import { signatureHeaders } from './webhook-signature.ts';

const TIMEOUT = seconds(10);
/** How many past deliveries can be sent again. */
const REMEMBERED = 100;

/** What a hook is told. */
export interface HookEvent {
  /** In GitLab's words. */
  readonly kind: 'Job Hook' | 'Push Hook';
  readonly body: string;
}

/** One event for one hook. */
export interface Delivery extends HookEvent {
  /** The same each time that it is sent. */
  readonly idempotencyKey: string;
  readonly hook: number;
  readonly eventId: string;
  /** The top-level group whose deliveries are limited together. */
  readonly topGroup: string;
}

/** How the receiver answered, or why it did not. */
type Received = { readonly status: number; readonly text: string } | { readonly failure: string };

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
  /** Deliveries a minute and top-level group, beyond which GitLab drops silently. Absent: no limit. */
  readonly callsPerMinute?: number;
  readonly log: SandboxLog;
}

/** Sends job events to the hooks that want them; all at once, so that they may arrive in any order. */
export class WebhookDelivery {
  readonly faults = new DeliveryFaults();
  readonly #options: WebhookDeliveryOptions;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop: () => void;
  readonly #counts = { delivered: 0, rejected: 0, dropped: 0 };
  readonly #limit: MinuteLimit;
  readonly #held = new Set<() => void>();
  #rateLimited = 0;
  #recent: Delivery[] = [];

  constructor(options: WebhookDeliveryOptions) {
    this.#options = options;
    this.#limit = new MinuteLimit(options.callsPerMinute, () => options.timers.now());
    this.#stop = options.model.onJobEvent((event) => this.#tell(event));
  }

  counts(): DeliveryCounts {
    return { ...this.#counts };
  }

  /** How many of those that were dropped went beyond the rate limit. */
  get rateLimited(): number {
    return this.#rateLimited;
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

  /**
   * Sends an event at once, also to a hook that is disabled: no limit and no scripted fault keeps it. Answers with
   * the status of the answer and what GitLab says of it.
   */
  async test(hook: Hook, event: HookEvent): Promise<{ readonly status?: number; readonly message: string }> {
    const delivery = { ...event, ...newIds(), hook: hook.id, topGroup: '' };
    const received = await this.#post(hook, delivery);
    this.#note(hook, received);
    if ('failure' in received) return { message: received.failure };
    return { status: received.status, message: received.text };
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Ends what is under way and sends nothing more. */
  async close(): Promise<void> {
    this.#stop();
    this.#closing.abort();
    for (const cancel of this.#held) cancel();
    await this.settled();
  }

  #tell(event: JobEvent): void {
    const { project } = event;
    const hooks = this.#options.model.hooks
      .telling(project)
      .filter(({ settings }) => settings.events.has('job_events'));
    if (hooks.length === 0) return;
    const body = JSON.stringify(jobHookPayload(event, this.#options.instance()));
    const [topGroup = ''] = project.namespace.split('/');
    const { eventId } = newIds();
    for (const hook of hooks) {
      const delivery = { kind: 'Job Hook', body, ...newIds(), eventId, hook: hook.id, topGroup } as const;
      this.#recent = [...this.#recent.slice(1 - REMEMBERED), delivery];
      this.#start(hook, delivery);
    }
  }

  #start(hook: Hook, delivery: Delivery): void {
    const executable = alertStatus(hook, this.#options.timers.now()) === 'executable';
    const admitted = executable && this.#limit.admits(delivery.topGroup);
    if (executable && !admitted) this.#rateLimited += 1;
    const copies = admitted && !this.#closing.signal.aborted ? this.faults.fate() : [];
    if (copies.length === 0) this.#counts.dropped += 1;
    for (const late of copies) {
      if (late === 0) this.#sendNow(hook, delivery);
      else this.#hold(late, () => this.#sendNow(hook, delivery));
    }
  }

  #hold(late: Duration, send: () => void): void {
    const cancel = this.#options.timers.after(late, () => {
      this.#held.delete(cancel);
      send();
    });
    this.#held.add(cancel);
  }

  #sendNow(hook: Hook, delivery: Delivery): void {
    const sending = this.#send(hook, delivery).finally(() => {
      this.#underWay.delete(sending);
    });
    this.#underWay.add(sending);
  }

  async #send(hook: Hook, delivery: Delivery): Promise<void> {
    const received = await this.#post(hook, delivery);
    if (this.#closing.signal.aborted) return;
    this.#counts[this.#note(hook, received) ? 'delivered' : 'rejected'] += 1;
  }

  /** What a delivery means for its hook: whether it went well. */
  #note(hook: Hook, received: Received): boolean {
    const { hooks } = this.#options.model;
    if ('status' in received && received.status >= 200 && received.status < 400) {
      hooks.succeeded(hook.id);
      return true;
    }
    hooks.failed(hook.id);
    const outcome = 'status' in received ? received.status : received.failure;
    this.#options.log.warn({ hook: hook.id, outcome }, 'a webhook delivery failed');
    return false;
  }

  async #post(hook: Hook, delivery: Delivery): Promise<Received> {
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
      return { status: response.status, text: await response.text() };
    } catch (error) {
      if (late.signal.aborted) return { failure: 'no answer within 10 seconds' };
      const { cause } = error instanceof Error ? error : {};
      return { failure: cause instanceof Error ? cause.message : 'no answer' };
    } finally {
      cancel();
    }
  }

  #headers(hook: Hook, delivery: Delivery): Record<string, string> {
    const { token, signingToken, customHeaders } = hook.settings;
    const { idempotencyKey, eventId, kind, body } = delivery;
    return {
      ...Object.fromEntries(customHeaders.map(({ key, value }) => [key, value])),
      'Content-Type': 'application/json',
      'User-Agent': `GitLab/${GITLAB_VERSION}`,
      'Idempotency-Key': idempotencyKey,
      'X-Gitlab-Event': kind,
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

function newIds(): Pick<Delivery, 'idempotencyKey' | 'eventId'> {
  return { idempotencyKey: randomUUID(), eventId: randomUUID() };
}
