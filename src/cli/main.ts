import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/mistakes.ts';
import { packageVersion } from '../version.ts';
import { checkCommand } from './commands/check.ts';
import { planCommand } from './commands/plan.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { statusCommand } from './commands/status.ts';
import { upCommand } from './commands/up.ts';

const FAILED = 1;
const MISUSED = 2;

function program(): Command {
  return new Command('runtide')
    .description('Autoscaler for GitLab CI runners on AWS EC2')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(runtide --help lists the commands)')
    .addCommand(upCommand())
    .addCommand(sandboxCommand())
    .addCommand(checkCommand())
    .addCommand(planCommand())
    .addCommand(statusCommand());
}

/** What went wrong, in its own words. */
function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : MISUSED;
  } else {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = error instanceof ConfigError ? MISUSED : FAILED;
  }
}
