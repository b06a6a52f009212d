import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { Instant } from '../../engine/time.ts';

/** The three Standard Webhooks headers for one delivery; `signingToken` is `whsec_` and the key in base64. */
export function signatureHeaders(
  signingToken: string,
  id: string,
  at: Instant,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000));
  const key = Buffer.from(signingToken.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
