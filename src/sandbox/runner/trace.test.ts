import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Trace } from './trace.ts';

function text(trace: Trace): string {
  return trace.slice(0, trace.size).toString();
}

describe('trace', () => {
  it('keeps what is written, secrets masked', () => {
    const trace = new Trace(['hunter2'], 1000);
    trace.write('before hunter');
    trace.write(Buffer.from('2 äfter'));
    trace.end();
    expect(text(trace)).toBe('before [MASKED] äfter');
  });

  it('sums up the bytes that it has', () => {
    const trace = new Trace([], 1_000_000);
    for (let line = 0; line < 5000; line += 1) trace.write(`line ${String(line)}\n`);
    const sum = crc32(trace.slice(0, trace.size)).toString(16).padStart(8, '0');
    expect(trace.checksum()).toBe(`crc32:${sum}`);
    expect(text(trace).split('\n')).toHaveLength(5001);
  });

  it('gives pieces', () => {
    const trace = new Trace([], 1000);
    trace.write('0123456789');
    expect(trace.slice(3, 4).toString()).toBe('3456');
    expect(trace.slice(8, 100).toString()).toBe('89');
    expect(trace.slice(10, 100)).toHaveLength(0);
  });

  it('ends at its limit and says so', () => {
    const trace = new Trace([], 10);
    trace.write('0123456');
    trace.write('789abc');
    trace.write('lost');
    expect(text(trace)).toBe("0123456789\nJob's log exceeded limit of 10 bytes.\n");
  });
});
