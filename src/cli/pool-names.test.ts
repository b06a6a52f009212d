import { describe, expect, it } from 'vitest';
import { loadSample, SMALLEST } from '../../test/support/sample-config.ts';
import { poolNamed } from './pool-names.ts';

describe('the name of a pool', () => {
  it('is one that is configured', async () => {
    const other = { ...SMALLEST.pools.linux, runner: { id: 13, tokenParameter: '/other' } };
    const config = await loadSample({ 'pools.windows': other });
    expect(poolNamed(config, 'windows', 'pausing')).toBe('windows');
    expect(() => poolNamed(config, 'lnux', 'pausing')).toThrow(
      'pausing pool lnux: there is none of that name; did you mean linux?',
    );
    expect(() => poolNamed(config, 'docker', 'resuming')).toThrow(
      'resuming pool docker: there is none of that name; name one of linux, windows',
    );
  });
});
