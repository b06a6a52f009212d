import process from 'node:process';
import type { TestProject } from 'vitest/node';
import { startMoto } from './moto.ts';
import { emulatorPython } from './python-environment.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Endpoint of the moto that all tests of a run share, one file after the other. */
    readonly motoUrl: string;
  }
}

/** Starts moto before the first test of a run; the answer ends it after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const moto = await startMoto(await emulatorPython((line) => process.stderr.write(`${line}\n`)));
  project.provide('motoUrl', moto.url);
  return async () => moto[Symbol.asyncDispose]();
}
