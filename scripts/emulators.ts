// Makes what `npm run test:emulators` needs, so that its minute is not taken for a hanging test.
import process from 'node:process';
import { emulatorPython } from '../test/emulators/python-environment.ts';

try {
  await emulatorPython((line) => process.stderr.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
