import { describe, expect, it } from 'vitest';
import { seconds } from '../engine/time.ts';
import { costOf } from './jobs-found.ts';

const POLL = seconds(15);

describe('what reading jobs costs', () => {
  it('fits', () => {
    const source = { source: 'REST by project', projects: 12, requests: 12, spare: 240, perMinute: 300 };
    expect(costOf(source, POLL)).toBe('12 requests a sweep, 48 a minute of 300 allowed');
  });

  it('does not fit, and says what to do', () => {
    const source = { source: 'REST by project', projects: 2000, requests: 2000, spare: 240, perMinute: 300 };
    const cost = costOf(source, POLL);
    expect(cost).toMatch(
      /^2000 requests for all 2000 projects, which would be 8000 a minute: of 300 allowed/,
    );
    expect(cost).toContain('sweeps take 240, so each project is read every 8.4 min');
    expect(cost).toMatch(
      /webhooks .*administrator's token, watch fewer projects, or raise `gitlab\.requests/,
    );
  });
});
