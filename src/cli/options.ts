import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';

/** What every command that reads the configuration takes. */
export interface ConfigOptions {
  readonly config: string;
  readonly json?: true;
}

/** A command with the options that all of them share. */
export function configCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration file', 'runtide.yaml')
    .option('--json', 'print JSON instead of text');
}

/** Says something beside the answer, where it does not spoil it. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A number of things in words: "1 project", "2 projects". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** For a commander option that takes a whole number. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d{1,10}$/.test(text) && count >= from && count <= to) return count;
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
  };
}
