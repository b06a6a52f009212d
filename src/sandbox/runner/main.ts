import { parseArgs } from 'node:util';
import { log } from './log.ts';
import { RunnerProcess, unregisterAll } from './process.ts';
import { VERSION } from './runner-info.ts';

const USAGE = `usage: gitlab-runner run --config FILE --working-directory FOLDER [--user USER]
       gitlab-runner run-single --config FILE --runner NAME --max-builds NUMBER [--user USER]
       gitlab-runner unregister --config FILE --all-runners
       gitlab-runner --version
`;

const HELP = `OPTIONS:
   --config FILE        its configuration
   --runner NAME        which [[runners]] of it
   --max-builds NUMBER  jobs that are run before it ends
   --user USER          whom jobs run as
`;

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  'working-directory': { type: 'string', short: 'd' },
  user: { type: 'string', short: 'u' },
  runner: { type: 'string', short: 'r' },
  'max-builds': { type: 'string' },
  'all-runners': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [command] = positionals;
  const { config, user } = values;
  if (values.version === true) return say(`Version:      ${VERSION}\nBuilt-in runner of Runtide's sandbox\n`);
  if (values.help === true) return say(HELP);
  if (config === undefined) return misused();
  if (command === 'run') {
    const runner = runnerOf(config, values['working-directory'] ?? process.cwd(), user);
    return served(runner, runner.run());
  }
  if (command === 'run-single') {
    const builds = Number(values['max-builds']);
    if (values.runner === undefined || !Number.isInteger(builds) || builds < 1) return misused();
    const runner = runnerOf(config, process.cwd(), user);
    return served(runner, runner.runCounted({ runner: values.runner, builds }));
  }
  if (command === 'unregister' && values['all-runners'] === true) {
    await unregisterAll(config);
    return 0;
  }
  return misused();
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

function misused(): number {
  process.stderr.write(USAGE);
  return 2;
}

function runnerOf(configFile: string, workFolder: string, user: string | undefined): RunnerProcess {
  return new RunnerProcess({ configFile, workFolder, environment: process.env, user });
}

/** Stops the runner when a signal says so, and answers when it is done. */
async function served(runner: RunnerProcess, done: Promise<void>): Promise<number> {
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
  await done;
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  log('ERROR', `FATAL: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
