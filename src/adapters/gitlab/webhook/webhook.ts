import type { Clock, PipelineRef } from '../../../controller/ports.ts';
import { type Duration, seconds } from '../../../engine/time.ts';
import { BodyTooLarge, readBounded } from '../client/bounded-body.ts';
import { Deliveries } from './deliveries.ts';
import { judgeEvent, type NamedProject } from './job-event.ts';
import { isSigned, isTimely, sameSecret, type SignedHeaders, signedHeaders } from './signature.ts';
import { STRANGERS, Throttle, type ThrottleLimits } from './throttle.ts';
import { Turns } from './turns.ts';
import { answerTo, type RejectedBecause, type Verdict, type WebhookEvent } from './webhook-event.ts';

/** What a webhook proves itself with; an empty one counts as none. */
export interface WebhookSecrets {
  /** GitLab's secret token, sent as `X-Gitlab-Token`. */
  readonly token?: string;
  /** GitLab's signing token, `whsec_<base64>`. */
  readonly signingToken?: string;
}

export interface WebhookOptions {
  /** Asked at every request, so that secrets may change. */
  readonly secrets: () => WebhookSecrets;
  readonly clock: Clock;
  /** Wakes a pass that re-reads the pipeline. When it fails, so does the request, and a repetition counts as new. */
  readonly wake: (ref: PipelineRef) => void | Promise<void>;
  /** Told what became of every request. */
  readonly note: (event: WebhookEvent) => void;
  readonly watches: (project: NamedProject) => boolean;
  /**
   * Largest body of a sender who has proved who it is, in bytes. 25 MiB by default: GitLab sends none
   * that is larger (app/services/web_hook_service.rb), and commit messages of any length come along.
   */
  readonly maxBytes?: number;
  /** Largest body of any other sender, in bytes; 2 MiB by default. */
  readonly maxStrangerBytes?: number;
  /** How long a body may take to come in; 10 s by default. */
  readonly bodyTimeout?: Duration;
  /** How many requests are looked at that have not yet proved who they are. */
  readonly throttle?: ThrottleLimits;
}

const MIB = 1024 * 1024;
/** How many bodies beyond what strangers may send are in memory together. */
const LARGE_AT_ONCE = 4;

/** Answers one webhook request of the client at `remote`. */
export type Webhook = (request: Request, remote: string) => Promise<Response>;

/**
 * The webhook for GitLab's job events. A request with the right token is let in; where a signing
 * token is configured, a request that carries a signature must carry a right one, whatever its token.
 * Nothing is parsed before it is verified, and everything verified is answered with 2xx unless it is
 * broken.
 */
export function createWebhook(options: WebhookOptions): Webhook {
  const gate = new Gate(options);
  return async (request, remote) => {
    const verdict = await gate.judge(request, remote);
    options.note(verdict.outcome === 'rejected' ? { ...verdict, remote } : verdict);
    return answerTo(verdict);
  };
}

/** What the headers of a request claim, and what of it is known to be true already. */
interface Claim {
  /** There is a secret to know. */
  readonly knowable: boolean;
  /** The token is right. */
  readonly known: boolean;
  /** Present where a signature is to be verified. */
  readonly signed?: { readonly headers: SignedHeaders; readonly signingToken: string };
}

class Gate {
  readonly #options: WebhookOptions;
  readonly #throttle: Throttle;
  readonly #deliveries: Deliveries;
  readonly #maxBytes: number;
  readonly #maxStrangerBytes: number;
  readonly #large = new Turns(LARGE_AT_ONCE);

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#throttle = new Throttle(options.clock, options.throttle ?? STRANGERS);
    this.#deliveries = new Deliveries(options.clock);
    this.#maxBytes = options.maxBytes ?? 25 * MIB;
    this.#maxStrangerBytes = options.maxStrangerBytes ?? 2 * MIB;
  }

  async judge(request: Request, remote: string): Promise<Verdict> {
    if (request.method !== 'POST') return rejected('method');
    const claim = this.#claimOf(request.headers);
    const most = this.#mostBytes(claim, remote);
    const refusal = this.#refusal(request.headers, claim, remote, most);
    if (refusal !== undefined) return rejected(refusal);
    const judge = (): Promise<Verdict> => this.#judgeBody(request, claim, remote, most);
    return this.#mayBeLarge(request.headers, most) ? this.#large.take(judge) : judge();
  }

  async #judgeBody(request: Request, claim: Claim, remote: string, most: number): Promise<Verdict> {
    const body = await this.#bodyOf(request, most);
    if (!(body instanceof Uint8Array)) return rejected(body);
    if (claim.signed !== undefined) {
      const { headers, signingToken } = claim.signed;
      if (!isSigned(headers, body, signingToken)) return rejected('wrong-signature');
      this.#throttle.trust(remote);
    }
    return this.#judgeVerified(request.headers, claim, body);
  }

  #claimOf(headers: Headers): Claim {
    const { token = '', signingToken = '' } = this.#options.secrets();
    const knowable = token !== '' || signingToken !== '';
    const known = token !== '' && sameSecret(headers.get('x-gitlab-token') ?? '', token);
    const signed = signedHeaders(headers);
    if (signed === undefined || signingToken === '') return { knowable, known };
    return { knowable, known, signed: { headers: signed, signingToken } };
  }

  /** A signature proves itself only with the whole body: until then it is the address that is believed. */
  #mostBytes(claim: Claim, remote: string): number {
    return claim.known || this.#throttle.trusts(remote) ? this.#maxBytes : this.#maxStrangerBytes;
  }

  /** Whether its body may come to more than strangers may send; one without a length may. */
  #mayBeLarge(headers: Headers, most: number): boolean {
    const announced = Number(headers.get('content-length') ?? most);
    return Math.min(announced, most) > this.#maxStrangerBytes;
  }

  /** What can be refused by the headers alone. */
  #refusal(headers: Headers, claim: Claim, remote: string, most: number): RejectedBecause | undefined {
    if (!this.#admits(claim, remote)) return 'throttled';
    if (claim.signed === undefined && !claim.known) return whyUnknown(headers, claim);
    if (claim.signed !== undefined && !isTimely(claim.signed.headers, this.#options.clock.now())) {
      return 'untimely';
    }
    return Number(headers.get('content-length') ?? 0) > most ? 'too-large' : undefined;
  }

  #admits(claim: Claim, remote: string): boolean {
    if (claim.known) return true;
    return (claim.signed !== undefined && this.#throttle.trusts(remote)) || this.#throttle.admits(remote);
  }

  async #bodyOf(request: Request, most: number): Promise<Uint8Array | RejectedBecause> {
    const { clock, bodyTimeout = seconds(10) } = this.#options;
    const late = new AbortController();
    const done = new AbortController();
    const watch = clock.sleep(bodyTimeout, done.signal).then(() => late.abort());
    try {
      return await readBounded(request.body, most, late.signal);
    } catch (error) {
      if (error instanceof BodyTooLarge) return 'too-large';
      return late.signal.aborted ? 'too-slow' : 'cut-off';
    } finally {
      done.abort();
      await watch;
    }
  }

  async #judgeVerified(headers: Headers, claim: Claim, body: Uint8Array): Promise<Verdict> {
    // Only the id under the signature cannot be changed by somebody who repeats a request.
    const delivery = claim.signed?.headers.id ?? headers.get('idempotency-key') ?? headers.get('webhook-id');
    if (delivery !== null && this.#deliveries.has(delivery)) {
      return { outcome: 'ignored', because: 'duplicate' };
    }
    const verdict = judgeEvent(headers.get('x-gitlab-event'), body, this.#options.watches);
    if (verdict.outcome === 'accepted') {
      await this.#options.wake({ project: verdict.project, pipeline: verdict.pipeline });
    }
    if (delivery !== null && verdict.outcome !== 'rejected') this.#deliveries.add(delivery);
    return verdict;
  }
}

function whyUnknown(headers: Headers, claim: Claim): RejectedBecause {
  if (!claim.knowable) return 'no-secret';
  return headers.has('x-gitlab-token') ? 'wrong-token' : 'no-credentials';
}

function rejected(because: RejectedBecause): Verdict {
  return { outcome: 'rejected', because };
}
