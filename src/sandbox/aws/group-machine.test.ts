import { describe, expect, it, vi } from 'vitest';
import { gone, isAlive, openRoom, patience, pidsIn } from '../../../test/support/machine-room.ts';
import { minutes, seconds } from '../../engine/time.ts';

describe('the machine of a group', () => {
  it('boots as any other, and runs on while a hook holds its end', async () => {
    await using room = await openRoom();
    const { model, groups, clock } = room.double;
    const { id: template } = model.createLaunchTemplate({
      name: 'linux',
      data: {
        imageId: 'ami-0a000000000000001',
        instanceType: 'm7i.large',
        userData: Buffer.from('#!/bin/sh\necho "pid $$"\nexec sleep 1000\n').toString('base64'),
      },
    });
    groups.createAutoScalingGroup({
      name: 'linux',
      minSize: 0,
      maxSize: 4,
      desiredCapacity: 1,
      template: { id: template },
      subnets: ['subnet-0a00000000000000a'],
      lifecycleHooks: [{ name: 'out', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' }],
    });
    await clock.advance(minutes(5));
    const [id = ''] = model.instances().map((record) => record.id);
    await room.saw(id, 'pid ');
    const pids = pidsIn(room.consoleOf(id));
    groups.terminateInstanceInAutoScalingGroup({ ids: [id], shouldDecrementDesiredCapacity: true });
    await clock.advance(minutes(50));
    expect(groups.group('linux')?.instances.map((one) => one.lifecycleState)).toEqual(['Terminating:Wait']);
    expect([room.state(id), pids.filter(isAlive)]).toEqual(['running', pids]);
    groups.completeLifecycleAction({ group: 'linux', hook: 'out', id, result: 'CONTINUE' });
    await clock.advance(seconds(10));
    await gone(pids);
    // The processes end in real time, the rest in that of the model.
    await vi.waitFor(async () => {
      await clock.advance(minutes(1));
      expect(groups.group('linux')?.instances).toEqual([]);
    }, patience);
    expect(room.state(id)).toBe('terminated');
  });
});
