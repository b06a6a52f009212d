import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RETRY_REASON_FROM_19_1, RETRY_SNIPPET } from './retry-snippet.ts';

const OPERATING = readFileSync(fileURLToPath(new URL('../../docs/operating.md', import.meta.url)), 'utf8');

/** What `retry:when` has taken since long before 16.0, as GitLab documents it. */
const TAKEN = [
  'always',
  'api_failure',
  'archived_failure',
  'data_integrity_failure',
  'job_execution_timeout',
  'runner_system_failure',
  'runner_unsupported',
  'scheduler_failure',
  'script_failure',
  'stale_schedule',
  'stuck_or_timeout_failure',
  'unknown_failure',
  'unmet_prerequisites',
];

describe('the snippet for jobs that spot takes', () => {
  it('is a keyword that every GitLab takes: an unknown reason makes a whole pipeline invalid', () => {
    const { retry }: { retry: { max: number; when: string[] } } = parse(RETRY_SNIPPET);
    expect(retry.max).toBe(2);
    expect(retry.when.filter((reason) => !TAKEN.includes(reason))).toEqual([]);
    expect(retry.when).not.toContain('script_failure');
  });

  it('has all words that runners have for it, as the documents say', () => {
    expect(OPERATING).toContain(RETRY_SNIPPET);
    expect(OPERATING).toContain(`\`${RETRY_REASON_FROM_19_1}\``);
  });
});
