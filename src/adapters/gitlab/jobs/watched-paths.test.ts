import { describe, expect, it } from 'vitest';
import { watchesPlace } from './watched-paths.ts';

describe('a webhook’s project', () => {
  const watches = watchesPlace(
    { projects: ['acme/Web', '7'], groups: ['Big/tools', '12'] },
    (id) => id === 99,
  );

  it.each([
    [{ id: 1, path: 'ACME/web' }, true],
    [{ id: 7, path: 'other/name' }, true],
    [{ id: 7 }, true],
    [{ id: 2, path: 'big/Tools/deep/down' }, true],
    [{ id: 2, path: 'big/tools-and-more/web' }, false],
    [{ id: 2, path: 'big/tools' }, false],
    [{ id: 99, path: 'of/a-group-by-its-id' }, true],
    [{ id: 3, path: 'acme/website' }, false],
    [{ id: 3 }, false],
  ])('%j is watched: %s', (project, expected) => {
    expect(watches(project)).toBe(expected);
  });
});
