import { describe, expect, it } from 'vitest';

import { PortError } from '../../controller/errors.ts';
import { asStoreError } from './errors.ts';

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('as SQLite says'), { code: 'ERR_SQLITE_ERROR', errcode });
}

function systemError(code: string): Error {
  return Object.assign(new Error('as the system says'), { code });
}

describe('a failure of the state file', () => {
  it.each([
    ['locked', sqliteError(5), 'unavailable'],
    ['locked, in its extended code', sqliteError(5 | (2 << 8)), 'unavailable'],
    ['not writable', sqliteError(8), 'refused'],
    ['a failing disk', sqliteError(10 | (3 << 8)), 'unavailable'],
    ['damaged', sqliteError(11), 'invalid-answer'],
    ['a full disk', sqliteError(13), 'unavailable'],
    ['not to be opened', sqliteError(14), 'unauthorized'],
    ['a code nobody knows', sqliteError(99), 'unavailable'],
    ['not permitted', systemError('EACCES'), 'unauthorized'],
    ['a read-only disk', systemError('EROFS'), 'refused'],
    ['a full disk, as the system says', systemError('ENOSPC'), 'unavailable'],
    ['no error at all', 'a word', 'unavailable'],
  ])('is told by its kind: %s', (_, error, kind) => {
    const failure = asStoreError(error, 'saving the history');
    expect(failure).toMatchObject({ details: { kind, system: 'store', doing: 'saving the history' } });
    expect(failure.cause).toBe(error);
  });

  it('stays what it is when it is one already', () => {
    const fenced = new PortError({ kind: 'fenced', system: 'store', doing: 'saving', why: 'outdated' });
    expect(asStoreError(fenced, 'anything')).toBe(fenced);
  });
});
