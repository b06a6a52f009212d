import { stringify } from 'smol-toml';
import type { Duration } from '../../engine/time.ts';

/** What runs the jobs of a pool. */
export type Executor =
  | { readonly kind: 'shell' }
  | { readonly kind: 'docker'; readonly image: string; readonly privileged: boolean };

/** What the runner process of an instance is told. */
export interface RunnerSettings {
  readonly pool: string;
  readonly gitlabUrl: string;
  /** Jobs at once. */
  readonly slots: number;
  /** How often the runner asks for a job; GitLab Runner counts whole seconds. */
  readonly checkInterval: Duration;
  readonly executor: Executor;
}

function executorTable(executor: Executor): Record<string, unknown> {
  if (executor.kind === 'shell') return { executor: 'shell' };
  return { executor: 'docker', docker: { image: executor.image, privileged: executor.privileged } };
}

/**
 * The runner's config.toml, with `@RUNNER_TOKEN@` and `@INSTANCE_ID@` where the agent puts what only the
 * instance knows.
 */
export function renderRunnerConfig(settings: RunnerSettings): string {
  return stringify({
    concurrent: settings.slots,
    check_interval: Math.max(1, Math.round(settings.checkInterval / 1000)),
    runners: [
      {
        name: `${settings.pool} @INSTANCE_ID@`,
        url: settings.gitlabUrl,
        token: '@RUNNER_TOKEN@',
        ...executorTable(settings.executor),
      },
    ],
  });
}
