import { describe, expect, it } from 'vitest';
import { ended, programPath, TestMachine } from './test-machine.ts';
import { DRAIN_TAG, eventually, disturbances, INTERRUPTION, looksAgain, ready, says } from './test-watch.ts';

describe.concurrent('doubt', { timeout: 60_000 }, () => {
  it.for([500, 503, 403])('takes metadata that answers %d for no drain', async (status) => {
    await using machine = await TestMachine.create();
    await ready(machine);
    machine.metadata.failAll({ status, body: '{"action":"terminate","time":"2020-01-01T00:00:00Z"}' });
    await looksAgain(machine, DRAIN_TAG);
    expect(disturbances(machine)).toEqual([]);
  });

  it('takes metadata that hangs for no drain, and watches on', async () => {
    await using machine = await TestMachine.create();
    await ready(machine);
    machine.metadata.fail(DRAIN_TAG, 'hang');
    await looksAgain(machine, DRAIN_TAG);
    expect(disturbances(machine)).toEqual([]);
    machine.metadata.set(DRAIN_TAG, 'idle');
    await says(machine, 'draining: idle\n');
  });

  it('takes metadata that is gone for no drain', async () => {
    await using machine = await TestMachine.create();
    const agent = machine.run();
    await says(machine, 'ready\n');
    const port = new URL(machine.metadata.url).port;
    await machine.metadata.stop();
    await machine.install(
      'curl',
      `#!/bin/sh\necho >>"$RUNTIDE_ROOT/tries"\nexec ${programPath('curl') ?? ''} "$@"\n`,
    );
    await eventually(() => expect(machine.read('tries').length).toBeGreaterThan(6));
    expect(disturbances(machine)).toEqual([]);
    await machine.metadata.restart(Number(port));
    machine.metadata.set(DRAIN_TAG, 'idle');
    expect(await ended(agent)).toBe(0);
  });

  it('takes no notice without an action for an interruption', async () => {
    await using machine = await TestMachine.create();
    await ready(machine);
    machine.metadata.set(INTERRUPTION, '<html>a captive portal</html>');
    await looksAgain(machine, DRAIN_TAG);
    expect(disturbances(machine)).toEqual([]);
  });

  it('renews a refused token at once', async () => {
    await using machine = await TestMachine.create();
    await ready(machine);
    machine.metadata.forgetTokens();
    await looksAgain(machine, DRAIN_TAG);
    expect(machine.metadata.tokens).toBe(2);
    expect(disturbances(machine)).toEqual([]);
    machine.metadata.set(DRAIN_TAG, 'idle');
    await says(machine, 'draining: idle\n');
  });

  it('renews its token long before it ends', async () => {
    await using machine = await TestMachine.create();
    await ready(machine);
    await looksAgain(machine, DRAIN_TAG);
    expect(machine.metadata.tokens).toBe(1);
    await machine.advance(3 * 3600 + 60);
    await eventually(() => expect(machine.metadata.tokens).toBe(2));
    await looksAgain(machine, DRAIN_TAG);
    expect(disturbances(machine)).toEqual([]);
  });

  it('notes a rebalance recommendation once and goes on', async () => {
    await using machine = await TestMachine.create();
    await ready(machine);
    machine.metadata.set('events/recommendations/rebalance', '{"noticeTime":"2026-01-01T00:00:00Z"}');
    await says(machine, 'rebalance recommended: {"noticeTime":"2026-01-01T00:00:00Z"}\n');
    await looksAgain(machine, DRAIN_TAG);
    expect(machine.console().match(/rebalance/g)).toHaveLength(1);
    expect(disturbances(machine)).toEqual([]);
  });
});
