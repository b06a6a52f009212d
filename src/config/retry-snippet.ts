/**
 * Why GitLab says that a job failed whose instance was taken, in every release that `retry:when` takes these words of:
 * the runner said that it was told to stop (in words that depend on its release), or said nothing any more.
 */
const REASONS = ['runner_system_failure', 'unknown_failure', 'stuck_or_timeout_failure'] as const;

/**
 * What lets a job run again that spot has taken, for the pipelines of a pool that buys spot. GitLab before 19.1 refuses
 * a pipeline with a reason that it does not know; from 19.1 on `runner_interrupted` belongs into the list as well.
 */
export const RETRY_SNIPPET = `retry: { max: 2, when: [${REASONS.join(', ')}] }`;

/** The reason that GitLab has from 19.1 on, and runners of that time report. */
export const RETRY_REASON_FROM_19_1 = 'runner_interrupted';
