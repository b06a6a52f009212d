import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { AutoScaling } from '../adapters/memory/auto-scaling/auto-scaling.ts';
import { handOnLifecycleEvents } from '../adapters/memory/auto-scaling/event-bridge.ts';
import { Ec2 } from '../adapters/memory/ec2/ec2.ts';
import { type CloudEvent, handOnEvents } from '../adapters/memory/ec2/event-bridge.ts';
import { stateOf } from '../adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { Ssm } from '../adapters/memory/ec2/ssm.ts';
import { GitLab } from '../adapters/memory/gitlab/gitlab.ts';
import type { Timers } from '../adapters/memory/clock.ts';
import { Queue } from '../adapters/memory/sqs/queue.ts';
import { seconds } from '../engine/time.ts';
import { findExecutable } from './aws/executables.ts';
import type { Exchange as AwsExchange } from './aws/exchange.ts';
import { findJobsUsers, type JobsUsers, type JobsUsersOptions } from './aws/jobs-users.ts';
import { startMachines } from './aws/machines.ts';
import { startAws } from './aws/server.ts';
import { configFile } from './config-file.ts';
import { DaemonProcess } from './daemon-process.ts';
import { freePorts } from './free-ports.ts';
import type { Exchange as GitLabExchange } from './gitlab/exchange.ts';
import { type GitLabDouble, startGitLab } from './gitlab/start.ts';
import { SANDBOX_POOLS } from './pools.ts';
import { realTimers } from './timers.ts';

export interface SandboxOptions {
  /** Makes ids differ from run to run, or not. */
  readonly seed: number;
  /** GitLab drops every webhook silently. */
  readonly dropWebhooks?: boolean;
  /** Jobs run as a user of their own, who does not reach the metadata, where this machine allows it; default: true. */
  readonly isolateJobs?: boolean;
  /** A real gitlab-runner for instances; absent: the one on PATH, or else the built-in runner. */
  readonly gitlabRunner?: string;
  /** GitLab's relative URL root, such as `/gitlab`; default: none. */
  readonly gitlabRoot?: string;
  /** Hears of what went wrong in the doubles themselves. */
  readonly complain: (message: string) => void;
  /** See all traffic of the doubles. */
  readonly observeGitLab?: (exchange: GitLabExchange) => void;
  readonly observeAws?: (exchange: AwsExchange) => void;
}

/** GitLab, EC2 and the daemon on this machine. Disposing ends every process and removes every file. */
export interface Sandbox extends AsyncDisposable {
  readonly gitlab: GitLab;
  readonly double: GitLabDouble;
  readonly ec2: Ec2;
  readonly groups: AutoScaling;
  readonly daemon: DaemonProcess;
  /** Whether jobs run as a user of their own; otherwise they can do all that the agent can. */
  readonly isolatesJobs: boolean;
  /** The project that pipelines are created in. */
  readonly project: number;
  /** The page, the status API. */
  readonly statusUrl: string;
  readonly gitlabUrl: string;
  readonly awsUrl: string;
  /** The daemon's configuration and log; gone after disposal unless `keepFiles` was called. */
  readonly configFile: string;
  readonly logFile: string;
  keepFiles(): void;
  /** Instances that are not terminated. */
  running(): number;
  managers(): number;
}

const PROJECT = 'acme/web';

/** Where instances find programs: what this process finds, without npm's additions. */
function machinePath(): string {
  const own = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  return own
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
}

/** Secrets of this run alone. */
function secrets() {
  return {
    gitlabToken: `glpat-${randomBytes(16).toString('hex')}`,
    webhookToken: randomBytes(24).toString('hex'),
    signingToken: `whsec_${randomBytes(32).toString('base64')}`,
  };
}

function addRunners(gitlab: GitLab, ssm: Ssm) {
  return SANDBOX_POOLS.map((pool) => {
    const { id, token } = gitlab.addRunner({ tags: pool.tags, runUntagged: pool.runUntagged });
    const tokenParameter = `/runtide/${pool.name}/runner-token`;
    ssm.putParameter({ name: tokenParameter, value: token, type: 'SecureString' });
    return { ...pool, runnerId: id, tokenParameter };
  });
}

interface Models {
  readonly timers: Timers;
  readonly gitlab: GitLab;
  readonly ec2: Ec2;
  readonly groups: AutoScaling;
  readonly ssm: Ssm;
}

/** Groups act as fast as machines boot here. */
const GROUP_TIMES = {
  settleAfter: seconds(1),
  healthCheckEvery: seconds(5),
  proceedFor: seconds(1),
  retryAfter: seconds(5),
  retryAtLongest: seconds(20),
};

function newModels(options: SandboxOptions): Models {
  const { seed, complain } = options;
  const timers = realTimers((error) => complain(`a timer failed: ${String(error)}`));
  const ec2 = new Ec2({ timers, seed, pendingFor: seconds(1), shutdownFor: seconds(1) });
  return {
    timers,
    gitlab: new GitLab({ timers, seed }),
    ec2,
    groups: new AutoScaling({ timers, ec2, seed, times: GROUP_TIMES }),
    ssm: new Ssm(timers, seed),
  };
}

/** The queue into which rules of EventBridge write EC2's events and Auto Scaling's. */
function eventsOf({ ec2, groups, timers }: Models, seed: number): Queue<string> {
  const queue = new Queue<string>({ timers, seed, name: 'runtide-sandbox-events' });
  const write = (event: CloudEvent) => queue.send(JSON.stringify(event));
  handOnEvents(ec2, { timers, seed }, write);
  handOnLifecycleEvents(groups, { timers, seed, place: ec2.place }, write);
  return queue;
}

/** Lets users of their own pass through the folder. */
async function isolate(options: JobsUsersOptions): Promise<JobsUsers | undefined> {
  await chmod(options.folder, 0o711);
  return findJobsUsers(options);
}

/** Starts everything; the daemon is up when this resolves. Throws when it does not come up, with its last words. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  await using starting = new AsyncDisposableStack();
  const models = newModels(options);
  const { gitlab, ec2, groups, ssm, timers } = models;
  const { gitlabToken, webhookToken, signingToken } = secrets();
  const folder = await mkdtemp(join(tmpdir(), 'runtide-sandbox-'));
  let keep = false;
  starting.defer(async () => {
    if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  const log = {
    info: () => undefined,
    warn: (_fields: object, message: string) => options.complain(message),
    error: (details: object, message: string) => options.complain(`${message}: ${inWords(details)}`),
  };
  const double = await startGitLab({
    model: gitlab,
    timers,
    tokens: [{ token: gitlabToken, scopes: ['read_api', 'create_runner', 'manage_runner'], name: 'runtide' }],
    dropWebhooks: options.dropWebhooks ?? false,
    ...(options.gitlabRoot !== undefined && { root: options.gitlabRoot }),
    ...(options.observeGitLab !== undefined && { observe: options.observeGitLab }),
  });
  starting.defer(() => double.close());
  const observe = options.observeAws;
  const path = machinePath();
  const gitlabRunner = options.gitlabRunner ?? findExecutable('gitlab-runner', path);
  const jobsUsers = options.isolateJobs === false ? undefined : await isolate({ folder, path, gitlabRunner });
  const events = eventsOf(models, options.seed);
  const aws = await startAws({
    model: ec2,
    groups,
    ssm,
    queues: [events],
    timers,
    log,
    metadataFor: jobsUsers === undefined ? 'all' : 'root',
    ...(observe !== undefined && { observe }),
  });
  starting.defer(() => aws.close());
  const machines = await startMachines({
    model: ec2,
    aws,
    dir: join(folder, 'instances'),
    path,
    gitlabRunner,
    jobsUsers,
    log,
  });
  starting.defer(() => machines.close());

  const project = gitlab.addProject({ path: PROJECT }).id;
  const [webhook = 0, status = 0] = await freePorts(2);
  const daemonFolder = join(folder, 'daemon');
  await mkdir(daemonFolder, { mode: 0o700 });
  const file = join(daemonFolder, 'runtide.yaml');
  const pools = addRunners(gitlab, ssm);
  const text = configFile({
    gitlabUrl: double.url,
    awsUrl: aws.url,
    eventsUrl: `${aws.url}/${defaultPlace.account}/${events.name}`,
    place: defaultPlace,
    projects: [PROJECT],
    ports: { webhook, status },
    pools,
  });
  await writeFile(file, text);
  gitlab.hooks.add(project, {
    url: `http://127.0.0.1:${webhook}/webhook`,
    token: webhookToken,
    signingToken,
    events: new Set(['job_events']),
    customHeaders: [],
    verifySsl: true,
  });
  const daemon = new DaemonProcess({
    config: file,
    logFile: join(daemonFolder, 'runtide.log'),
    environment: {
      PATH: machinePath(),
      HOME: daemonFolder,
      GITLAB_TOKEN: gitlabToken,
      RUNTIDE_WEBHOOK_TOKEN: webhookToken,
      RUNTIDE_WEBHOOK_SIGNING_TOKEN: signingToken,
      AWS_ACCESS_KEY_ID: 'sandbox',
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  starting.defer(async () => {
    await daemon.stop();
  });
  daemon.start();
  const statusUrl = `http://127.0.0.1:${status}`;
  await daemon.answers(statusUrl);
  const running = starting.move();
  return {
    gitlab,
    double,
    ec2,
    groups,
    daemon,
    isolatesJobs: jobsUsers !== undefined,
    project,
    statusUrl,
    gitlabUrl: double.url,
    awsUrl: aws.url,
    configFile: file,
    logFile: join(daemonFolder, 'runtide.log'),
    keepFiles: () => {
      keep = true;
    },
    running: () => ec2.instances().filter((record) => stateOf(record) !== 'terminated').length,
    managers: () => pools.reduce((sum, { runnerId }) => sum + gitlab.managers(runnerId).length, 0),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function inWords(details: object): string {
  if ('error' in details && details.error instanceof Error) return details.error.message;
  return JSON.stringify(details);
}
