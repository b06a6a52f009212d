import process from 'node:process';
import { Command } from 'commander';
import { listenForShutdown } from '../../runtimes/daemon/shutdown.ts';
import { complain, wholeNumber } from '../options.ts';
import type { Summary } from '../../sandbox/summary.ts';

interface SandboxCommandOptions {
  readonly jobs?: number;
  readonly exitWhenDone?: true;
  readonly dropWebhooks?: true;
  readonly killDaemon?: true;
  readonly seed: number;
  readonly json?: true;
}

/** Without a number of jobs, a run that ends when done has this many. */
const DEFAULT_JOBS = 24;
const MOST_JOBS = 10_000;

function inWords({ jobs, instances, wait, webhooks, passes }: Summary): string {
  return [
    `${jobs.submitted} jobs: ${jobs.succeeded} succeeded, ${jobs.failed} failed`,
    `waits ${wait.p50} s (median), ${wait.p95} s (95th percentile)`,
    `${instances.launched} instances launched; ${webhooks.delivered} webhooks delivered; ${passes} passes`,
  ].join('; ');
}

/** `runtide sandbox`: the product on this machine, against a GitLab and an EC2 of its own. */
export function sandboxCommand(): Command {
  return new Command('sandbox')
    .description('Run everything on this machine: a GitLab, an EC2, the daemon, and real shell jobs')
    .option(
      '--jobs <count>',
      'submit this many jobs at the start instead of a workload that goes on',
      wholeNumber(1, MOST_JOBS),
    )
    .option('--exit-when-done', 'end when all jobs are done and the fleet is back at zero')
    .option('--drop-webhooks', 'let GitLab lose every webhook, so that polling alone carries it')
    .option('--kill-daemon', 'kill the daemon three times on the way')
    .option('--seed <number>', 'makes the ids and the workload differ', wholeNumber(0, 2 ** 31), 1)
    .option('--json', 'print one JSON line at the end and nothing else on standard output')
    .action(async (options: SandboxCommandOptions) => {
      const say = (line: string): void => void (options.json === true || process.stdout.write(`${line}\n`));
      const { signal } = listenForShutdown(say);
      const jobs =
        options.jobs ??
        (options.exitWhenDone === true || options.killDaemon === true ? DEFAULT_JOBS : undefined);
      // The doubles are half of the program, and no other command needs them.
      const { runSandbox } = await import('../../sandbox/run.ts');
      const { ok, summary } = await runSandbox({
        ...(jobs !== undefined && { jobs }),
        exitWhenDone: options.exitWhenDone === true,
        dropWebhooks: options.dropWebhooks === true,
        killDaemon: options.killDaemon === true,
        seed: options.seed,
        signal,
        say,
        complain,
      });
      process.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : `${inWords(summary)}\n`);
      if (!ok && !signal.aborted) process.exitCode = 1;
    });
}
