import { z } from 'zod';
import { listOf, text } from './key-kinds.ts';

const VERSION = /^\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[0-9A-Za-z.-]{1,40})?$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** What the bootstrap takes; no user and password. */
const BINARY = /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/(?:[\w./:%+=-]|\{arch\}){1,400}$/;
const ECR_REGISTRY =
  /^(?:\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?|public\.ecr\.aws)$/;
const CONTAINER_IMAGE = /^[A-Za-z0-9][\w./:@+-]{0,400}$/;
const PACKAGE = /^[A-Za-z0-9][\w.+:=-]{0,100}$/;
const LOG_GROUP = /^[\w./-]{1,512}$/;
/** The characters of a script: no others than line ends and tabs that cannot be seen. */
const SCRIPT = /^(?=[\t\n]*[^\s])(?:[^\p{Cc}]|[\t\n]){1,8000}$/u;

function sum(processor: string) {
  return text(SHA256, 'a SHA-256 in 64 small hex digits', {
    description: `The SHA-256 of the binary for ${processor}, as release.sha256 of that release has it.`,
    mend: `copy the digits of binaries/gitlab-runner-linux-${processor} from the file release.sha256 of that release`,
  }).exactOptional();
}

const runnerSchema = z
  .strictObject({
    version: text(VERSION, 'a version such as 18.3.0', {
      description: 'The version of gitlab-runner.',
      example: '18.3.0',
    }),
    sha256: z.strictObject({ amd64: sum('amd64'), arm64: sum('arm64') }).meta({
      description: "The checksums of the binary, for the processors of the pool's types.",
      mend: 'write `amd64:` or `arm64:` below it, with the SHA-256 of that binary',
    }),
    url: text(BINARY, 'an http(s) address without credentials', {
      description:
        "Where the binary is; `{arch}` stands for amd64 or arm64. Where nothing is said, GitLab's own place for releases.",
      example: 'https://mirror.example.com/gitlab-runner-linux-{arch}',
    }).exactOptional(),
  })
  .meta({ description: 'The gitlab-runner that is installed, pinned.' });

/** What instances install at boot. */
export const bootstrapSchema = z
  .strictObject({
    runner: runnerSchema,
    ecrRegistries: listOf(
      text(ECR_REGISTRY, 'the host name of an ECR registry', {
        description: 'A registry.',
        example: '111122223333.dkr.ecr.eu-central-1.amazonaws.com',
      }),
      1,
      'host names of ECR registries',
      {
        description: 'Registries that Docker opens by the role of the instance, without keys.',
        example: '[111122223333.dkr.ecr.eu-central-1.amazonaws.com]',
      },
    ).exactOptional(),
    images: listOf(
      text(CONTAINER_IMAGE, 'the name of a container image', {
        description: 'An image.',
        example: "'alpine:3'",
      }),
      1,
      'names of container images',
      {
        description: 'Container images that are pulled before the first job; each makes the boot longer.',
        example: "['alpine:3']",
      },
    ).exactOptional(),
    packages: listOf(
      text(PACKAGE, 'the name of a package', { description: 'A package.', example: 'jq' }),
      1,
      'names of packages',
      { description: 'Further packages of the distribution.', example: '[jq]' },
    ).exactOptional(),
    logGroup: text(LOG_GROUP, 'the name of a CloudWatch log group', {
      description:
        "The CloudWatch log group of the instances' logs. Where nothing is said, the journal keeps them on the instance.",
      example: '/runtide/linux',
    }).exactOptional(),
  })
  .meta({
    description:
      'Makes instances of an image that lacks them install the runner, the AWS CLI and, for the docker executor, Docker when they boot.',
    applies: 'drifts',
    mend: 'write `runner:` below it, with `version` and `sha256`',
  });

function script(when: string, example: string) {
  return text(SCRIPT, 'a shell script of at most 8000 characters, with Unix line ends', {
    description: `A script that root runs on an instance at each boot, ${when}: inline, or a file by \`\${file:…}\`. No secrets: whoever may describe an instance can read it.`,
    applies: 'drifts',
    example,
  });
}

/** What runs before anything is installed. */
export const preInstallSchema = script(
  'before anything is installed and before the runner starts',
  '${file:pre-install.sh}',
);

/** What runs after everything is installed. */
export const postInstallSchema = script(
  'after everything is installed and before the runner starts',
  'timedatectl set-timezone Europe/Berlin',
);
