// Runs before `npm start` and `npm test`, on whatever Node the machine has, so that both work on a
// fresh clone by themselves: installs exactly what the lockfile says when that has not happened yet.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import process from 'node:process';

const installed = 'node_modules/.package-lock.json';
const modified = (path) => statSync(path).mtimeMs;

if (!existsSync(installed) || modified(installed) < modified('package-lock.json')) {
  process.stderr.write('installing dependencies (npm ci), once\n');
  execFileSync('npm', ['ci', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}
