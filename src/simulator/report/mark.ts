import { coordinate, element } from './svg.ts';
import { colourClass, shapeOf } from './palette.ts';

const RADIUS = 6;

/** The mark of the n-th policy: filled for an own one, hollow for others. */
export function mark(index: number, own: boolean, x: number, y: number): string {
  const look = { class: `mark ${own ? 'own' : 'other'} ${colourClass(index)}` };
  const shape = shapeOf(index);
  if (shape === 'circle') return element('circle', { ...look, cx: x, cy: y, r: RADIUS });
  return element('path', { ...look, d: outline(shape, x, y) });
}

const OUTLINES: Readonly<Record<'square' | 'diamond' | 'triangle', readonly (readonly [number, number])[]>> =
  {
    square: [
      [-0.9, -0.9],
      [0.9, -0.9],
      [0.9, 0.9],
      [-0.9, 0.9],
    ],
    diamond: [
      [0, -1.3],
      [1.3, 0],
      [0, 1.3],
      [-1.3, 0],
    ],
    triangle: [
      [0, -1.2],
      [1.15, 0.9],
      [-1.15, 0.9],
    ],
  };

function outline(shape: keyof typeof OUTLINES, x: number, y: number): string {
  const corners = OUTLINES[shape].map(
    ([right, down]) => `${coordinate(x + right * RADIUS)} ${coordinate(y + down * RADIUS)}`,
  );
  return `M${corners.join('L')}Z`;
}
