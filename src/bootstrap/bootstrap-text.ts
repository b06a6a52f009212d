import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The same distance from `src/bootstrap` and from `dist/bootstrap`. */
const FILE = new URL('../../agent/bootstrap', import.meta.url);

/** Reads the bootstrap from the package. Throws when the package is damaged. */
export async function readBootstrap(): Promise<string> {
  const path = fileURLToPath(FILE);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`reading the bootstrap ${path}: ${why}; install the package runtide again`, {
      cause: error,
    });
  }
}
