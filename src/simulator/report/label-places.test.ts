import { describe, expect, it } from 'vitest';
import { labelPlaces } from './label-places.ts';

const ROOM = { left: 0, top: 0, right: 400, bottom: 300 };

describe('the places of names', () => {
  it('are right of their points where there is room', () => {
    expect(labelPlaces([{ name: 'one', x: 100, y: 100 }], ROOM)).toEqual([
      { name: 'one', x: 110, y: 104, anchor: 'start' },
    ]);
  });

  it('are left of points at the right edge', () => {
    expect(labelPlaces([{ name: 'one', x: 395, y: 100 }], ROOM)).toEqual([
      { name: 'one', x: 385, y: 104, anchor: 'end' },
    ]);
  });

  it('are not where another mark is', () => {
    const [first] = labelPlaces(
      [
        { name: 'one', x: 100, y: 100 },
        { name: 'two', x: 120, y: 100 },
      ],
      ROOM,
    );
    expect(first).toMatchObject({ name: 'one', anchor: 'end' });
  });

  it('leave out the name that has no room', () => {
    const crowd = Array.from({ length: 12 }, (_, index) => ({ name: `policy-${index}`, x: 200, y: 150 }));
    const names = labelPlaces(crowd, ROOM).map(({ name }) => name);
    expect(names[0]).toBe('policy-0');
    expect(names.length).toBeLessThan(12);
  });
});
