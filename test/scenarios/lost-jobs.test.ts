import { describe, expect, it } from 'vitest';
import type { JobStatus } from '../../src/adapters/memory/gitlab/job.ts';
import type { JobRetrier } from '../../src/controller/ports.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { busy, terminations } from '../support/interruption-world.ts';
import { World } from '../support/world.ts';
import type { WorldOptions } from '../support/world-options.ts';

const asItIs = (retrier: JobRetrier): JobRetrier => retrier;

/** A world that retries, in which one long job runs. */
async function running(options: WorldOptions = { retrier: asItIs }) {
  const world = new World(options);
  world.start();
  const instance = await busy(world, 1, minutes(10));
  return { world, instance };
}

/** The jobs of the project, oldest first. */
function statuses(world: World): readonly JobStatus[] {
  return world.gitlab
    .jobsOfProject(world.project)
    .toReversed()
    .map(({ status }) => status);
}

/** What came of every retry. */
function retries(world: World): readonly string[] {
  return world.eventsNamed('acted').flatMap(({ outcome }) => {
    if (outcome.action.do !== 'retry') return [];
    if (!outcome.done) return [`not done: ${outcome.why}`];
    return [
      outcome.retried === undefined ? `left: ${outcome.left}` : `${outcome.action.job}→${outcome.retried}`,
    ];
  });
}

describe('a job whose instance is lost', () => {
  it('to spot is failed by the agent in time, retried once the instance is gone, and ends well', async () => {
    const { world, instance } = await running();
    world.ec2.interrupt(instance.id);
    await world.advanceUntil(() => statuses(world).length === 2);
    expect(world.gitlab.job(1)?.failureReason).toBe('runner_system_failure');
    await world.advance(minutes(15));
    expect(statuses(world)).toEqual(['failed', 'success']);
    expect(retries(world)).toEqual(['1→2']);
    expect(terminations(world)).toBe(0);
  });

  it('without a word is ended in GitLab, which believes it to run, and retried', async () => {
    const { world, instance } = await running();
    world.machines.deafAgents.add(instance.id);
    world.ec2.terminateInstances([instance.id]);
    await world.advance(minutes(2));
    expect(statuses(world)).toEqual(['canceled', 'running']);
    await world.advance(minutes(15));
    expect(statuses(world)).toEqual(['canceled', 'success']);
    expect(retries(world)).toEqual(['1→2']);
    expect(world.alive()).toEqual([]);
  });

  it('a second time is left to people', async () => {
    const { world, instance } = await running();
    world.ec2.interrupt(instance.id);
    await world.advanceUntil(() => world.jobs('running') === 1 && statuses(world).length === 2);
    await world.advance(seconds(20));
    const [next] = world.alive();
    world.ec2.interrupt(next?.id ?? '');
    await world.advance(minutes(30));
    expect(statuses(world)).toEqual(['failed', 'failed']);
    expect(retries(world)).toEqual(['1→2']);
  });

  it('that fails by itself before the instance goes is not retried', async () => {
    const { world, instance } = await running();
    world.ec2.interrupt(instance.id);
    await world.advance(seconds(30));
    const token = world.gitlab.job(1)?.token ?? '';
    world.gitlab.updateJob(token, { state: 'failed', failureReason: 'script_failure', exitCode: 1 });
    await world.advance(minutes(30));
    expect(statuses(world)).toEqual(['failed']);
    expect(retries(world)).toEqual(['left: it failed by itself (script_failure)']);
  });

  it('is left alone where its project has not opted in', async () => {
    const { world, instance } = await running({});
    world.ec2.interrupt(instance.id);
    await world.advance(minutes(30));
    expect([statuses(world), retries(world)]).toEqual([['failed'], []]);
  });

  it('is retried although the answer to the cancellation was lost, and the controller crashed', async () => {
    let calls = 0;
    const cutOff = (retrier: JobRetrier): JobRetrier => ({
      projects: (signal) => retrier.projects(signal),
      async retry(work, signal) {
        calls += 1;
        if (calls > 1) return retrier.retry(work, signal);
        world.gitlab.cancelJob(work.job, true);
        // The process is gone in the middle of the call.
        run.abort.abort();
        return new Promise<never>(() => undefined);
      },
    });
    const world = new World({ retrier: cutOff });
    const run = world.start();
    const instance = await busy(world, 1, minutes(10));
    world.machines.deafAgents.add(instance.id);
    world.ec2.terminateInstances([instance.id]);
    await world.advanceUntil(() => calls === 1);
    expect(statuses(world)).toEqual(['canceled']);
    world.start();
    await world.advance(minutes(2));
    expect(statuses(world)).toEqual(['canceled', 'running']);
  });

  it('waits for GitLab while that is down, and tries again after growing pauses', async () => {
    const { world, instance } = await running();
    world.machines.deafAgents.add(instance.id);
    world.ec2.terminateInstances([instance.id]);
    await world.advance(seconds(1));
    world.outage.on = true;
    await world.advance(minutes(20));
    const failed = retries(world).length;
    world.outage.on = false;
    await world.advance(minutes(10));
    expect(failed).toBeLessThan(12);
    expect(retries(world).at(-1)).toBe('1→2');
  });
});
