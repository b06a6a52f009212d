import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LONG_POLLS, type StartDelay, STANDARD, START_DELAYS } from '../../simulator/conditions.ts';
import { reportDocument } from '../../simulator/report/document.ts';
import type { Comparison } from '../../simulator/comparison.ts';
import { complain, wholeNumber } from '../options.ts';
import { compare } from '../simulation/comparing.ts';
import { against, ownContenders, type PolicyFile, policyFile } from '../simulation/contenders.ts';
import { figuresDocument } from '../simulation/figures-document.ts';
import { figuresText } from '../simulation/figures-text.ts';
import { conditionsFor, conditionsLike } from '../simulation/own-conditions.ts';
import { chosenWorkload, workloadName } from '../simulation/workload-choice.ts';

interface SimulateOptions {
  readonly config?: string;
  readonly policy?: readonly PolicyFile[];
  readonly against: readonly string[];
  readonly workload: string;
  readonly history?: string;
  readonly seed: number;
  readonly startDelay: StartDelay;
  readonly json?: true;
  readonly html?: string;
}

const DELAYS: Readonly<Record<string, StartDelay>> = {
  ...START_DELAYS,
  25: START_DELAYS.fast,
  45: START_DELAYS.standard,
  90: START_DELAYS.slow,
};

function startDelay(text: string): StartDelay {
  const delay = Object.hasOwn(DELAYS, text) ? DELAYS[text] : undefined;
  if (delay !== undefined) return delay;
  throw new InvalidArgumentError('It must be fast (25 seconds), standard (45) or slow (90).');
}

async function simulatePolicies(options: SimulateOptions): Promise<void> {
  const { config, policy = [], against: names, seed, json, html } = options;
  const own = await ownContenders(config, policy);
  const contenders = [...own, ...names.map((known) => ({ kind: 'known', name: known }) as const)];
  if (contenders.length === 0)
    throw new Error(
      'simulating policies: there are none; name a configuration with -c, or autoscalers with --against',
    );
  const workload = await chosenWorkload(options, own);
  const usual = conditionsFor(
    { ...STANDARD, pollEvery: LONG_POLLS, seed, startDelay: options.startDelay },
    workload,
  );
  const conditions = conditionsLike(usual, own[0]);
  const comparison = await compare({ workload, contenders, conditions });
  if (html !== undefined) {
    await writeReport(html, comparison);
    complain(`the report is in ${html}`);
  }
  process.stdout.write(
    json === true ? `${JSON.stringify(figuresDocument(comparison), null, 2)}\n` : figuresText(comparison),
  );
}

async function writeReport(file: string, comparison: Comparison): Promise<void> {
  try {
    await writeFile(file, reportDocument(comparison));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`writing the report to ${file}: ${why}; name another file with --html`, { cause: error });
  }
}

/** `runtide simulate`: what policies would do to waits and dollars, before they touch a machine. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'Show what policies would do to waits and dollars over real or generated jobs; asks nobody and changes nothing',
    )
    .option(
      '-c, --config <file>',
      'the configuration whose pools are "yours"; runtide.yaml where there is one',
    )
    .option('--policy <name=file>', 'another configuration beside it; may be given several times', policyFile)
    .addOption(
      new Option(
        '--against <names>',
        'autoscalers to compare with, with commas between them; "all" or "none"',
      )
        .argParser(against)
        .default(against('all'), 'all'),
    )
    .addOption(
      new Option(
        '--workload <name>',
        'generated jobs: thousands a week, such as 2k or 20k, or a known trouble',
      )
        .argParser(workloadName)
        .default('20k', '20k'),
    )
    .option(
      '--history <file>',
      'real jobs in their place, as CSV or JSON; "runtide history pull" writes such a file',
    )
    .option('--seed <number>', 'another seed, other jobs and machines', wholeNumber(0, 4_294_967_295), 1)
    .addOption(
      new Option(
        '--start-delay <name>',
        'how long machines take to start: fast (25 seconds), standard (45) or slow (90)',
      )
        .argParser(startDelay)
        .default(START_DELAYS.standard, 'standard'),
    )
    .option('--html <file>', 'write a report with pictures, which stands for itself')
    .option('--json', 'print JSON instead of text')
    .action(simulatePolicies);
}
