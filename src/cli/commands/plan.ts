import process from 'node:process';
import { type Command, InvalidArgumentError } from 'commander';
import { composePreview } from '../../compose/controller.ts';
import { explainAction, explainAlarm, explainPool } from '../../engine/explain.ts';
import { type Plan, plan as decide } from '../../engine/plan.ts';
import { policyAt } from '../../engine/policy-at.ts';
import type { FleetPolicy } from '../../engine/pool.ts';
import type { PoolPlan } from '../../engine/pool-plan.ts';
import { type Instant, instant } from '../../engine/time.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { openInstallation } from '../installation.ts';
import { configCommand, type ConfigOptions, counted } from '../options.ts';

interface PlanOptions extends ConfigOptions {
  readonly at?: Instant;
}

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

/** What a schedule makes of a pool. */
function scheduleLine({ pool, schedule, idleSlots, limits: { min, max } }: PoolPlan): string {
  const which = schedule === undefined ? 'no schedule holds' : `schedule "${schedule}" holds`;
  return `${pool}: ${which}: idle target ${counted(idleSlots, 'slot')}, min ${min}, max ${max}`;
}

function scheduleLines({ pools }: Plan, at: Instant | undefined): readonly string[] {
  if (at === undefined) return [];
  const head = `at ${new Date(at).toISOString()}, with the jobs and instances of now:`;
  return [head, ...pools.map(scheduleLine)];
}

function text(plan: Plan, drifted: readonly Drifted[], at: Instant | undefined): string {
  return [
    ...scheduleLines(plan, at),
    ...plan.pools.map((pool) => `${pool.pool}: ${explainPool(pool)}`),
    ...drifted.map(({ pool, instance }) => `${pool}: ${instance} has drifted and would be replaced`),
    ...plan.alarms.map((alarm) => `alarm: ${explainAlarm(alarm)}`),
    '',
  ].join('\n');
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?$/;

/** For a commander option that takes a time; without an offset it is one of this machine's zone. */
function time(written: string): Instant {
  const at = ISO_TIME.test(written) ? Date.parse(written) : Number.NaN;
  if (!Number.isNaN(at)) return instant(at);
  throw new InvalidArgumentError('It must be a time such as 2026-12-01T09:00 or 2026-12-01T09:00+01:00.');
}

/** `runtide plan`: a pass without acting. */
export function planCommand(): Command {
  return configCommand(
    'plan',
    'Show what the next pass would do, and which instances have drifted; changes nothing',
  )
    .option(
      '--at <time>',
      'with the schedules of that time: 2026-12-01T09:00, in the zone of this machine, or with an offset',
      time,
    )
    .action(async ({ config: file, json, at }: PlanOptions) => {
      const { config, adapters } = await openInstallation(file);
      using preview = composePreview(config, adapters, systemClock);
      const { observation } = await preview.controller.preview(
        AbortSignal.timeout(config.gitlab.timeout * 10),
      );
      const policy = adapters.policy();
      const plan = decide(observation, at === undefined ? policy : policyAt(policy, at));
      const drifted = driftedIn(plan, policy);
      const { pools, actions, alarms } = plan;
      const document = {
        ...(at !== undefined && { at: new Date(at).toISOString() }),
        pools,
        actions: actions.map((action) => ({ ...action, text: explainAction(action) })),
        drifted,
        alarms,
      };
      process.stdout.write(
        json === true ? `${JSON.stringify(document, null, 2)}\n` : text(plan, drifted, at),
      );
      // What could not be read makes the answer worth less than it looks.
      if (alarms.some(({ alarm }) => alarm === 'stale')) process.exitCode = 1;
    });
}
