import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/mistakes.ts';
import { packageVersion } from '../version.ts';
import { checkCommand } from './commands/check.ts';
import { cleanCommand } from './commands/clean.ts';
import { cycleCommand } from './commands/cycle.ts';
import { drainCommand } from './commands/drain.ts';
import { historyCommand } from './commands/history.ts';
import { hooksCommand } from './commands/hooks.ts';
import { iamCommand } from './commands/iam.ts';
import { imageCommand } from './commands/image.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { planCommand } from './commands/plan.ts';
import { pricesCommand } from './commands/prices.ts';
import { runnersCommand } from './commands/runners.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { simulateCommand } from './commands/simulate.ts';
import { statusCommand } from './commands/status.ts';
import { upCommand } from './commands/up.ts';

const FAILED = 1;
const MISUSED = 2;

/** Where help, misuse and failures are written; what a command answers goes to standard output. */
export interface ProgramOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A command that is added does not take over by itself how errors end the process; nor do those below it. */
function adopt(command: Command, above: Command, path = `runtide ${command.name()}`): void {
  command.copyInheritedSettings(above);
  const lists = command.commands.length > 0 ? 'commands' : 'options';
  command.showHelpAfterError(`(${path} --help lists its ${lists})`);
  for (const below of command.commands) adopt(below, command, `${path} ${below.name()}`);
}

function program({ out, err }: ProgramOutput): Command {
  const all = new Command('runtide')
    .description('Autoscaler for GitLab CI runners on AWS EC2')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err })
    .showHelpAfterError('(runtide --help lists the commands)');
  for (const command of [
    upCommand(),
    sandboxCommand(),
    checkCommand(),
    planCommand(),
    simulateCommand(),
    statusCommand(),
    cycleCommand(),
    drainCommand(),
    pauseCommand(),
    resumeCommand(),
    hooksCommand(),
    historyCommand(),
    iamCommand(),
    runnersCommand(),
    pricesCommand(),
    imageCommand(),
    cleanCommand(),
  ]) {
    adopt(command, all);
    all.addCommand(command);
  }
  return all;
}

/**
 * Runs the command line and answers with the exit status of what it could not do: 2 for a misuse or a
 * configuration that cannot be used, 1 for any other failure. Where it answers 0, the command itself may
 * have set another one.
 */
export async function runProgram(args: readonly string[], output: ProgramOutput): Promise<number> {
  try {
    await program(output).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    output.err(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ConfigError ? MISUSED : FAILED;
  }
}
