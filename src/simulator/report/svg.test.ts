import { describe, expect, it } from 'vitest';
import { coordinate, element, escaped } from './svg.ts';

describe('markup', () => {
  it('writes elements with attributes around what is inside', () => {
    expect(element('g', { class: 'a', x: 1.005, y: -0.001 }, element('b'), 'text')).toBe(
      '<g class="a" x="1" y="0"><b></b>text</g>',
    );
  });

  it('lets no text be markup', () => {
    expect(escaped('<b title="x">&</b>')).toBe('&lt;b title=&quot;x&quot;&gt;&amp;&lt;/b&gt;');
    expect(element('g', { title: '"><script>' })).toBe('<g title="&quot;&gt;&lt;script&gt;"></g>');
  });

  it('writes numbers to a hundredth', () => {
    expect([coordinate(12.3456), coordinate(5), coordinate(-0)]).toEqual(['12.35', '5', '0']);
  });
});
