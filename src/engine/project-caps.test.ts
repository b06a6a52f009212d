import { expect, it } from 'vitest';
import { capOf } from './project-caps.ts';

it.each([
  ['a project that is named', { others: 20, of: { 7: 3 } }, 7, 3],
  ['a project that may not count at all', { others: 20, of: { 7: 0 } }, 7, 0],
  ['any other project', { others: 20, of: { 7: 3 } }, 8, 20],
  ['any other where only some are named', { of: { 7: 3 } }, 8, Infinity],
  ['everybody where there are no caps', undefined, 7, Infinity],
])('%s', (_name, caps, project, expected) => {
  expect(capOf(caps, project)).toBe(expected);
});
