import { arch, platform } from 'node:os';

/** The release of GitLab's runner whose protocol this one speaks. */
export const VERSION = '19.4.0';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

function architecture(): string {
  return ARCHITECTURES[arch()] ?? arch();
}

export const USER_AGENT = `gitlab-runner ${VERSION} (built-in; node; ${platform()}/${architecture()})`;

/** What a runner says of itself in its requests: only what it can do is true. */
export function runnerInfo(): object {
  return {
    name: 'gitlab-runner',
    version: VERSION,
    revision: 'built-in',
    platform: platform(),
    architecture: architecture(),
    executor: 'shell',
    shell: 'bash',
    features: {
      variables: true,
      raw_variables: true,
      masking: true,
      multi_build_steps: true,
      return_exit_code: true,
      cancelable: true,
      cancel_gracefully: true,
      two_phase_job_commit: true,
      trace_reset: true,
      trace_checksum: true,
      trace_size: true,
      refspecs: false,
      artifacts: false,
      cache: false,
      image: false,
      services: false,
      session: false,
      terminal: false,
      job_inputs: false,
      native_steps_integration: false,
    },
    config: { gpus: '' },
    labels: {},
  };
}
