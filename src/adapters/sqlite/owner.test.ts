import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import { isGone, type Owner, thisProcess } from './owner.ts';

const self = thisProcess();

async function exitedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** Another process of this host, by default one that lives: this one's parent. */
function other(changes: Partial<Owner>): Owner {
  const { startTicks: _, ...known } = self;
  return { ...known, pid: process.ppid, id: 'other', ...changes };
}

describe('this process as an owner', () => {
  it('is a new owner at each call, of the same process', () => {
    const again = thisProcess();
    expect(again.id).not.toBe(self.id);
    expect({ ...again, id: self.id }).toStrictEqual(self);
  });

  it('is not gone', () => {
    expect(isGone(thisProcess(), self)).toBe(false);
  });
});

describe('another owner', () => {
  it('is gone when its process does not exist', async () => {
    const pid = await exitedPid();
    expect(isGone(other({ pid }), self)).toBe(true);
  });

  it('is not gone while its process exists', () => {
    expect(isGone(other({}), self)).toBe(false);
  });

  it('is not gone when its process belongs to another user, or to the kernel', () => {
    expect(isGone(other({ pid: 1 }), self)).toBe(false);
  });

  it('is unsure, so not gone, on another host or after another boot', async () => {
    const pid = await exitedPid();
    expect(isGone(other({ pid, host: 'elsewhere' }), self)).toBe(false);
    expect(isGone(other({ pid, bootId: 'another-boot' }), self)).toBe(false);
  });

  it('is gone when this process has its id but another start', () => {
    const earlier = { ...self, id: 'earlier', startedAt: '2026-01-01T00:00:00.000Z' };
    expect(isGone({ ...earlier, startTicks: 1 }, { ...self, startTicks: 2 })).toBe(true);
    const { startTicks: _, ...withoutTicks } = earlier;
    expect(isGone(withoutTicks, self)).toBe(true);
    expect(isGone({ ...withoutTicks, startedAt: self.startedAt }, self)).toBe(false);
  });

  it.skipIf(self.startTicks === undefined)('is gone when a later process got its id', () => {
    expect(isGone(other({ startTicks: 1 }), self)).toBe(true);
  });

  it('is unsure, so not gone, in another process id namespace', async () => {
    const pid = await exitedPid();
    expect(isGone(other({ pid, pidNamespace: 'pid:[1]' }), self)).toBe(false);
  });

  it('is gone in another process id namespace of one container, which was restarted', () => {
    const now = { ...self, host: '4f66ad9a0b2e', pid: 1 };
    expect(isGone({ ...now, id: 'earlier', pidNamespace: 'pid:[1]' }, now)).toBe(true);
    expect(isGone({ ...now, id: 'other', pidNamespace: 'pid:[1]', host: '0123456789ab' }, now)).toBe(false);
  });
});
