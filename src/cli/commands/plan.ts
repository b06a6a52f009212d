import process from 'node:process';
import type { Command } from 'commander';
import { composePreview } from '../../compose/controller.ts';
import { explainAction, explainAlarm, explainPool } from '../../engine/explain.ts';
import type { Plan } from '../../engine/plan.ts';
import type { FleetPolicy } from '../../engine/pool.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { openInstallation } from '../installation.ts';
import { configCommand, type ConfigOptions } from '../options.ts';

/** An instance that was made by another configuration than the one in the file. */
interface Drifted {
  readonly pool: string;
  readonly instance: string;
  readonly generation: string;
  readonly wanted: string;
}

function driftedIn(plan: Plan, policy: FleetPolicy): readonly Drifted[] {
  const wanted = new Map(
    // Of a pool without a runner nobody knows yet what its instances should be.
    policy.pools.flatMap(({ name, generation, awaits }) =>
      awaits === undefined ? [[name, generation]] : [],
    ),
  );
  return plan.pools.flatMap(({ pool, views }) =>
    views.flatMap(({ instance }) => {
      const now = wanted.get(pool);
      if (now === undefined || instance.generation === now) return [];
      return [{ pool, instance: instance.id, generation: instance.generation, wanted: now }];
    }),
  );
}

function text(plan: Plan, drifted: readonly Drifted[]): string {
  return [
    ...plan.pools.map((pool) => `${pool.pool}: ${explainPool(pool)}`),
    ...drifted.map(({ pool, instance }) => `${pool}: ${instance} has drifted and would be replaced`),
    ...plan.alarms.map((alarm) => `alarm: ${explainAlarm(alarm)}`),
    '',
  ].join('\n');
}

/** `runtide plan`: a pass without acting. */
export function planCommand(): Command {
  return configCommand(
    'plan',
    'Show what the next pass would do, and which instances have drifted; changes nothing',
  ).action(async ({ config: file, json }: ConfigOptions) => {
    const { config, adapters } = await openInstallation(file);
    using preview = composePreview(config, adapters, systemClock);
    const { plan } = await preview.controller.preview(AbortSignal.timeout(config.gitlab.timeout * 10));
    const drifted = driftedIn(plan, adapters.policy());
    const { pools, actions, alarms } = plan;
    const document = {
      pools,
      actions: actions.map((action) => ({ ...action, text: explainAction(action) })),
      drifted,
      alarms,
    };
    process.stdout.write(json === true ? `${JSON.stringify(document, null, 2)}\n` : text(plan, drifted));
    // What could not be read makes the answer worth less than it looks.
    if (alarms.some(({ alarm }) => alarm === 'stale')) process.exitCode = 1;
  });
}
