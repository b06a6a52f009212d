import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import type { InstanceRecord } from '../../adapters/memory/ec2/instance-record.ts';
import type { StateEvent } from '../../adapters/memory/ec2/instances.ts';
import { followFile } from './console-file.ts';
import type { JobsUser, JobsUsers } from './jobs-users.ts';
import { bootMachine, type Machine } from './machine-process.ts';
import { makeTools } from './tool-folder.ts';

export interface MachinesOptions {
  readonly model: Ec2;
  /** Where the AWS double listens. */
  readonly aws: { readonly url: string; imdsUrl(instanceId: string): string };
  /** Holds a folder for every machine, named after its instance, and the folder `tools`. */
  readonly dir: string;
  /** Where machines look for programs after `tools`, in the form of the variable PATH. */
  readonly path: string;
  /** A real gitlab-runner; default: the one on `path`, or else the built-in runner. */
  readonly gitlabRunner?: string | undefined;
  /** Whom jobs run as; default: whom the agent runs as. */
  readonly jobsUsers?: JobsUsers | undefined;
  readonly log: { error(details: object, message: string): void };
}

/** The instances of the model, played by local processes. */
export interface Machines {
  /** Switches every machine off and removes all folders. */
  close(): Promise<void>;
}

/** Boots a machine for every instance that comes to run, until closed. */
export async function startMachines(options: MachinesOptions): Promise<Machines> {
  await mkdir(options.dir, { recursive: true });
  const tools = join(options.dir, 'tools');
  await makeTools({ folder: tools, path: options.path, gitlabRunner: options.gitlabRunner });
  const machines = new MachineRoom(options, tools);
  const unsubscribe = options.model.onStateChange((event) => machines.follow(event));
  return {
    close: async () => {
      unsubscribe();
      await machines.close();
      await rm(tools, { recursive: true, force: true });
    },
  };
}

/** Keeps the processes in step with the model. */
class MachineRoom {
  readonly #options: MachinesOptions;
  readonly #tools: string;
  readonly #machines = new Map<string, { readonly machine: Machine; readonly release: () => void }>();
  readonly #folders = new Set<string>();
  /** They own files, so that a machine keeps its own over a stop. */
  readonly #jobsUsers = new Map<string, JobsUser>();
  readonly #pending = new Set<Promise<void>>();

  constructor(options: MachinesOptions, tools: string) {
    this.#options = options;
    this.#tools = tools;
  }

  follow({ id, to }: StateEvent): void {
    const record = this.#options.model.instance(id);
    if (to === 'running' && record !== undefined) this.#powerOn(record);
    if (to === 'shutting-down' || to === 'stopping') this.#settle(id, 'switching off', this.#powerOff(id));
    if (to === 'terminated') this.#settle(id, 'removing the folder of', this.#removeFolder(id));
  }

  async close(): Promise<void> {
    for (const id of this.#machines.keys()) this.#settle(id, 'switching off', this.#powerOff(id));
    await Promise.all(this.#pending);
    for (const id of this.#folders) await this.#removeFolder(id);
  }

  #powerOn(record: InstanceRecord): void {
    const { id, boot } = record;
    if (boot === 'never') return;
    if (boot === 'fails') {
      this.#options.model.appendConsole(id, 'Kernel panic - not syncing: scripted boot failure\n');
      return;
    }
    try {
      this.#boot(record);
    } catch (error) {
      this.#options.log.error({ error, instance: id }, 'booting a machine failed');
    }
  }

  #boot({ id, data }: InstanceRecord): void {
    const { model } = this.#options;
    const script = scriptOf(data.userData);
    if (script === undefined) {
      model.appendConsole(id, 'cloud-init: the user data is no shell script, nothing to run\n');
      return;
    }
    const root = this.#folderOf(id);
    this.#folders.add(id);
    makeFolders(root);
    const user = this.#jobsUserOf(id);
    writeFileSync(join(root, 'user-data'), script, { mode: 0o600 });
    const output = join(root, 'console.log');
    // What an earlier boot wrote has been read already.
    rmSync(output, { force: true });
    model.followConsole(id, followFile(output));
    const machine = bootMachine({
      root,
      script: join(root, 'user-data'),
      environment: this.#environment(id, root, user),
      jobsUser: user?.own,
      print: (text) => model.appendConsole(id, text),
      lost: (why) => {
        this.#options.log.error({ instance: id }, `a machine went off: ${why}`);
        model.powerOff(id);
      },
    });
    this.#machines.set(id, { machine, release: model.holdShutdown(id) });
  }

  /** Everything that a machine knows; nothing of this process's own environment. */
  #environment(id: string, root: string, user?: JobsUser): Readonly<Record<string, string>> {
    const { aws, path, model } = this.#options;
    return {
      PATH: `${this.#tools}${delimiter}${path}`,
      HOME: root,
      TMPDIR: join(root, 'tmp'),
      RUNTIDE_ROOT: root,
      RUNTIDE_IMDS: aws.imdsUrl(id),
      // What an image without systemd says to the agent; drains are seen at once, so that runs are short.
      RUNTIDE_SUPERVISOR: 'none',
      RUNTIDE_WATCH_INTERVAL: '1',
      RUNTIDE_JOBS_USER: user?.word ?? '',
      AWS_REGION: model.place.region,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_SSM: aws.url,
    };
  }

  async #powerOff(id: string): Promise<void> {
    const running = this.#machines.get(id);
    if (running === undefined) return;
    this.#machines.delete(id);
    await running.machine.off();
    running.release();
  }

  async #removeFolder(id: string): Promise<void> {
    this.#folders.delete(id);
    this.#jobsUsers.delete(id);
    await rm(this.#folderOf(id), { recursive: true, force: true, maxRetries: 3 });
  }

  #jobsUserOf(id: string): JobsUser | undefined {
    const user = this.#jobsUsers.get(id) ?? this.#options.jobsUsers?.next();
    if (user !== undefined) this.#jobsUsers.set(id, user);
    return user;
  }

  #folderOf(id: string): string {
    return join(this.#options.dir, id);
  }

  /** Lets work go on beside the model, and logs how it fails. */
  #settle(id: string, doing: string, work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) =>
        this.#options.log.error({ error, instance: id }, `${doing} a machine failed`),
      )
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }
}

/** What an image has: others may pass through, write to `tmp`, and the folder of jobs is for their user alone. */
function makeFolders(root: string): void {
  mkdirSync(join(root, 'tmp'), { recursive: true });
  chmodSync(root, 0o711);
  chmodSync(join(root, 'tmp'), 0o1777);
  mkdirSync(join(root, 'var/lib/runtide'), { recursive: true });
  chmodSync(join(root, 'var/lib/runtide'), 0o700);
}

/** The shell script in user data, which may be compressed; undefined where there is none. */
function scriptOf(userData: string | undefined): string | undefined {
  if (userData === undefined) return undefined;
  const bytes = Buffer.from(userData, 'base64');
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.startsWith('#!') ? text : undefined;
}
