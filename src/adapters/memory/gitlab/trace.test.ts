import { describe, expect, it } from 'vitest';
import { Trace } from './trace.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a trace', () => {
  it('grows only at its end', () => {
    const trace = new Trace();
    expect(trace.append(0, bytes('one '))).toEqual({ accepted: true, size: 4 });
    expect(trace.append(2, bytes('two'))).toEqual({ accepted: false, size: 4 });
    expect(trace.append(5, bytes('two'))).toEqual({ accepted: false, size: 4 });
    expect(trace.append(4, bytes('two'))).toEqual({ accepted: true, size: 7 });
    expect(trace.text()).toBe('one two');
  });

  it('puts characters together that were cut between two parts', () => {
    const trace = new Trace();
    const [first, ...rest] = bytes('é');
    trace.append(0, Uint8Array.of(first ?? 0));
    trace.append(1, Uint8Array.from(rest));
    expect(trace.text()).toBe('é');
  });
});
