import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/runtide-emulators', import.meta.url));
const OLDEST = [3, 10] as const;
const INSTALL_TIMEOUT = 10 * 60_000;

/** Why a program failed: its last words. */
function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? error.message : said.split('\n').slice(-5).join('\n');
}

async function doing<T>(what: string, next: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${what}: ${lastWords(error)}; ${next}`, { cause: error });
  }
}

/** The version of the machine's Python; throws when there is none, or when it is too old. */
async function pythonVersion(): Promise<string> {
  const next = `install Python ${OLDEST.join('.')} or newer, with its module venv`;
  return doing('looking for python3', next, async () => {
    const { stdout } = await run('python3', ['-c', 'import platform; print(platform.python_version())']);
    const version = stdout.trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      throw new Error(`it is ${version}`);
    }
    return version;
  });
}

async function create(folder: string, python: string): Promise<void> {
  // Made beside its place and moved there when complete: an interrupted installation is never used.
  const draft = `${folder}.${process.pid}`;
  await mkdir(CACHE, { recursive: true });
  try {
    await doing('creating a virtual environment', 'install the module venv of python3', () =>
      run('python3', ['-m', 'venv', draft]),
    );
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    await doing(
      `installing ${REQUIREMENTS} for Python ${python}`,
      'check the connection to the Python package index',
      () =>
        run(join(draft, 'bin/python'), [...pip, '--requirement', REQUIREMENTS], { timeout: INSTALL_TIMEOUT }),
    );
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * The Python that has what `requirements.txt` names, in a virtual environment that is made when there is
 * none for this content and this Python yet. `tell` hears before that: it takes a minute.
 */
export async function emulatorPython(tell: (line: string) => void): Promise<string> {
  const version = await pythonVersion();
  const key = createHash('sha256')
    .update(`${version}\n${await readFile(REQUIREMENTS, 'utf8')}`)
    .digest('hex');
  const folder = join(CACHE, key.slice(0, 16));
  if (!existsSync(folder)) {
    tell(`installing the emulators into ${folder}, once`);
    await create(folder, version);
  }
  return join(folder, 'bin/python');
}
