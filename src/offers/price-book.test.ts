import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant } from '../engine/time.ts';
import { type PriceBook, priceDocument, readPriceBook } from './price-book.ts';

const BOOK: PriceBook = {
  region: 'eu-central-1',
  readAt: instant(Date.parse('2026-11-21T06:00:00.000Z')),
  onDemand: new Map([
    ['m7i.large', 0.1208],
    ['c7i.large', 0.1],
  ]),
  spot: new Map([
    [
      'm7i.large',
      new Map([
        ['eu-central-1b', 0.05],
        ['eu-central-1a', 0.04],
      ]),
    ],
  ]),
};

const DOCUMENT = {
  region: 'eu-central-1',
  readAt: '2026-11-21T06:00:00.000Z',
  currency: 'USD',
  onDemand: { 'c7i.large': 0.1, 'm7i.large': 0.1208 },
  spot: { 'm7i.large': { 'eu-central-1a': 0.04, 'eu-central-1b': 0.05 } },
};

const positive = fc.double({ min: 0.0001, max: 1000, noNaN: true });
const names = fc.stringMatching(/^[a-z][a-z0-9]{0,4}\.[a-z]{1,5}$/);
const books: fc.Arbitrary<PriceBook> = fc.record({
  region: fc.constantFrom('eu-central-1', 'us-east-1'),
  readAt: fc.integer({ min: 0, max: 2 ** 42 }).map(instant),
  onDemand: fc.array(fc.tuple(names, positive)).map((entries) => new Map(entries)),
  spot: fc
    .array(
      fc.tuple(
        names,
        fc.array(fc.tuple(names, positive)).map((entries) => new Map(entries)),
      ),
    )
    .map((entries) => new Map(entries)),
});

describe('a price file', () => {
  it('holds a book in the order of the names', () => {
    expect(JSON.stringify(priceDocument(BOOK))).toBe(JSON.stringify(DOCUMENT));
  });

  it('gives back any book that was written', () => {
    fc.assert(
      fc.property(books, (book) => {
        const text = JSON.stringify(priceDocument(book));
        expect(readPriceBook(JSON.parse(text))).toEqual(book);
      }),
    );
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'it is no map'],
    ['a list', [], 'it is no map'],
    ['no region', { ...DOCUMENT, region: '' }, 'its region is missing'],
    ['no time', { ...DOCUMENT, readAt: 'yesterday' }, 'readAt is no time'],
    ['a time that is a number', { ...DOCUMENT, readAt: 5 }, 'readAt is no time'],
    ['another currency', { ...DOCUMENT, currency: 'CNY' }, 'its currency is not USD'],
    ['no prices', { ...DOCUMENT, onDemand: undefined }, 'onDemand is no map'],
    ['a text for a price', { ...DOCUMENT, onDemand: { a: '1' } }, 'onDemand of a is no price'],
    ['a price of nothing', { ...DOCUMENT, onDemand: { a: 0 } }, 'onDemand of a is no price'],
    ['a spot price without zones', { ...DOCUMENT, spot: { a: 1 } }, 'spot of a is no map'],
    ['a negative spot price', { ...DOCUMENT, spot: { a: { b: -1 } } }, 'spot of a of b is no price'],
  ])('with %s is refused', (_what, document, why) => {
    expect(() => readPriceBook(document)).toThrow(
      `reading a price file: ${why}; make it anew with "runtide prices refresh"`,
    );
  });
});
