import { parseArgs } from 'node:util';
import { log } from './log.ts';
import { RunnerProcess, unregisterAll } from './process.ts';
import { VERSION } from './runner-info.ts';

const USAGE = `usage: gitlab-runner run --config FILE --working-directory FOLDER
       gitlab-runner unregister --config FILE --all-runners
       gitlab-runner --version
`;

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  'working-directory': { type: 'string', short: 'd' },
  'all-runners': { type: 'boolean' },
  version: { type: 'boolean', short: 'v' },
} as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.version === true) {
    process.stdout.write(`Version:      ${VERSION}\nBuilt-in runner of Runtide's sandbox\n`);
    return 0;
  }
  const { config } = values;
  if (positionals[0] === 'run' && config !== undefined) {
    return run(config, values['working-directory'] ?? process.cwd());
  }
  if (positionals[0] === 'unregister' && config !== undefined && values['all-runners'] === true) {
    await unregisterAll(config);
    return 0;
  }
  process.stderr.write(USAGE);
  return 2;
}

async function run(configFile: string, workFolder: string): Promise<number> {
  const runner = new RunnerProcess({ configFile, workFolder, environment: process.env });
  process.on('SIGQUIT', () => runner.drain());
  let isInterrupted = false;
  const interrupt = (): void => {
    if (isInterrupted) process.exit(1);
    isInterrupted = true;
    runner.interrupt();
    setTimeout(() => process.exit(1), runner.shutdownTimeout).unref();
  };
  process.on('SIGTERM', interrupt);
  process.on('SIGINT', interrupt);
  await runner.run();
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  log('ERROR', `FATAL: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
