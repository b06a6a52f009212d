import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'bin/runtide.js');
const NOT_COPIED = ['node_modules', '.git', 'dist', 'coverage'];

const manifest = z.object({
  version: z.string(),
  bin: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.string()),
});

function manifestIn(folder: string): z.output<typeof manifest> {
  return manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
}

/** The package as npm packs and installs it: `<folder>/node_modules/runtide`, its dependencies beside it. */
async function install(folder: string): Promise<string> {
  const checkout = join(folder, 'checkout');
  await cp(ROOT, checkout, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)) && !path.endsWith('.tgz'),
  });
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: checkout });
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'runtide');
  await mkdir(installed, { recursive: true });
  const tarball = `runtide-${manifestIn(ROOT).version}.tgz`;
  await run('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', installed]);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  return installed;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Runs a module in a process of its own, as plain Node would without any loader. */
async function evaluate(source: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source]);
  return stdout;
}

describe('the package', { timeout: 120_000 }, () => {
  let folder = '';
  let installed = '';
  let files: readonly string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runtide-package-'));
    installed = await install(folder);
    files = filesIn(installed);
  }, 120_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('holds everything that a running Runtide and its reader need', () => {
    const outsideDist = files.filter((file) => !file.startsWith('dist/') && !file.startsWith('docs/'));
    expect(outsideDist).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'agent/README.md',
      'agent/bootstrap',
      'agent/runtide-agent',
      'agent/runtide-agent.service',
      'agent/runtide-runner.service',
      'bin/runtide.js',
      'data/README.md',
      'data/instance-types.json',
      'examples/runtide.yaml',
      'package.json',
      'schema/runtide.schema.json',
    ]);
    expect(files.filter((file) => file.startsWith('docs/') && !/^docs\/[\w-]+\.md$/.test(file))).toEqual([]);
    expect(files).toContain('dist/cli/main.js');
  });

  it('holds no tests and no sources', () => {
    const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    const tests = files.filter((file) => /(^|\/)test[-/.]|\.(test|contract)\./.test(file));
    expect([...sources, ...tests]).toEqual([]);
  });

  it('names only files that it holds', () => {
    const { bin, exports } = manifestIn(installed);
    const named = [...Object.values(bin), ...Object.values(exports)].map((path) => join(installed, path));
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it.each(['agent/runtide-agent', 'bin/runtide.js'])('keeps %s executable', (file) => {
    expect(statSync(join(installed, file)).mode & 0o111).toBe(0o111);
  });

  it('links to no document that it does not hold', async () => {
    const missing = await Promise.all(
      files
        .filter((file) => file.endsWith('.md'))
        .map(async (file) => {
          const text = await readFile(join(installed, file), 'utf8');
          const links = [...text.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].flatMap(([, link]) => link ?? []);
          return links.filter((link) => !existsSync(join(installed, file, '..', link)));
        }),
    );
    expect(missing.flat()).toEqual([]);
  });

  it('answers with the version that everything else names', async () => {
    const { version } = manifestIn(ROOT);
    const { stdout } = await run(process.execPath, [join(installed, 'bin/runtide.js'), '--version']);
    const lock: unknown = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
    const changelog = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8');
    expect(stdout).toBe(`${version}\n`);
    expect(lock).toMatchObject({ version, packages: { '': { version } } });
    expect(changelog).toContain(`## [${version}]`);
  });

  it('finds from dist what lies beside the code', async () => {
    const dist = pathToFileURL(join(installed, 'dist/')).href;
    const tools = join(folder, 'tools');
    const answer = await evaluate(`
      const { readAgentFiles } = await import('${dist}adapters/aws/agent-files.js');
      const { makeTools } = await import('${dist}sandbox/aws/tool-folder.js');
      const { packageVersion } = await import('${dist}version.js');
      await makeTools({ folder: ${JSON.stringify(tools)}, path: '' });
      const { agent } = await readAgentFiles();
      console.log(JSON.stringify({ agent: agent.slice(0, 9), version: packageVersion() }));
    `);
    expect(JSON.parse(answer)).toEqual({ agent: '#!/bin/sh', version: manifestIn(ROOT).version });
    const programs = readdirSync(tools).map((name) => readFileSync(join(tools, name), 'utf8'));
    const scripts = programs.flatMap((text) =>
      [...text.matchAll(/'([^']+\.[jt]s)'/g)].flatMap(([, at]) => at ?? []),
    );
    expect(scripts.toSorted().map((path) => relative(installed, path))).toEqual([
      'dist/sandbox/aws/tools/aws.js',
      'dist/sandbox/aws/tools/curl.js',
      'dist/sandbox/aws/tools/poweroff.js',
      'dist/sandbox/runner/main.js',
    ]);
    expect(scripts.filter((path) => !existsSync(path))).toEqual([]);
  });
});

/** `runtide --version` in a process that takes itself for another version of Node. */
async function runUnder(version: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const pretence = `
    const versions = { ...process.versions, node: '${version}' };
    Object.defineProperty(process, 'versions', { value: versions });
    Object.defineProperty(process, 'version', { value: 'v${version}' });`;
  const preload = `data:text/javascript,${encodeURIComponent(pretence)}`;
  return run(process.execPath, ['--import', preload, BIN, '--version']).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: unknown; stdout: string; stderr: string }) => error,
  );
}

describe('the command under another Node', () => {
  it.each(['18.20.8', '20.20.2', '22.23.3', '24.11.1'])('%s is refused in one line', async (version) => {
    const { code, stdout, stderr } = await runUnder(version);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toBe(
      `runtide needs Node 24.12 or newer, and this is v${version}: install it, or run "npx runtide" in a checkout after "npm ci"\n`,
    );
  });

  it.each(['24.12.0', '24.21.0', '25.0.0'])('%s will do', async (version) => {
    const { code, stdout } = await runUnder(version);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${manifestIn(ROOT).version}\n` });
  });
});
