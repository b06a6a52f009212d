import type { Contender } from '../../src/simulator/autoscalers.ts';
import type { Cell } from './cell.ts';
import { explicitSettings } from './explicit.ts';

/** The family of what is compared with all others. */
export const OURS = 'ours';

/** One way to set an autoscaler up. */
export interface Setting {
  /** Settings of one family make one front. */
  readonly family: string;
  readonly contender: Contender;
}

/** An autoscaler that rows are given for, and the settings with which its front is drawn. */
export interface Baseline {
  /** As rows name it; one of `sweep`. */
  readonly name: string;
  readonly family: string;
  readonly sweep: readonly string[];
}

function named(family: string, settings: readonly string[]): readonly string[] {
  return settings.map((setting) => `${family}-${setting}`);
}

/** Every baseline that rows are given for. */
export const BASELINES: readonly Baseline[] = [
  {
    name: 'taskscaler-idle-5',
    family: 'taskscaler, preemptive',
    sweep: named('taskscaler-idle', ['2', '8', '12', '2-1', '5-1', '5-15']),
  },
  {
    name: 'taskscaler-idle-0',
    family: 'taskscaler, not preemptive',
    sweep: [...named('taskscaler-idle', ['0-1', '0-15']), ...named('taskscaler-eager', ['2', '5', '10'])],
  },
  {
    name: 'docker-machine-5',
    family: 'docker+machine',
    sweep: named('docker-machine', ['2', '8', '12', '2-2', '5-2', '5-30']),
  },
  {
    name: 'aws-sample-2',
    family: 'AWS sample',
    sweep: named('aws-sample', ['1', '5', '10', '2-2', '5-2']),
  },
  {
    name: 'webhook-reuse',
    family: 'webhook with reuse',
    sweep: named('webhook-reuse', ['1', '60', '1-1', '30-1', '30-15']),
  },
  {
    name: 'keep-alive',
    family: 'keep-alive',
    sweep: named('keep-alive', ['10', '60', '180', '600', '1800']),
  },
];

/** The policies that stand for ours: the explicit ones, until there is one that forecasts. */
export const ourContenders: (cell: Cell) => readonly Contender[] = explicitSettings;

/** Everything that is tried in a cell. */
export function settingsOf(cell: Cell): readonly Setting[] {
  const ours = ourContenders(cell).map((contender) => ({ family: OURS, contender }));
  const names = new Map<string, string>();
  for (const { name, family, sweep } of BASELINES)
    for (const each of cell.sweeps ? [name, ...sweep] : [name]) names.set(each, family);
  const known = [...names].map(([name, family]) => ({
    family,
    contender: { kind: 'known', name } as const,
  }));
  return [...ours, ...known];
}
