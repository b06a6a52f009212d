import type { Architecture } from './architecture.ts';
import { BootstrapError } from './bootstrap-error.ts';

/** A release of gitlab-runner that nothing else can take the place of. */
export interface RunnerRelease {
  /** Such as `18.3.0`. */
  readonly version: string;
  /** Of the binary for the machine's architecture: 64 small hex digits. */
  readonly sha256: string;
  /** Where the binary is; default: GitLab's own place for releases. */
  readonly url?: string;
}

/** What the bootstrap installs and configures. */
export interface BootstrapSettings {
  readonly runner: RunnerRelease;
  readonly docker: boolean;
  /** Who may read the instance metadata: root alone, or all users. */
  readonly metadataFor: 'root' | 'all';
  readonly registryMirror?: string;
  /** Host names of ECR registries. */
  readonly ecrRegistries: readonly string[];
  /** Container images that are there before the first job. */
  readonly images: readonly string[];
  /** Further packages of the distribution. */
  readonly packages: readonly string[];
  /** Address of a proxy, without user and password. */
  readonly proxy?: string;
  /** What is reached without the proxy, besides the machine itself and the metadata. */
  readonly direct: readonly string[];
  /** CloudWatch log group. */
  readonly logGroup?: string;
}

const VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** As the bootstrap takes them: a comma stands between the values of a list. */
const PLAIN = /^[\w./:@%+=-]+$/;

function refused(what: string, value: string, next: string): BootstrapError {
  return new BootstrapError(
    `writing the settings of the bootstrap: ${what} is ${JSON.stringify(value)}; ${next}`,
  );
}

function urlOf({ version, url }: RunnerRelease, architecture: Architecture): string {
  return (
    url ??
    `https://gitlab-runner-downloads.s3.amazonaws.com/v${version}/binaries/gitlab-runner-linux-${architecture}`
  );
}

function check({ runner, docker, proxy, ...settings }: BootstrapSettings): void {
  if (!VERSION.test(runner.version)) {
    throw refused('the version of gitlab-runner', runner.version, 'name one such as 18.3.0');
  }
  if (!SHA256.test(runner.sha256)) {
    throw refused(
      'the SHA-256 of gitlab-runner',
      runner.sha256,
      'name the 64 small hex digits that GitLab publishes with the release',
    );
  }
  // Not quoted: it may hold a password.
  if (proxy?.includes('@') === true) {
    throw new BootstrapError(
      'writing the settings of the bootstrap: the proxy has a user; take one that asks for none, because neither an image nor user data is a place for secrets',
    );
  }
  const forDocker = [...settings.ecrRegistries, ...settings.images, settings.registryMirror ?? ''].join('');
  if (!docker && forDocker !== '') {
    throw new BootstrapError(
      'writing the settings of the bootstrap: images, mirror or ECR without Docker; install Docker, or leave them out',
    );
  }
}

function line([key, values]: readonly [string, readonly string[]]): string {
  for (const value of values) {
    if (!PLAIN.test(value)) {
      throw refused(key, value, 'use letters, digits and _ . / : @ % + = - only');
    }
  }
  return values.length === 0 ? '' : `${key}=${values.join(',')}\n`;
}

function optional(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

/** The bootstrap's settings file. Throws for what the bootstrap would refuse. */
export function renderBootstrapSettings(settings: BootstrapSettings, architecture: Architecture): string {
  check(settings);
  const { runner } = settings;
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['RUNTIDE_RUNNER_VERSION', [runner.version]],
    ['RUNTIDE_RUNNER_SHA256', [runner.sha256]],
    ['RUNTIDE_RUNNER_URL', [urlOf(runner, architecture)]],
    ['RUNTIDE_DOCKER', [settings.docker ? 'yes' : 'no']],
    ['RUNTIDE_METADATA_FOR', [settings.metadataFor]],
    ['RUNTIDE_REGISTRY_MIRROR', optional(settings.registryMirror)],
    ['RUNTIDE_ECR_REGISTRIES', settings.ecrRegistries],
    ['RUNTIDE_IMAGES', settings.images],
    ['RUNTIDE_PACKAGES', settings.packages],
    ['RUNTIDE_PROXY', optional(settings.proxy)],
    ['RUNTIDE_NO_PROXY', settings.direct],
    ['RUNTIDE_LOG_GROUP', optional(settings.logGroup)],
  ];
  return lines.map(line).join('');
}
