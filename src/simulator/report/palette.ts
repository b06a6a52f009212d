/** How many colours there are; the shape of marks tells those apart that share one. */
const COLOURS = 8;
const SHAPES = ['circle', 'square', 'diamond', 'triangle'] as const;

/** The class of the n-th policy, whose colour `--c` is set by the sheet below. */
export function colourClass(index: number): string {
  return `c${index % COLOURS}`;
}

/** The shape of the n-th policy's marks. */
export function shapeOf(index: number): (typeof SHAPES)[number] {
  return SHAPES[(index + Math.floor(index / COLOURS)) % SHAPES.length] ?? 'circle';
}

const LIGHT = ['#2563eb', '#c2620a', '#15803d', '#9333ea', '#be123c', '#0e7490', '#a16207', '#475569'];
const DARK = ['#6ea8fe', '#fbad4b', '#4ade80', '#c99bff', '#fb7185', '#42d3ee', '#facc15', '#a3b1c2'];

function rules(colours: readonly string[]): string {
  return colours.map((colour, index) => `.c${index}{--c:${colour}}`).join('');
}

/** The colours, for light and for dark. */
export const COLOUR_SHEET = `${rules(LIGHT)}@media (prefers-color-scheme:dark){${rules(DARK)}}`;
