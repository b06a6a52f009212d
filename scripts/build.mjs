// Makes dist/ from src/: plain JavaScript and declarations, without tests. Runs before `npm pack` too.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const compiler = join(root, 'node_modules/typescript/bin/tsc');

/** The compiler rewrites imports, but no other text that names a source file: such a path is dead in dist. */
function refuseDeadPaths() {
  const emitted = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const dead = emitted.filter(
    (name) => name.endsWith('.js') && /new URL\([^)]*\.ts['"`]/.test(readFileSync(join(dist, name), 'utf8')),
  );
  if (dead.length === 0) return;
  const files = dead.map((name) => `dist/${name}`).join(', ');
  throw new Error(`building dist: ${files} names a .ts file; take the ending from import.meta.url instead`);
}

rmSync(dist, { recursive: true, force: true });
// What the compiler prints goes to standard error: `npm pack --json` owns standard output.
execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
  stdio: ['ignore', 2, 2],
});
refuseDeadPaths();
