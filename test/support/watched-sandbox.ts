import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { isComplete, type Job, type JobDefinition } from '../../src/adapters/memory/gitlab/job.ts';
import type { Exchange as GitLabExchange } from '../../src/sandbox/gitlab/exchange.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { mistakesInExchange } from './aws-double.ts';
import { eventually } from './eventually.ts';
import { OpenApi } from './openapi.ts';
import { processesNaming, processesRunning } from './processes.ts';

/** What tests read of the daemon's status. */
const statusShape = z.object({
  role: z.string(),
  sources: z.array(z.object({ source: z.string(), fresh: z.boolean(), failure: z.string().optional() })),
  pools: z.array(
    z.object({
      pool: z.string(),
      pending: z.number(),
      desired: z.object({ count: z.number() }),
      holds: z.array(z.string()),
      decision: z.string(),
      pausedAt: z.string().optional(),
      schedule: z.string().optional(),
      instances: z.array(
        z.object({
          id: z.string(),
          phase: z.string(),
          idleSeconds: z.number().optional(),
          drain: z.string().optional(),
        }),
      ),
    }),
  ),
  totals: z.object({
    passes: z.number(),
    launched: z.number(),
    drained: z.number(),
    interruptions: z.record(z.string(), z.number()),
    webhooks: z.record(z.string(), z.number()),
  }),
});
export type SeenStatus = z.output<typeof statusShape>;

const lineShape = z.looseObject({ level: z.string(), msg: z.string(), why: z.string().optional() });

/** One line of the daemon's log. */
export type LogLine = z.output<typeof lineShape>;

/** A key of the configuration and its new value. */
export type ConfigChange = readonly [path: readonly string[], value: unknown];

/** A sandbox whose whole traffic is checked, and what a test does with it. */
export interface WatchedSandbox extends Sandbox {
  /** All that went over the wire to and from GitLab so far. */
  readonly exchanges: readonly GitLabExchange[];
  /** The folder of everything that the sandbox makes. */
  readonly folder: string;
  status(): Promise<SeenStatus>;
  log(): Promise<readonly LogLine[]>;
  /** Process id of the daemon. */
  daemonId(): number;
  /**
   * Changes keys of the sandbox's own configuration, forgets earlier changes, sends SIGHUP, and answers
   * with what the daemon logs of it.
   */
  reload(...changes: readonly ConfigChange[]): Promise<readonly LogLine[]>;
  /** Replaces the whole text of the configuration file, sends SIGHUP, and answers likewise. */
  reloadText(text: string): Promise<readonly LogLine[]>;
  /** Ends the daemon, changes the configuration likewise, and starts a daemon anew. */
  restart(...changes: readonly ConfigChange[]): Promise<void>;
  /** A pipeline of jobs in one stage. */
  submit(...jobs: readonly Omit<JobDefinition, 'stage'>[]): readonly Job[];
}

/** What is left of a sandbox that should be gone. */
export function leftOf(folder: string): readonly string[] {
  return [...processesNaming(folder).map(({ command }) => command), ...(existsSync(folder) ? [folder] : [])];
}

/**
 * Starts a sandbox. Disposing of it fails when GitLab's traffic was not as GitLab documents it, when an
 * answer of EC2 or SQS was not as the SDK's model says, when a double had to complain, or when anything is left.
 */
export async function openSandbox(
  options: Pick<SandboxOptions, 'isolateJobs' | 'gitlabRunner' | 'gitlabRoot'> = {},
): Promise<WatchedSandbox> {
  const problems: string[] = [];
  const exchanges: GitLabExchange[] = [];
  const openApi = new OpenApi();
  const sandbox = await startSandbox({
    ...options,
    seed: 1,
    complain: (message) => problems.push(message),
    observeGitLab: (exchange) => {
      exchanges.push(exchange);
      openApi.observe(exchange);
    },
    observeAws: (exchange) => problems.push(...mistakesInExchange(exchange)),
  });
  const folder = dirname(dirname(sandbox.configFile));
  const close = async (): Promise<void> => {
    await sandbox[Symbol.asyncDispose]();
    problems.push(...openApi.problems(), ...leftOf(folder).map((what) => `left behind: ${what}`));
    if (problems.length > 0) throw new Error(`the sandbox went wrong:\n${problems.join('\n')}`);
  };
  const original = await readFile(sandbox.configFile, 'utf8');
  return { ...sandbox, ...handles(sandbox, original), exchanges, folder, [Symbol.asyncDispose]: close };
}

/** What a test sees of the daemon and tells it. */
function handles(sandbox: Sandbox, original: string) {
  const log = async (): Promise<readonly LogLine[]> => {
    const lines = (await readFile(sandbox.logFile, 'utf8')).split('\n');
    // The last piece is empty, or a line that is still being written.
    return lines.slice(0, -1).map((line) => lineShape.parse(JSON.parse(line)));
  };
  const daemonId = (): number => {
    const [pid, ...others] = processesRunning(sandbox.configFile);
    if (pid === undefined || others.length > 0) throw new Error('looking for the daemon: not one process');
    return pid;
  };
  const reloadText = async (text: string): Promise<readonly LogLine[]> => {
    const before = (await log()).length;
    await writeFile(sandbox.configFile, text);
    process.kill(daemonId(), 'SIGHUP');
    return eventually('the daemon has tried to reload', async () => {
      const lines = (await log()).slice(before).filter(({ msg }) => / changed$|^configuration /.test(msg));
      return lines.at(-1)?.msg.startsWith('configuration ') === true && lines;
    });
  };
  const changed = (changes: readonly ConfigChange[]): string => {
    const document = parseDocument(original);
    for (const [path, value] of changes) document.setIn(path, value);
    return String(document);
  };
  return {
    log,
    daemonId,
    reloadText,
    status: async () => {
      const answer = await fetch(`${sandbox.statusUrl}/api/status`);
      return statusShape.parse(await answer.json());
    },
    reload: async (...changes: readonly ConfigChange[]) => reloadText(changed(changes)),
    restart: async (...changes: readonly ConfigChange[]) => {
      await sandbox.daemon.stop();
      await writeFile(sandbox.configFile, changed(changes));
      sandbox.daemon.start();
      await sandbox.daemon.answers(sandbox.statusUrl);
    },
    submit: (...jobs: readonly Omit<JobDefinition, 'stage'>[]) => {
      const stage = 'test';
      const { id } = sandbox.gitlab.createPipeline(sandbox.project, {
        stages: [stage],
        jobs: jobs.map((job) => ({ ...job, stage })),
      });
      return sandbox.gitlab.jobsOfPipeline(id);
    },
  };
}

/** Resolves once all the jobs are done; throws when one of them did not succeed. */
export async function succeeded(jobs: readonly Job[]): Promise<void> {
  await eventually('all jobs are done', () => jobs.every(isComplete));
  const failed = jobs.filter(({ status }) => status !== 'success');
  if (failed.length > 0) throw new Error(`jobs failed: ${failed.map(({ name }) => name).join(', ')}`);
}

/** The pool in a status. */
export function poolIn(status: SeenStatus, pool: string): SeenStatus['pools'][number] {
  const found = status.pools.find((one) => one.pool === pool);
  if (found === undefined) throw new Error(`looking for pool ${pool}: the status does not name it`);
  return found;
}
