import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Permission } from './permission.ts';
import { JOB_PERMISSIONS } from './presets.ts';
import { PERMISSIONS } from './table.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/permissions.md', import.meta.url));

type Row = Pick<Permission, 'sid' | 'actions' | 'wildcard'>;

function rowsOf({ sid, actions, wildcard }: Row): readonly string[] {
  return [
    ...Object.entries(actions).map(([action, why]) => `\`${sid}\` | \`${action}\` | ${why}`),
    ...(wildcard === undefined ? [] : [`\`${sid}\` | any resource | ${wildcard}`]),
  ];
}

/** The rows of all tables that begin with a statement, without the spaces that align them. */
function documented(): readonly string[] {
  return readFileSync(DOCUMENT, 'utf8')
    .split('\n')
    .filter((line) => /^\| `[A-Z]\w+` /.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
        .join(' | '),
    );
}

it('docs/permissions.md holds the whole table, and nothing else', () => {
  expect(documented()).toEqual([...PERMISSIONS, ...JOB_PERMISSIONS].flatMap(rowsOf));
});
