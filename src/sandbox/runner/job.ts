/** One variable of a job. */
export interface JobVariable {
  readonly key: string;
  readonly value: string;
  /** The variable holds the path of a file with this content. */
  readonly file: boolean;
  readonly masked: boolean;
  /** No other variable is put into its value. */
  readonly raw: boolean;
}

/** One script of a job, such as `script` and `after_script`. */
export interface JobStep {
  readonly name: string;
  readonly script: readonly string[];
  readonly when: 'on_success' | 'on_failure' | 'always';
  readonly allowFailure: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** A job as GitLab hands it over. */
export interface Job {
  readonly id: number;
  readonly token: string;
  readonly name: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly repoUrl: string;
  readonly variables: readonly JobVariable[];
  readonly steps: readonly JobStep[];
  /** The failure reasons that this GitLab knows. */
  readonly failureReasons: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const USUAL_TIMEOUT = 7200;
const ALWAYS_KNOWN = ['script_failure', 'runner_system_failure', 'job_execution_timeout'];

/** Reads GitLab's answer to a job request; undefined for what is no job. */
export function parseJob(body: string): Job | undefined {
  const job = fieldsOf(parseJson(body));
  const id = job['id'];
  const token = job['token'];
  const steps = listOf(job['steps']);
  if (typeof id !== 'number' || typeof token !== 'string' || steps.length === 0) return undefined;
  const timeout = secondsOf(fieldsOf(job['runner_info'])['timeout'], USUAL_TIMEOUT);
  return {
    id,
    token,
    name: textOf(fieldsOf(job['job_info'])['name']),
    timeout,
    repoUrl: textOf(fieldsOf(job['git_info'])['repo_url']),
    variables: listOf(job['variables']).map(readVariable),
    steps: steps.map((step) => readStep(step, timeout / 1000)),
    failureReasons: listOf(fieldsOf(job['features'])['failure_reasons']).map(textOf),
  };
}

/** The failure reason to report: the wanted one, or what a GitLab says that does not know it. */
export function reportedReason(job: Job, reason: string): string {
  const known = ALWAYS_KNOWN.includes(reason) || job.failureReasons.includes(reason);
  return known ? reason : 'unknown_failure';
}

function readVariable(value: unknown): JobVariable {
  const variable = fieldsOf(value);
  return {
    key: textOf(variable['key']),
    value: textOf(variable['value']),
    file: variable['file'] === true,
    masked: variable['masked'] === true,
    raw: variable['raw'] === true,
  };
}

function readStep(value: unknown, jobTimeout: number): JobStep {
  const step = fieldsOf(value);
  const when = step['when'];
  return {
    name: textOf(step['name']),
    script: listOf(step['script']).map(textOf),
    when: when === 'on_failure' || when === 'always' ? when : 'on_success',
    allowFailure: step['allow_failure'] === true,
    timeout: secondsOf(step['timeout'], jobTimeout),
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function secondsOf(value: unknown, usual: number): number {
  return (typeof value === 'number' && value > 0 ? value : usual) * 1000;
}
