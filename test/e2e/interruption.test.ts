import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type InstanceRecord, stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { isComplete, type Job } from '../../src/adapters/memory/gitlab/job.ts';
import { instanceIdOf } from '../../src/controller/system-id.ts';
import type { Fault } from '../../src/sandbox/aws/control.ts';
import { eventually } from '../support/eventually.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

/** The notice of the interruption; what runs is ended 45 seconds before its end. */
const NOTICE = 52;
const LONG = { name: 'long', tags: ['linux'], script: ['echo started; sleep 300'] };
const SHORT = { name: 'short', tags: ['linux'], script: ['echo works'] };

async function script(sandbox: WatchedSandbox, fault: Fault): Promise<void> {
  const answer = await fetch(`${sandbox.awsUrl}/sandbox/faults`, {
    method: 'POST',
    body: JSON.stringify(fault),
  });
  expect(await answer.json()).toEqual({ done: true });
}

/** Submits the long job, and answers with the instance that runs it. */
async function running(sandbox: WatchedSandbox): Promise<{ job: Job; record: InstanceRecord }> {
  const [job] = sandbox.submit(LONG);
  if (job === undefined) throw new Error('the pipeline has no job');
  return eventually('the job runs on an instance', () => {
    const id = instanceIdOf(job.manager?.systemId ?? '');
    const record = id === undefined ? undefined : sandbox.ec2.instance(id);
    return job.status === 'running' && record !== undefined && { job, record };
  });
}

function logged(sandbox: WatchedSandbox, message: string): Promise<unknown> {
  return eventually(`the log says: ${message}`, async () =>
    (await sandbox.log()).some(({ msg }) => msg.startsWith(message)),
  );
}

describe.concurrent('an instance that EC2', () => {
  it('takes back fails its job promptly and is replaced, by the event alone', async () => {
    await using sandbox = await openSandbox({ isolateJobs: false });
    // Nothing is polled while this goes on: what the daemon knows of it, the queue has told.
    await sandbox.restart([['pollInterval'], '2m']);
    const { job, record } = await running(sandbox);
    await script(sandbox, { fault: 'interrupt', instance: record.id, seconds: NOTICE });
    await logged(sandbox, `EC2 takes ${record.id} back; it drains`);
    await logged(sandbox, `done: drain ${record.id} (interrupted)`);
    await eventually('the job has ended', () => isComplete(job), 20_000);
    expect(job.status).toBe('failed');
    // A real gitlab-runner says the latter before 19.1.
    expect(['runner_interrupted', 'runner_system_failure']).toContain(job.failureReason);
    const again = sandbox.gitlab.retryJob(job.id);
    await eventually('the job runs again', () => again?.status === 'running');
    const elsewhere = instanceIdOf(again?.manager?.systemId ?? '');
    expect(elsewhere).not.toBe(record.id);
    expect(sandbox.ec2.instance(elsewhere ?? '')?.subnet).not.toBe(record.subnet);
    await succeeded(sandbox.submit(SHORT));
    await eventually('the instance has gone by itself, unregistered', () => {
      const state = stateOf(sandbox.ec2.instance(record.id) ?? record);
      return ['shutting-down', 'terminated'].includes(state);
    });
    const systemIds = sandbox.gitlab
      .managers(job.runner?.id ?? 0)
      .map(({ systemId }) => instanceIdOf(systemId));
    expect(systemIds).not.toContain(record.id);
    expect((await sandbox.status()).totals.interruptions).toEqual({ interruption: 1 });
  });

  it('recommends to replace finishes its job first', async () => {
    await using sandbox = await openSandbox({ isolateJobs: false });
    const [job] = sandbox.submit({ ...LONG, script: ['sleep 10'] });
    const id = await eventually('the job runs', () => instanceIdOf(job?.manager?.systemId ?? ''));
    await script(sandbox, { fault: 'rebalance', instance: id });
    await logged(sandbox, `EC2 recommends to replace ${id} (rebalance); it drains`);
    await eventually('its runner takes no more jobs', async () => {
      const log = join(sandbox.folder, 'instances', id, 'var/log/runtide-runner.log');
      // The built-in runner says the one, a real one the other.
      return /Stopping: running jobs finish|Starting graceful shutdown/.test(await readFile(log, 'utf8'));
    });
    const [next] = sandbox.submit(SHORT);
    await succeeded(next === undefined ? [] : [next]);
    expect(instanceIdOf(next?.manager?.systemId ?? '')).not.toBe(id);
    await succeeded(job === undefined ? [] : [job]);
  });
});
