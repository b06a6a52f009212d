import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { Fault } from '../../src/sandbox/gitlab/faults.ts';
import { API_TOKEN, closeDouble, gitlabDouble } from './gitlab-double.ts';

/** A GitLab double in virtual time, and a client that speaks to it over HTTP. */
export interface GitLabWire extends AsyncDisposable {
  readonly url: string;
  readonly client: GitLabClient;
  readonly gitlab: GitLab;
  readonly clock: VirtualClock;
  /** Makes GitLab's API answer with 503, or work again. */
  outage(on: boolean): void;
  /** Makes the double answer in another way. */
  fault(fault: Fault): void;
}

/** Starts the double. Disposing of it fails when something on the wire was not as GitLab documents it. */
export async function gitlabWire(): Promise<GitLabWire> {
  const world = await gitlabDouble();
  const { timers, double, gitlab } = world;
  const client = new GitLabClient({
    url: double.url,
    token: () => API_TOKEN,
    // Whoever waits lets the time pass itself, so that no test waits.
    clock: { now: () => timers.now(), sleep: (duration) => timers.advance(duration) },
    version: '0.0.0',
  });
  return {
    url: double.url,
    client,
    gitlab,
    clock: timers,
    outage: (on) => double.faults.set(on ? { kind: 'status', status: 503 } : { kind: 'none' }),
    fault: (fault) => double.faults.set(fault),
    [Symbol.asyncDispose]: () => closeDouble(world),
  };
}
