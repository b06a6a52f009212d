import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock.ts';
import { Ssm } from './ssm.ts';

function refusal(code: string): object {
  return expect.objectContaining({ code });
}

describe('the Parameter Store', () => {
  it('counts versions and asks before it overwrites', () => {
    const ssm = new Ssm(new VirtualClock(), 1);
    expect(ssm.putParameter({ name: '/a/b', value: '1' })).toBe(1);
    expect(() => ssm.putParameter({ name: '/a/b', value: '2' })).toThrow(/already exists/);
    expect(ssm.putParameter({ name: '/a/b', value: '2', overwrite: true })).toBe(2);
    expect(ssm.getParameter('/a/b', false)).toMatchObject({ value: '2', version: 2, type: 'String' });
    expect(ssm.names()).toEqual(['/a/b']);
  });

  it('shows a secure string only when it is decrypted', () => {
    const ssm = new Ssm(new VirtualClock(), 1);
    ssm.putParameter({ name: '/token', value: 'glrt-secret', type: 'SecureString' });
    expect(ssm.getParameter('/token', true).value).toBe('glrt-secret');
    expect(ssm.getParameter('/token', false).value).toMatch(/^AQICAH[0-9a-f]{64}$/);
  });

  it('refuses unknown names, bad names and empty or long values', () => {
    const ssm = new Ssm(new VirtualClock(), 1);
    expect(() => ssm.getParameter('/none', true)).toThrow(refusal('ParameterNotFound'));
    expect(() => ssm.putParameter({ name: 'a b', value: 'x' })).toThrow(refusal('ValidationException'));
    expect(() => ssm.putParameter({ name: 'a', value: '' })).toThrow(refusal('ValidationException'));
    expect(() => ssm.putParameter({ name: 'a', value: 'x'.repeat(4097) })).toThrow(
      refusal('ValidationException'),
    );
  });
});
