import { describe, expect, it } from 'vitest';
import { environment } from './environment.ts';

describe('environment', () => {
  it('knows what this process was given', () => {
    expect(environment()['PATH']).toBeTruthy();
  });

  it('is a copy', () => {
    const copy = environment();
    copy['RUNTIDE_ONLY_IN_THE_COPY'] = 'x';
    expect(environment()['RUNTIDE_ONLY_IN_THE_COPY']).toBeUndefined();
  });
});
