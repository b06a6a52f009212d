import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, vi } from 'vitest';
import type { LaunchTemplateData } from '../../src/adapters/memory/ec2/launch-template.ts';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { EC2_LIFE_TIMES } from '../../src/adapters/memory/ec2/life-times.ts';
import type { Market } from '../../src/engine/pool.ts';
import type { JobsUsers } from '../../src/sandbox/aws/jobs-users.ts';
import { type Machines, startMachines } from '../../src/sandbox/aws/machines.ts';
import { type AwsDouble, startAwsDouble } from './aws-double.ts';

/** How long a test waits for what processes do in real time. */
export const patience = { timeout: 10_000, interval: 20 };

/** Machines over an AWS double. Disposing of it fails where a folder is left, or something was logged as an error. */
export interface Room extends AsyncDisposable {
  readonly double: AwsDouble;
  readonly machines: Machines;
  readonly dir: string;
  /** What was logged as an error; closing the room wants none. */
  readonly failures: string[];
  /** Launches an instance with this user data and boots it. */
  boot(userData: string | Buffer, data?: LaunchTemplateData, market?: Market): Promise<string>;
  consoleOf(id: string): string;
  saw(id: string, line: string): Promise<void>;
  state(id: string): string;
}

export async function openRoom(jobsUsers?: JobsUsers): Promise<Room> {
  const double = await startAwsDouble();
  const { model, clock, aws } = double;
  const dir = mkdtempSync(join(tmpdir(), 'machines-'));
  const failures: string[] = [];
  const machines = await startMachines({
    model,
    aws,
    dir,
    path: '/usr/local/bin:/usr/bin:/bin',
    jobsUsers,
    log: { error: (details, message) => failures.push(`${message}: ${JSON.stringify(details)}`) },
  });
  const consoleOf = (id: string): string => model.consoleOf(id);
  return {
    double,
    machines,
    dir,
    failures,
    boot: async (userData, data = {}, market = 'spot') => {
      const template = model.createLaunchTemplate({
        name: `pool-${model.instances().length}`,
        data: {
          imageId: 'ami-0a000000000000001',
          instanceInitiatedShutdownBehavior: 'terminate',
          userData: Buffer.from(userData).toString('base64'),
          ...data,
        },
      });
      const answer = model.createFleet({
        configs: [
          { template: { id: template.id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] },
        ],
        count: 1,
        market,
      });
      await clock.advance(EC2_LIFE_TIMES.pending.longest);
      return answer.instances[0]?.ids[0] ?? '';
    },
    consoleOf,
    saw: (id, line) => vi.waitFor(() => expect(consoleOf(id)).toContain(line), patience),
    state: (id) => {
      const record = model.instance(id);
      return record === undefined ? 'unknown' : stateOf(record);
    },
    [Symbol.asyncDispose]: async () => {
      await machines.close();
      const left = readdirSync(dir);
      rmSync(dir, { recursive: true });
      await double[Symbol.asyncDispose]();
      expect(failures).toEqual([]);
      expect(left).toEqual([]);
    },
  };
}

/** Whether a process exists and is not only waiting to be collected. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return (
      !existsSync('/proc/self/stat') || !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    );
  } catch {
    return false;
  }
}

/** The process ids that a machine wrote to its console as `pid N`. */
export function pidsIn(output: string): number[] {
  return Array.from(output.matchAll(/pid (\d+)/g), (match) => Number(match[1]));
}

/** Waits until the processes have ended. */
export async function gone(pids: readonly number[]): Promise<void> {
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), patience);
}
