import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { instant, minutes, seconds } from '../../src/engine/time.ts';
import { STANDARD } from '../../src/simulator/conditions.ts';
import { type Trial, tryOut } from '../../src/simulator/trial.ts';
import { inBrowser, installedBrowser } from '../support/browser.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY = `export { tryOut } from './src/simulator/trial.ts';`;

/** The simulator as one script for browsers, and the files that it was made of. */
async function bundle(): Promise<{ readonly script: string; readonly files: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'simulator',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const files = Object.entries(metafile.inputs).flatMap(([file, { imports }]) => [
    ...(file === '<stdin>' ? [] : [file]),
    ...imports.flatMap(({ path, external }) => (external === true ? [path] : [])),
  ]);
  return { script: outputFiles[0]?.text ?? '', files };
}

/** A morning with three pipelines of two stages, on a fleet that is a little too small. */
const TRIAL: Trial = {
  contender: { kind: 'known', name: 'runtide-1' },
  conditions: { ...STANDARD, seed: 7 },
  workload: {
    name: 'a morning',
    start: instant(Date.UTC(2026, 0, 5, 8)),
    length: minutes(120),
    pipelines: [0, 10, 11].map((at) => ({
      at: minutes(at),
      project: 'acme/web',
      stages: ['build', 'test'],
      jobs: [
        { name: 'compile', stage: 'build', tags: [], duration: seconds(200 + at) },
        { name: 'unit', stage: 'test', tags: [], duration: seconds(100) },
        { name: 'lint', stage: 'test', tags: [], duration: seconds(30) },
      ],
    })),
  },
};

const browsers = [installedBrowser()].flatMap((path) => path ?? []);

describe('the simulator in a browser', () => {
  it('is made of its own layers alone, without Node and without packages', async () => {
    const { files } = await bundle();
    const own = /^src\/(simulator|adapters\/memory|controller|engine)\//;
    expect(files.filter((file) => !own.test(file))).toEqual([]);
    expect(files).toContain('src/simulator/simulate.ts');
  });

  it.for(browsers)('gives the same bytes in %s as here', { timeout: 120_000 }, async (browser) => {
    const { script } = await bundle();
    const here = JSON.stringify(await tryOut(TRIAL, () => undefined));
    const expression = `JSON.stringify(await simulator.tryOut(${JSON.stringify(TRIAL)}, () => {}))`;
    const there = await inBrowser(browser, script, expression, 60_000);
    expect(there).toBe(here);
    expect(JSON.parse(here)).toMatchObject({ summary: { jobs: 9, unfinished: 0 } });
  });
});
