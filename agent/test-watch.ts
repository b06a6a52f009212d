import { expect, vi } from 'vitest';
import type { TestMachine } from './test-machine.ts';

export const DRAIN_TAG = 'tags/instance/runtide:drain';
export const INTERRUPTION = 'spot/instance-action';
/** There on a member of an Auto Scaling group. */
export const GROUP_TAG = 'tags/instance/runtide:group';
/** What Auto Scaling is making of a member. */
export const TARGET_STATE = 'autoscaling/target-lifecycle-state';
export const WAITING = 'drained; waiting for Auto Scaling to take the instance\n';

/** Waits until `check` no longer throws. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 25_000, interval: 50 });
}

/** Waits for a line, or the start of one, on the console. */
export function says(machine: TestMachine, line: string): Promise<void> {
  return eventually(() => expect(machine.console()).toContain(`runtide: ${line}`));
}

/** Starts the agent and waits until the runner runs. */
export async function ready(machine: TestMachine): Promise<void> {
  machine.run();
  await says(machine, 'ready\n');
}

/** Waits until the agent has looked at a path another few times. */
export async function looksAgain(machine: TestMachine, path: string): Promise<void> {
  const before = machine.metadata.asked(path);
  await eventually(() => expect(machine.metadata.asked(path)).toBeGreaterThan(before + 2));
}

/** What an undrained machine must not show. */
export function disturbances(machine: TestMachine): string[] {
  const lines = machine.console().match(/^runtide: (draining|the runner exited).*$/gm) ?? [];
  return [...lines, ...['signals', 'powered-off'].filter((file) => machine.has(file))];
}
