import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { groupWorld, refusalOf } from '../../../../test/support/group-world.ts';
import { stateOf } from '../ec2/instance-record.ts';
import type { LifecycleResult } from './group-requests.ts';

const LAUNCHING = { name: 'launch', transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' } as const;
const TERMINATING = { name: 'end', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' } as const;

async function world(...[change, options]: Parameters<typeof groupWorld>) {
  const made = groupWorld({ lifecycleHooks: [TERMINATING], desiredCapacity: 1, ...change }, options);
  await made.clock.advance(seconds(15));
  const [first] = made.group().instances;
  const id = first?.id ?? '';
  const complete = (result: LifecycleResult, hook = 'end', of = id): void =>
    made.groups.completeLifecycleAction({ group: 'pool', hook, id: of, result });
  const end = (decrement = true): void => {
    made.groups.terminateInstanceInAutoScalingGroup({ ids: [id], shouldDecrementDesiredCapacity: decrement });
  };
  const state = (of = id): string | undefined =>
    made.group().instances.find((one) => one.id === of)?.lifecycleState;
  const machine = (): string | undefined => {
    const record = made.ec2.instance(id);
    return record === undefined ? undefined : stateOf(record);
  };
  return { ...made, id, complete, end, state, machine };
}

describe('a launching hook', () => {
  const launching = { lifecycleHooks: [LAUNCHING] };

  it('holds an instance that runs until it is completed', async () => {
    const { clock, ec2, actions, id, state, complete, said } = await world(launching);
    expect(state()).toBe('Pending:Wait');
    expect(ec2.instance(id)?.life.at(-1)?.state).toBe('running');
    expect(actions).toEqual([
      {
        group: 'pool',
        groupArn: expect.stringMatching(/autoScalingGroupName\/pool$/),
        hook: 'launch',
        transition: LAUNCHING.transition,
        id,
        token: expect.stringMatching(/^[0-9a-f-]{36}$/),
        at: expect.any(Number),
        notificationMetadata: undefined,
      },
    ]);
    expect(said()).toEqual([`MidLifecycleAction: Launching a new EC2 instance: ${id}`]);
    complete('CONTINUE', 'launch');
    expect(state()).toBe('Pending:Proceed');
    await clock.advance(seconds(2));
    expect(state()).toBe('InService');
    expect(said()).toEqual([`Successful: Launching a new EC2 instance: ${id}`]);
  });

  it('that is abandoned ends the instance, and another one comes', async () => {
    const { clock, id, state, states, complete, machine, said } = await world(launching);
    complete('ABANDON', 'launch');
    expect(state()).toBe('Terminating');
    await clock.advance(seconds(15));
    expect(state()).toBeUndefined();
    expect(machine()).toBe('terminated');
    expect(states()).toEqual(['Pending:Wait']);
    expect(said().filter((line) => line.startsWith('Failed'))).toHaveLength(1);
    expect(said()).toContain(`Successful: Terminating EC2 instance: ${id}`);
  });

  it('lets several hooks wait at once, for all of which it waits', async () => {
    const lifecycleHooks = [LAUNCHING, { ...LAUNCHING, name: 'second' }];
    const { actions, state, complete } = await world({ lifecycleHooks });
    expect(actions.map(({ hook }) => hook)).toEqual(['launch', 'second']);
    complete('CONTINUE', 'second');
    expect(state()).toBe('Pending:Wait');
    complete('CONTINUE', 'launch');
    expect(state()).toBe('Pending:Proceed');
  });

  it('is abandoned when it is deleted', async () => {
    const { groups, state } = await world(launching);
    groups.deleteLifecycleHook('pool', 'launch');
    expect(state()).toBe('Terminating');
    expect(groups.describeLifecycleHooks('pool')).toEqual([]);
  });
});

describe('a terminating hook', () => {
  it('holds an instance whose machine runs on', async () => {
    const { clock, end, state, machine, complete, groups, actions } = await world();
    end();
    expect(state()).toBe('Terminating:Wait');
    expect(groups.group('pool')?.desiredCapacity).toBe(0);
    await clock.advance(minutes(30));
    expect(machine()).toBe('running');
    expect(actions.map(({ transition }) => transition)).toEqual([TERMINATING.transition]);
    complete('CONTINUE');
    expect(state()).toBe('Terminating:Proceed');
    expect(machine()).toBe('shutting-down');
    await clock.advance(seconds(5));
    expect(state()).toBeUndefined();
  });

  it('runs out after its time-out, from the last heartbeat on', async () => {
    const { clock, groups, end, id, state } = await world();
    end();
    await clock.advance(minutes(50));
    groups.recordLifecycleActionHeartbeat({ group: 'pool', hook: 'end', id });
    await clock.advance(minutes(59));
    expect(state()).toBe('Terminating:Wait');
    await clock.advance(minutes(1));
    expect(state()).toBe('Terminating:Proceed');
  });

  it('runs out after 100 time-outs, whatever the heartbeats', async () => {
    const hook = { ...TERMINATING, heartbeatTimeout: seconds(30) };
    const { clock, groups, end, id, state, actions } = await world({ lifecycleHooks: [hook] });
    end();
    const token = actions.at(-1)?.token ?? '';
    for (let minute = 0; minute < 149; minute++) {
      await clock.advance(seconds(20));
      groups.recordLifecycleActionHeartbeat({ group: 'pool', hook: 'end', token });
    }
    expect(state()).toBe('Terminating:Wait');
    expect(refusalOf(() => groups.recordLifecycleActionHeartbeat({ group: 'pool', hook: 'end', id }))).toBe(
      'no error',
    );
    await clock.advance(seconds(20));
    expect(state()).toBe('Terminating:Proceed');
  });

  it('waits for at most 48 hours', async () => {
    const { groups } = await world({ lifecycleHooks: [{ ...TERMINATING, heartbeatTimeout: seconds(7200) }] });
    const [hook] = groups.describeLifecycleHooks('pool');
    expect(hook?.globalTimeout).toBe(minutes(48 * 60));
  });

  it('that is abandoned ends the machine all the same, and drops the other hooks', async () => {
    const { end, state, complete } = await world({
      lifecycleHooks: [TERMINATING, { ...TERMINATING, name: 'other' }],
    });
    end();
    complete('ABANDON');
    expect(state()).toBe('Terminating:Proceed');
    expect(refusalOf(() => complete('CONTINUE', 'other'))).toMatch(
      /^ValidationError: No active Lifecycle Action/,
    );
  });

  it('that is deleted lets the instance go', async () => {
    const { groups, end, state } = await world();
    end();
    groups.deleteLifecycleHook('pool', 'end');
    expect(state()).toBe('Terminating:Proceed');
  });

  it('is started also for a machine that is gone already', async () => {
    const { clock, ec2, id, state, complete, actions } = await world();
    ec2.terminateInstances([id]);
    await clock.advance(minutes(1));
    expect(state()).toBe('Terminating:Wait');
    expect(actions.map((one) => one.id)).toContain(id);
    complete('CONTINUE');
    expect(state()).toBeUndefined();
  });

  it('waits on while its machine ends meanwhile', async () => {
    const { clock, ec2, id, end, state, complete } = await world();
    end();
    ec2.powerOff(id);
    ec2.terminateInstances([id]);
    await clock.advance(minutes(5));
    expect(state()).toBe('Terminating:Wait');
    complete('CONTINUE');
    expect(state()).toBeUndefined();
  });
});

describe('an abandoned termination under a policy that retains', () => {
  const retaining = { instanceLifecyclePolicy: { terminateHookAbandon: 'retain' } } as const;

  it('keeps the machine, which counts no more, until somebody ends it', async () => {
    const { clock, end, state, machine, complete, states } = await world(retaining);
    end(false);
    complete('ABANDON');
    expect(state()).toBe('Terminating:Retained');
    await clock.advance(minutes(72 * 60));
    expect(machine()).toBe('running');
    expect(states()).toEqual(['Terminating:Retained', 'InService']);
    end();
    expect(state()).toBe('Terminating:Proceed');
    await clock.advance(seconds(30));
    expect(states()).toEqual(['InService']);
  });

  it('is the outcome of a time-out too', async () => {
    const { clock, end, state } = await world(retaining);
    end();
    await clock.advance(minutes(61));
    expect(state()).toBe('Terminating:Retained');
  });

  it('keeps no machine that is gone already', async () => {
    const { clock, ec2, id, state, complete } = await world(retaining);
    ec2.terminateInstances([id]);
    await clock.advance(minutes(1));
    complete('ABANDON');
    expect(state()).toBeUndefined();
  });
});

describe('hooks', () => {
  it('keep what a change does not name', async () => {
    const { groups } = await world();
    groups.putLifecycleHook({ group: 'pool', name: 'end', defaultResult: 'CONTINUE' });
    groups.putLifecycleHook({ group: 'pool', name: 'end', heartbeatTimeout: seconds(60) });
    expect(groups.describeLifecycleHooks('pool', ['end'])).toMatchObject([
      {
        transition: TERMINATING.transition,
        heartbeatTimeout: seconds(60),
        globalTimeout: seconds(6000),
        defaultResult: 'CONTINUE',
      },
    ]);
  });

  it('are refused where they cannot be', async () => {
    const { groups } = await world({}, { apiLimits: 'none' });
    const put = (change: object): string =>
      refusalOf(() => groups.putLifecycleHook({ group: 'pool', ...TERMINATING, ...change }));
    expect(put({ heartbeatTimeout: seconds(29) })).toMatch(/^ValidationError/);
    expect(put({ name: 'new', transition: undefined })).toMatch(/^ValidationError/);
    expect(put({ group: 'other' })).toMatch(/^ValidationError: AutoScalingGroup name not found/);
    for (let number = 1; number < 50; number++) put({ name: `hook-${number}` });
    expect(put({ name: 'one-too-many' })).toMatch(/^LimitExceeded/);
  });

  it('have no action to complete for an instance that does not wait', async () => {
    const { complete, id } = await world();
    expect(refusalOf(() => complete('CONTINUE'))).toBe(
      `ValidationError: No active Lifecycle Action found with instance ID ${id}`,
    );
  });
});
