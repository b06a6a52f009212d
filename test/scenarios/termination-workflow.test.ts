import { describe, expect, it } from 'vitest';
import {
  stepTermination,
  type Termination,
  type TerminationProgress,
} from '../../src/controller/termination-workflow.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';
import type { WorldOptions } from '../support/world-options.ts';

const NEVER = new AbortController().signal;
const A_DAY = minutes(24 * 60);

/** A world whose passes leave the ends of members to a workflow each, as a state machine runs them. */
class Workflows {
  readonly world: World;
  readonly steps: TerminationProgress[] = [];
  readonly failures: string[] = [];

  constructor(options: WorldOptions = {}) {
    this.world = new World({ pools: [worldPool({ group: { heartbeat: minutes(60) } })], ...options });
    const { world } = this;
    world.policy = { ...world.policy, terminations: 'workflows' };
    world.autoScaling.onLifecycleAction(({ transition, id: instance }) => {
      if (transition !== 'autoscaling:EC2_INSTANCE_TERMINATING') return;
      this.#run({ pool: 'linux', instance }).catch((error: unknown) => this.failures.push(String(error)));
    });
  }

  /** Begins the workflow of one member, as a rule of EventBridge does. */
  async #run(begun: Termination): Promise<void> {
    const ports = { ...this.world.ports(), policy: () => this.world.policy };
    let state: Termination = begun;
    for (;;) {
      try {
        // What a step answers goes through the state machine as JSON.
        const progress = await stepTermination(state, ports, NEVER);
        this.steps.push(progress);
        if (progress.done) return;
        state = JSON.parse(JSON.stringify(progress));
        await this.world.clock.sleep(seconds(progress.waitSeconds));
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
        await this.world.clock.sleep(seconds(15));
      }
    }
  }

  /** A member that runs a job of three hours, which its group ends. */
  async endBusy(): Promise<void> {
    const { world } = this;
    world.start();
    world.submit(1, { duration: minutes(180), timeout: A_DAY });
    await world.advanceUntil(() => world.lifecycleOf(world.alive()[0]?.id ?? '') === 'InService');
    world.autoScaling.terminateInstanceInAutoScalingGroup({
      ids: world.alive().map(({ id }) => id),
      shouldDecrementDesiredCapacity: true,
    });
  }

  count(did: TerminationProgress['did']): number {
    return this.steps.filter((step) => step.did === did).length;
  }
}

describe('the end of a member as a workflow', () => {
  it('drains it, has its group wait for hours, and goes on when its job has ended', async () => {
    const workflows = new Workflows();
    await workflows.endBusy();
    const { world } = workflows;
    await world.advance(minutes(4 * 60));
    expect(world.jobs('success')).toBe(1);
    expect(workflows.count('drain')).toBe(1);
    expect(workflows.count('heartbeat')).toBeGreaterThan(7);
    expect(workflows.steps.at(-1)).toMatchObject({ done: true, did: 'complete', because: 'drained' });
    expect(world.alive()).toEqual([]);
    const byPasses = world
      .eventsNamed('acted')
      .filter(({ outcome: { action } }) => 'hook' in action && action.hook === 'termination');
    expect(byPasses).toEqual([]);
  });

  it('waits through an hour without GitLab', async () => {
    const workflows = new Workflows();
    await workflows.endBusy();
    const { world } = workflows;
    await world.advance(minutes(150));
    world.outage.on = true;
    await world.advance(minutes(90));
    expect(world.alive()).toHaveLength(1);
    expect(workflows.steps.at(-1)?.done).toBe(false);
    world.outage.on = false;
    await world.advance(minutes(10));
    expect(world.jobs('failed')).toBe(0);
    expect(workflows.steps.at(-1)).toMatchObject({ done: true, because: 'drained' });
    expect(world.alive()).toEqual([]);
  });

  it('takes a step again that failed', async () => {
    let refused = 0;
    const workflows = new Workflows({
      groups: (groups) => ({
        cancel: (pool, count, signal) => groups.cancel(pool, count, signal),
        heartbeat: (pool, id, hook, signal) => groups.heartbeat(pool, id, hook, signal),
        async complete(pool, id, hook, signal) {
          if (hook === 'termination' && refused++ < 2) throw new Error('no answer');
          await groups.complete(pool, id, hook, signal);
        },
      }),
    });
    await workflows.endBusy();
    await workflows.world.advance(minutes(4 * 60));
    expect(workflows.failures).toEqual(['no answer', 'no answer']);
    expect(workflows.world.jobs('success')).toBe(1);
    expect(workflows.world.alive()).toEqual([]);
  });

  it('goes on at once where the machine is gone', async () => {
    const workflows = new Workflows();
    const { world } = workflows;
    world.start();
    world.submit(1, { duration: minutes(180), timeout: A_DAY });
    await world.advanceUntil(() => world.lifecycleOf(world.alive()[0]?.id ?? '') === 'InService');
    world.ec2.terminateInstances(world.alive().map(({ id }) => id));
    await world.advance(minutes(5));
    expect(workflows.steps[0]).toMatchObject({ done: true, because: 'machine gone' });
  });

  it('has nothing to do where somebody else has gone on', async () => {
    const workflows = new Workflows();
    await workflows.endBusy();
    const { world } = workflows;
    await world.advance(minutes(30));
    const [busy] = world.alive();
    const { name: group } = world.group();
    world.autoScaling.completeLifecycleAction({
      group,
      hook: 'runtide-terminate',
      id: busy?.id,
      result: 'CONTINUE',
    });
    await world.advance(minutes(5));
    expect(workflows.steps.at(-1)?.done).toBe(true);
    expect(workflows.failures).toEqual([]);
    expect(world.alive()).toEqual([]);
  });
});
