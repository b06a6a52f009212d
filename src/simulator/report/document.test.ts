import { describe, expect, it } from 'vitest';
import { comparedOf, comparisonOf } from '../../../test/support/comparisons.ts';
import { jobOf } from '../../../test/support/simulated-runs.ts';
import { reportDocument } from './document.ts';

/** The text of a document without its markup. */
function textOf(html: string): string {
  return html.replaceAll(/<style>.*?<\/style>|<[^>]+>/gs, ' ').replaceAll(/\s+/g, ' ');
}

describe('the report', () => {
  it('says what every policy cost, and how long jobs waited', () => {
    const text = textOf(reportDocument(comparisonOf()));
    expect(text).toContain('yours about yours 1.50 $0.05 0.5 s 0 s 1.0 s 1.0 s 100 %');
    expect(text).toContain('theirs about theirs 1.10 $0.04 60.0 s 30.0 s 90.0 s 90.0 s 0 %');
  });

  it('has a picture of cost against mean and p95, and three over time for each policy', () => {
    const html = reportDocument(comparisonOf());
    const said = [...html.matchAll(/aria-label="([^"]+)"/g)].map(([, label]) => label);
    expect(said).toEqual([
      'Mean wait against cost: yours 1.50 and 0.5 s; theirs 1.10 and 60.0 s',
      'Wait that 95 % of jobs stay within against cost: yours 1.50 and 1.0 s; theirs 1.10 and 90.0 s',
      'Machines of yours over time, paid for and busy; at most 1',
      'Seconds of waiting that 95 % of the jobs of yours did not exceed, by the hour, 1.0 s over all',
      'Machines of theirs over time, paid for and busy; at most 1',
      'Seconds of waiting that 95 % of the jobs of theirs did not exceed, by the hour, 90.0 s over all',
      'Dollars since the start: yours $0.05, theirs $0.04',
    ]);
  });

  it('marks the best figure of each column where figures differ', () => {
    const best = [...reportDocument(comparisonOf()).matchAll(/class="best">([^<]+)</g)].map(
      ([, figure]) => figure,
    );
    expect(best).toEqual(['0.5 s', '0 s', '1.0 s', '1.0 s', '100 %', '1.10']);
  });

  it('names the bound where there is one', () => {
    const bound = { name: 'clairvoyant', cost: 1.0567 };
    expect(textOf(reportDocument(comparisonOf({ bound })))).toContain('clairvoyant 1.057');
    expect(textOf(reportDocument(comparisonOf()))).not.toContain('clairvoyant');
  });

  it('says what its figures leave out', () => {
    const compared = [
      comparedOf('lame', { jobs: [jobOf(0, 0, 60)], unfinished: 1200, cutOff: 1 }),
      comparedOf('dead', { unfinished: 3 }),
    ];
    const text = textOf(reportDocument(comparisonOf({ compared })));
    expect(text).toContain('1,200 jobs never ran, and are in no figure; 1 job cut off with their machine');
    expect(text).toContain('dead about dead; it ran no job – – –');
  });

  it('loads nothing, runs nothing, and takes names for text', () => {
    const compared = [comparedOf('<script>alert(1)</script>', { jobs: [jobOf(0, 0, 60)] })];
    const html = reportDocument(comparisonOf({ compared, workload: 'a & b' }));
    expect(html).not.toMatch(/<script|<link|<img|<iframe|src=|href=|url\(|@import|https?:/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('“a &amp; b”');
  });

  it('is the same for the same comparison, to the byte', () => {
    expect(reportDocument(comparisonOf())).toBe(reportDocument(comparisonOf()));
  });

  it('names the days under pictures of a week', () => {
    const text = textOf(reportDocument(comparisonOf()));
    expect(text).toContain('from Mon 5 Jan; times are UTC');
  });
});
