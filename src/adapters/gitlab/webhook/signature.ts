import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { elapsed, type Instant, instant, minutes } from '../../../engine/time.ts';

/** How far a webhook's own time may be from ours. */
const TOLERANCE = minutes(5);
/** A shorter key is a misconfiguration that anybody could guess. */
const SHORTEST_KEY = 16;

/** What a signed webhook says of itself in its headers. */
export interface SignedHeaders {
  readonly id: string;
  /** Unix seconds, as text. */
  readonly timestamp: string;
  /** One or more signatures, `v1,<base64>`, with spaces between. */
  readonly signatures: string;
}

/** The signature headers (Standard Webhooks), or undefined when there is no signature. */
export function signedHeaders(headers: Headers): SignedHeaders | undefined {
  const signatures = headers.get('webhook-signature');
  if (signatures === null) return undefined;
  return {
    id: headers.get('webhook-id') ?? '',
    timestamp: headers.get('webhook-timestamp') ?? '',
    signatures,
  };
}

/** Whether the webhook was sent about now, by its own word. */
export function isTimely(signed: SignedHeaders, now: Instant): boolean {
  if (!/^\d{1,12}$/.test(signed.timestamp)) return false;
  const sentAt = instant(Number(signed.timestamp) * 1000);
  return Math.abs(elapsed(sentAt, now)) <= TOLERANCE;
}

/** Whether one of the signatures was made over this body with `signingToken` (`whsec_<base64>`). */
export function isSigned(signed: SignedHeaders, body: Uint8Array, signingToken: string): boolean {
  const key = Buffer.from(signingToken.replace(/^whsec_/, ''), 'base64');
  if (signed.id === '' || key.length < SHORTEST_KEY) return false;
  const wanted = createHmac('sha256', key)
    .update(`${signed.id}.${signed.timestamp}.`)
    .update(body)
    .digest('base64');
  return signed.signatures.split(' ').some((signature) => sameSecret(signature, `v1,${wanted}`));
}

/** Compares in a time that tells nothing about either, not even a length. */
export function sameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(sha256(given), sha256(wanted));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
