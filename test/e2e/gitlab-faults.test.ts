import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/adapters/memory/gitlab/job.ts';
import type { Fault } from '../../src/sandbox/gitlab/faults.ts';
import { eventually } from '../support/eventually.ts';
import { openSandbox, poolIn, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

/** An idle instance may leave after this many seconds; readings are stale well before. */
const IDLE_SECONDS = 8;
const SCRIPT = ['echo works'];
const LINUX = { name: 'ordinary', tags: ['linux'], script: SCRIPT };
/** Nothing that runs at first serves it: it needs a purchase. */
const LARGE = { name: 'large', tags: ['linux', 'large'], script: SCRIPT };

interface Scene {
  readonly fault: Fault;
  /** What the log says of the first reading that failed. */
  readonly why: RegExp;
}

// Whichever request meets the fault first: of a throttled GitLab nothing else is asked.
const READING = String.raw`^(?:listing (?:the managers|pending and running jobs|the jobs of pipeline)|reading pool) .*?: `;
const REQUEST = String.raw` \(request [0-9a-f]{32}\); `;

const SCENES: readonly (readonly [name: string, scene: Scene])[] = [
  [
    'fails',
    {
      fault: { kind: 'status', status: 500 },
      why: new RegExp(`${READING}GitLab answered 500: 500 Scripted fault${REQUEST}`),
    },
  ],
  [
    'asks to slow down',
    {
      fault: { kind: 'rate-limit', retryAfter: 6 },
      // Whichever request meets it first: the others are not sent until GitLab's pause is over.
      why: new RegExp(`GitLab answered 429: Retry later${REQUEST}poll less often`),
    },
  ],
  [
    'answers with a web page',
    { fault: { kind: 'html' }, why: new RegExp(`${READING}GitLab answered with HTML.*${REQUEST}`) },
  ],
  [
    'hangs',
    {
      fault: { kind: 'hang' },
      why: new RegExp(`${READING}no whole answer from http://127.0.0.1:\\d+ within 1000 ms; check`),
    },
  ],
];

/** A sandbox with one idle instance, whose daemon reads GitLab every second. */
async function withIdleInstance(sandbox: WatchedSandbox): Promise<string> {
  await sandbox.restart(
    [['pollInterval'], '1s'],
    [['gitlab', 'timeout'], '1s'],
    [['pools', 'linux', 'idle', 'time'], `${IDLE_SECONDS}s`],
  );
  return eventually('the instance has just become idle', async () => {
    await succeeded(sandbox.submit(LINUX));
    const instance = await eventually('it is idle', async () =>
      poolIn(await sandbox.status(), 'linux').instances.find(({ phase }) => phase === 'idle'),
    );
    return (instance.idleSeconds ?? IDLE_SECONDS) <= 2 && instance.id;
  });
}

describe.concurrent('while GitLab', () => {
  it.for(SCENES)('%s, nothing leaves and nothing is bought; then it goes on', async ([, { fault, why }]) => {
    await using sandbox = await openSandbox();
    const idle = await withIdleInstance(sandbox);
    const daemon = sandbox.daemonId();
    sandbox.double.faults.set(fault);
    const waiting: readonly Job[] = sandbox.submit(LARGE);
    await eventually('the failure is in the log', async () =>
      (await sandbox.log()).some(
        ({ level, msg, why: said = '' }) =>
          level === 'error' && /^(?:reading|upkeep of) .* failed$/.test(msg) && why.test(said),
      ),
    );
    const status = await eventually('the instance has long been idle', async () => {
      const now = await sandbox.status();
      const instance = poolIn(now, 'linux').instances.find(({ id }) => id === idle);
      return (instance?.idleSeconds ?? 0) > IDLE_SECONDS + 3 && now;
    });
    const { holds, instances } = poolIn(status, 'linux');
    expect(instances).toMatchObject([{ id: idle, phase: 'idle' }]);
    expect(holds.join()).toMatch(/^no scale-in: jobs .*not freshly read: doubt never scales in$/);
    expect(status.totals).toMatchObject({ launched: 1, drained: 0 });
    expect(sandbox.ec2.instances().map(({ id }) => id)).toEqual([idle]);
    expect(waiting.map(({ status: now }) => now)).toEqual(['pending']);
    sandbox.double.faults.set({ kind: 'none' });
    await succeeded([...waiting, ...sandbox.submit(LINUX)]);
    await eventually('the recovery is in the log', async () =>
      (await sandbox.log()).some(({ msg, ...line }) => msg === 'read recovered' && line['source'] === 'jobs'),
    );
    expect(sandbox.daemonId()).toBe(daemon);
  });
});
