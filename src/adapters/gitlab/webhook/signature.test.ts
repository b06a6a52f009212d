import { describe, expect, it } from 'vitest';
import { instant, minutes } from '../../../engine/time.ts';
import { isSigned, isTimely, sameSecret, signedHeaders } from './signature.ts';

// The example that the Standard Webhooks documentation works through.
const TOKEN = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = new TextEncoder().encode('{"test": 2432232314}');
const HEADERS = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  signatures: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

describe('a signature', () => {
  it('is right over id, time and body', () => {
    expect(isSigned(HEADERS, BODY, TOKEN)).toBe(true);
    expect(isSigned(HEADERS, BODY, TOKEN.replace('whsec_', ''))).toBe(true);
  });

  it.each([
    ['another id', { ...HEADERS, id: 'msg_other' }],
    ['another time', { ...HEADERS, timestamp: '1614265331' }],
    ['half a signature', { ...HEADERS, signatures: HEADERS.signatures.slice(0, 20) }],
    ['another version', { ...HEADERS, signatures: HEADERS.signatures.replace('v1,', 'v1a,') }],
  ])('is wrong with %s', (_name, headers) => {
    expect(isSigned(headers, BODY, TOKEN)).toBe(false);
  });

  it.each(['whsec_', 'whsec_c2hvcnQ=', 'whsec_!!!', ''])('is never right by the key %j', (token) => {
    expect(isSigned(HEADERS, BODY, token)).toBe(false);
  });

  it('is read from the headers, if there is one', () => {
    expect(signedHeaders(new Headers({ 'webhook-id': 'x' }))).toBeUndefined();
    expect(signedHeaders(new Headers({ 'webhook-signature': 'v1,x' }))).toEqual({
      id: '',
      timestamp: '',
      signatures: 'v1,x',
    });
  });
});

describe('the time of a webhook', () => {
  const sentAt = instant(1_614_265_330_000);

  it.each([
    [0, true],
    [minutes(5), true],
    [minutes(5) + 1, false],
    [minutes(-5), true],
    [minutes(-5) - 1, false],
  ])('%s ms ago is near enough: %s', (ago, timely) => {
    expect(isTimely(HEADERS, instant(sentAt + ago))).toBe(timely);
  });

  it.each(['', '-1614265330', '1614265330.5', '0x60', '16142653300000000', 'NaN'])(
    '%j is none',
    (timestamp) => {
      expect(isTimely({ ...HEADERS, timestamp }, sentAt)).toBe(false);
    },
  );
});

describe('secrets', () => {
  it('are the same only letter by letter', () => {
    expect(sameSecret('secret', 'secret')).toBe(true);
    expect(['', 'secre', 'secret ', 'Secret'].map((given) => sameSecret(given, 'secret'))).not.toContain(
      true,
    );
  });
});
