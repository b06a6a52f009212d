import { describe, expect, it } from 'vitest';
import { progressBar } from './progress-bar.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, write: (text: string) => written.push(text) };
}

describe('the progress bar', () => {
  it('shows how much is done, and clears its line in the end', () => {
    const output = terminal(true);
    {
      using bar = progressBar(output, () => 0);
      bar.show(0.5, '2 of 4');
    }
    expect(output.written).toEqual([
      `\r\u001B[2K[${'#'.repeat(15)}${'-'.repeat(15)}] 50 %  2 of 4`,
      '\r\u001B[2K',
    ]);
  });

  it('is silent where nobody looks', () => {
    const output = terminal(false);
    {
      using bar = progressBar(output, () => 0);
      bar.show(0.5, '2 of 4');
    }
    expect(output.written).toEqual([]);
  });

  it('is not drawn more often than can be seen', () => {
    const output = terminal(true);
    let now = 0;
    using bar = progressBar(output, () => now);
    for (now = 0; now < 1000; now += 10) bar.show(now / 1000, '');
    expect(output.written).toHaveLength(10);
  });
});
