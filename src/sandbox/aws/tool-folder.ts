import { mkdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findExecutable } from './executables.ts';

export interface ToolOptions {
  /** The folder to fill; made where it is missing. */
  readonly folder: string;
  /** Where else machines look for programs, in the form of the variable PATH. */
  readonly path: string;
  /** A real gitlab-runner; default: the one on `path`, or else the built-in runner. */
  readonly gitlabRunner?: string | undefined;
}

/** Puts the programs into a folder that a machine image would hold and that this machine may not. */
export async function makeTools({ folder, path, gitlabRunner }: ToolOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tools = new Map([
    [
      'aws',
      `${nodeScript('./tools/aws')} "\${AWS_ENDPOINT_URL_SSM:-}" "\${AWS_ACCESS_KEY_ID:-}" "\${RUNTIDE_IMDS:-}" "$@"`,
    ],
    ['poweroff', `${nodeScript('./tools/poweroff')} "\${RUNTIDE_IMDS:-}"`],
  ]);
  const realRunner = gitlabRunner ?? findExecutable('gitlab-runner', path);
  tools.set(
    'gitlab-runner',
    `${realRunner === undefined ? nodeScript('../runner/main') : quote(realRunner)} "$@"`,
  );
  if (findExecutable('curl', path) === undefined) tools.set('curl', `${nodeScript('./tools/curl')} "$@"`);
  for (const [name, command] of tools) {
    await writeFile(join(folder, name), `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
  }
}

/** The command that runs one of our own scripts: sources in a checkout, plain JavaScript in the package. */
function nodeScript(relative: string): string {
  const file = fileURLToPath(new URL(relative + extname(import.meta.url), import.meta.url));
  return `${quote(process.execPath)} ${quote(file)}`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
