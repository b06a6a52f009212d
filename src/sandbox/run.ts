import { setTimeout as delay } from 'node:timers/promises';
import { stateOf } from '../adapters/memory/ec2/instance-record.ts';
import { isComplete } from '../adapters/memory/gitlab/job.ts';
import { PassCount } from './pass-count.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import { summarize, type Summary } from './summary.ts';
import { gaps, pipelines } from './workload.ts';

export interface SandboxRunOptions {
  /** Submits this many jobs at the start; absent: a gentle workload that goes on. */
  readonly jobs?: number;
  /** Ends when all jobs are done and the fleet is back at zero. */
  readonly exitWhenDone: boolean;
  readonly dropWebhooks: boolean;
  /** Kills the daemon three times on the way, as a crash would. */
  readonly killDaemon: boolean;
  readonly seed: number;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  /** For people: what is going on. */
  readonly say: (line: string) => void;
  /** For people: what went wrong. */
  readonly complain: (line: string) => void;
}

/** How a run ended. */
export interface SandboxRunResult {
  readonly ok: boolean;
  readonly summary: Summary;
}

const LOOK_EVERY = 250;
/** A run that takes longer is stuck. */
const LONGEST = 5 * 60_000;
/** At which shares of the finished jobs the daemon is killed. */
const KILLS = [0.1, 0.4, 0.7];

function submit(sandbox: Sandbox, jobs: number): void {
  for (const pipeline of pipelines(jobs)) sandbox.gitlab.createPipeline(sandbox.project, pipeline);
}

/** Submits a pipeline now and then until the signal. */
async function keepBusy(sandbox: Sandbox, { seed, signal, say }: SandboxRunOptions): Promise<void> {
  const gap = gaps(seed);
  while (!signal.aborted) {
    submit(sandbox, 8);
    say('a pipeline of 8 jobs arrives');
    await delay(gap() * 1000, undefined, { signal }).catch(() => undefined);
  }
}

function finishedShare(sandbox: Sandbox): number {
  const jobs = sandbox.gitlab.jobsOfProject(sandbox.project);
  return jobs.filter(isComplete).length / jobs.length;
}

function isQuiet(sandbox: Sandbox): boolean {
  return finishedShare(sandbox) === 1 && sandbox.running() === 0 && sandbox.managers() === 0;
}

/** Kills the daemon when the run has come as far as each of the shares, and starts it again. */
async function killOnTheWay(sandbox: Sandbox, kills: number[], run: SandboxRunOptions): Promise<void> {
  const [next] = kills;
  if (next === undefined || finishedShare(sandbox) < next) return;
  kills.shift();
  await sandbox.daemon.kill();
  run.say(`the daemon was killed with ${sandbox.running()} instances running; starting it again`);
  sandbox.daemon.start();
}

async function untilQuiet(sandbox: Sandbox, passes: PassCount, run: SandboxRunOptions): Promise<boolean> {
  const deadline = Date.now() + LONGEST;
  const kills = run.killDaemon ? [...KILLS] : [];
  while (!run.signal.aborted) {
    await passes.look();
    if (isQuiet(sandbox) && kills.length === 0) return true;
    if (!sandbox.daemon.runs) {
      run.complain(`the daemon has ended by itself: see ${sandbox.logFile}`);
      return false;
    }
    if (Date.now() > deadline) {
      run.complain(`not done after ${LONGEST / 60_000} minutes: see ${sandbox.logFile}`);
      return false;
    }
    await killOnTheWay(sandbox, kills, run);
    await delay(LOOK_EVERY, undefined, { signal: run.signal }).catch(() => undefined);
  }
  return false;
}

function narrate(sandbox: Sandbox, say: (line: string) => void): void {
  const words = {
    pending: 'was launched',
    running: 'boots',
    'shutting-down': 'leaves',
    terminated: 'is gone',
  };
  sandbox.ec2.onStateChange(({ id, to }) => {
    const record = sandbox.ec2.instance(id);
    const word = Object.entries(words).find(([state]) => state === to)?.[1];
    if (word === undefined || record === undefined) return;
    const alive = sandbox.ec2.instances().filter((other) => stateOf(other) !== 'terminated').length;
    say(`instance ${id} (${record.instanceType}) ${word}; ${alive} in all`);
  });
  sandbox.gitlab.onJobEvent(({ job }) => {
    if (isComplete(job)) say(`job ${job.id} ${job.name}: ${job.status}`);
  });
}

function introduce(sandbox: Sandbox, say: (line: string) => void): void {
  say('');
  say(`  Runtide's page:  ${sandbox.statusUrl}`);
  say(`  GitLab double:   ${sandbox.gitlabUrl}/sandbox/state`);
  say(`  AWS double:      ${sandbox.awsUrl}/sandbox/state`);
  say(`  daemon's config: ${sandbox.configFile}`);
  say(`  daemon's log:    ${sandbox.logFile}`);
  say('');
}

/** Runs the product on this machine: submits jobs, watches, and leaves nothing behind. */
export async function runSandbox(run: SandboxRunOptions): Promise<SandboxRunResult> {
  await using sandbox = await startSandbox(run);
  const passes = new PassCount(sandbox.statusUrl);
  introduce(sandbox, run.say);
  narrate(sandbox, run.say);
  let ok = true;
  if (run.jobs !== undefined) submit(sandbox, run.jobs);
  if (run.jobs === undefined) await keepBusy(sandbox, run);
  else if (run.exitWhenDone) ok = await untilQuiet(sandbox, passes, run);
  else await new Promise((resolve) => run.signal.addEventListener('abort', resolve, { once: true }));
  await passes.look();
  const orderly = await sandbox.daemon.stop();
  if (!orderly) run.complain(`the daemon did not stop in good order: see ${sandbox.logFile}`);
  const summary = summarize(sandbox, passes.total);
  const good = ok && orderly && (!run.exitWhenDone || summary.jobs.succeeded === summary.jobs.submitted);
  if (!good && !run.signal.aborted) sandbox.keepFiles();
  return { ok: good, summary };
}
