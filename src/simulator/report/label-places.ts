/** A rectangle that is taken by a mark or a label. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A point that wants its name beside it. */
export interface Named {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Where a name stands: the start or the end of its baseline. */
export interface LabelPlace extends Named {
  readonly anchor: 'start' | 'end' | 'middle';
}

/** About how wide a letter of the labels' size is, and how high. */
const LETTER = 6.4;
const HEIGHT = 13;
const GAP = 10;

/**
 * A place for the name of each point: right of it, left, below or above, the first that no mark and no earlier name
 * takes. A name without room is left out; its mark is in the legend.
 */
export function labelPlaces(points: readonly Named[], within: Box): readonly LabelPlace[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 7, right: x + 7, top: y - 7, bottom: y + 7 }));
  const places: LabelPlace[] = [];
  for (const point of points) {
    const free = candidates(point).find(({ box }) => isInside(box, within) && !taken.some(overlaps(box)));
    if (free === undefined) continue;
    taken.push(free.box);
    places.push(free.place);
  }
  return places;
}

function candidates({ name, x, y }: Named): readonly { place: LabelPlace; box: Box }[] {
  const width = name.length * LETTER;
  const at = (dx: number, dy: number, anchor: LabelPlace['anchor']) => {
    const left = x + dx - { start: 0, middle: width / 2, end: width }[anchor];
    const baseline = y + dy;
    return {
      place: { name, x: x + dx, y: baseline, anchor },
      box: { left, right: left + width, top: baseline - HEIGHT + 3, bottom: baseline + 3 },
    };
  };
  return [
    at(GAP, 4, 'start'),
    at(-GAP, 4, 'end'),
    at(0, -GAP - 2, 'middle'),
    at(0, GAP + HEIGHT - 2, 'middle'),
    at(GAP, -8, 'start'),
    at(GAP, 16, 'start'),
    at(-GAP, -8, 'end'),
    at(-GAP, 16, 'end'),
  ];
}

function isInside(box: Box, within: Box): boolean {
  return (
    box.left >= within.left &&
    box.right <= within.right &&
    box.top >= within.top &&
    box.bottom <= within.bottom
  );
}

function overlaps(one: Box): (other: Box) => boolean {
  return (other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
