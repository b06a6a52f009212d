import { describe, expect, it } from 'vitest';
import { readPriceFile } from './price-file.ts';

const DOCUMENT = {
  region: 'eu-central-1',
  readAt: '2026-01-05T08:00:00.000Z',
  currency: 'USD',
  onDemand: { 'm7i.large': 0.1207 },
  spot: { 'm7i.large': { 'eu-central-1a': 0.05 } },
};

describe('readPriceFile', () => {
  it('reads what was written', () => {
    expect(readPriceFile(JSON.stringify(DOCUMENT))).toEqual({ value: DOCUMENT });
  });

  it.each([
    ['prices', 'it is no JSON'],
    ['[]', 'reading a price file: it is no map'],
    [JSON.stringify({ ...DOCUMENT, currency: 'EUR' }), 'its currency is not USD'],
  ])('says what is wrong with %s', (content, why) => {
    expect(readPriceFile(content)).toEqual({ why: expect.stringContaining(why) });
  });
});
