import process from 'node:process';
import { runProgram } from './program.ts';

const status = await runProgram(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
if (status !== 0) process.exitCode = status;
