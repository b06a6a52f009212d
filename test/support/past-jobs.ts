import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { type Duration, minutes } from '../../src/engine/time.ts';

/** Lets jobs run in the model of GitLab, so that it has a past. */
export class PastJobs {
  readonly #gitlab: GitLab;
  readonly #clock: VirtualClock;
  readonly #token: string;

  constructor(gitlab: GitLab, clock: VirtualClock) {
    this.#gitlab = gitlab;
    this.#clock = clock;
    this.#token = gitlab.addRunner({ tags: ['linux'], runUntagged: true }).token;
  }

  /** A pipeline of so many jobs that have all ended, each after `lasting`; every seventh has failed. */
  async run(project: number, count: number, lasting: Duration = minutes(2)): Promise<void> {
    const jobs = Array.from({ length: count }, (_, index) => ({
      name: `unit ${index + 1}`,
      stage: 'test',
      tags: ['linux'],
    }));
    this.#gitlab.createPipeline(project, { stages: ['test'], jobs });
    const taken = jobs.map(() => this.#gitlab.requestJob({ token: this.#token, systemId: 'r_000000000001' }));
    await this.#clock.advance(lasting);
    for (const [index, job] of taken.entries()) {
      if (job === undefined) throw new Error('there is no job to run');
      const state = index % 7 === 6 ? 'failed' : 'success';
      this.#gitlab.updateJob(job.token, {
        state,
        failureReason: 'script_failure',
        exitCode: Number(state === 'failed'),
      });
    }
    await this.#clock.advance(minutes(1));
  }

  /** A pipeline whose only job runs on. */
  begin(project: number): void {
    this.#gitlab.createPipeline(project, {
      stages: ['test'],
      jobs: [{ name: 'still running', stage: 'test' }],
    });
    this.#gitlab.requestJob({ token: this.#token, systemId: 'r_000000000002' });
  }

  /** Numbers of the jobs that have ended, newest first. */
  ended(project: number): readonly number[] {
    return this.#gitlab
      .jobsOfProject(project, { statuses: ['success', 'failed', 'canceled'] })
      .map(({ id }) => id);
  }
}
