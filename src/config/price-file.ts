import { type PriceDocument, priceDocument, readPriceBook } from '../offers/price-book.ts';

/** The prices in a file that `runtide prices refresh` wrote; or why it is none. */
export function readPriceFile(content: string): { readonly value: PriceDocument } | { readonly why: string } {
  try {
    const document: unknown = JSON.parse(content);
    return { value: priceDocument(readPriceBook(document)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { why: 'it is no JSON' };
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
