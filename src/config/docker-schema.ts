import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { address, decimal, duration, listOf, oneOf, text, yesOrNo } from './key-kinds.ts';
import { environmentSchema } from './runner-schema.ts';

/** `/cache`, `/host:/container` or `/host:/container:ro`. */
const VOLUME = /^[^\s:,]{1,200}(?::\/[^\s:,]{0,200}(?::[a-zA-Z,]{1,30})?)?$/;
const IMAGE = /^[^\s]{1,500}$/;
const SIZE = /^[1-9]\d{0,12}[bkmg]?$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/;
const EXTRA_HOST = /^[A-Za-z0-9_.-]{1,253}:[0-9A-Za-z:.-]{1,60}$/;
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9_.-]*(?:[ ,]+[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;
const UNITS: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

const PULL_POLICIES = ['always', 'if-not-present', 'never'] as const;

function image(doc: { readonly description: string; readonly example: string }) {
  return text(IMAGE, 'the name of a container image, without spaces', doc);
}

function size(doc: { readonly description: string; readonly example: string }) {
  return text(SIZE, 'a size with the unit b, k, m or g, such as 4g', doc);
}

/** The bytes of a size. */
function bytes(written: string): number {
  return Number.parseInt(written, 10) * (UNITS[written.at(-1) ?? ''] ?? 1);
}

function words(description: string, example: string) {
  return z
    .array(z.string().min(1).max(500).meta({ description: 'A word.', allowed: 'a text', example: 'sh' }))
    .meta({ description, allowed: 'a list of words', example });
}

const PATTERN = 'the name of a container image, with * for any part of it';

function images(description: string, example: string) {
  return listOf(
    text(IMAGE, PATTERN, { description: 'An image.', example: "'ruby:*'" }),
    1,
    'names of images, with * for any part',
    { description, example },
  );
}

const serviceSchema = z
  .strictObject({
    name: image({ description: 'The image of the service.', example: "'docker:27-dind'" }),
    alias: text(ALIAS, 'host names, with spaces or commas between them', {
      description: 'The host names by which jobs reach it. Where nothing is said, those of its image.',
      example: 'docker',
    }).exactOptional(),
    entrypoint: words('What it starts in place of the entrypoint of its image.', '[dockerd]').exactOptional(),
    command: words('What it is told to do.', '[--mtu=1400]').exactOptional(),
    environment: environmentSchema.exactOptional(),
  })
  .meta({ description: 'A container that runs beside every job.', example: "{name: 'docker:27-dind'}" });

/** The docker executor. */
export const dockerSchema = z
  .strictObject({
    image: image({ description: 'The image of jobs that name none.', example: "'alpine:3'" }),
    privileged: yesOrNo({
      description:
        'Whether containers run privileged, as Docker-in-Docker needs. A privileged job owns its instance, and with it the token of the pool: see docs/security.md.',
    }).prefault(false),
    volumes: listOf(
      text(VOLUME, 'a volume such as /cache or /host:/container:ro', {
        description: 'A volume of every job container.',
        example: '/cache',
      }),
      1,
      'volumes such as /cache or /host:/container:ro',
      {
        description: 'Volumes of every job container. Those of the instance are shared by all jobs on it.',
        example: '[/cache]',
      },
    ).exactOptional(),
    services: listOf(
      serviceSchema,
      1,
      'services, each a map with `name`',
      {
        description: 'Containers that run beside every job, besides those that it names itself.',
        example: "[{name: 'docker:27-dind', alias: docker}]",
      },
      (service) => JSON.stringify(service),
    ).exactOptional(),
    waitForServicesTimeout: duration(seconds(0), minutes(60), {
      description:
        "How long a job waits for its services; 0s: it does not wait. Where nothing is said, GitLab Runner's 30s.",
      example: '30s',
    }).exactOptional(),
    pullPolicy: oneOf(PULL_POLICIES, {
      description: "When images are pulled. Where nothing is said, GitLab Runner's own `always`.",
      example: 'if-not-present',
    }).exactOptional(),
    allowedPullPolicies: listOf(
      oneOf(PULL_POLICIES, { description: 'A pull policy.', example: 'always' }),
      1,
      'pull policies',
      {
        description:
          'The pull policies that jobs may ask for. Where nothing is said, only that of `pullPolicy`.',
        example: '[always, if-not-present]',
      },
    ).exactOptional(),
    allowedImages: images(
      'The images that jobs may name. Where nothing is said, all.',
      "['registry.example.com/*']",
    ).exactOptional(),
    allowedServices: images(
      'The images that jobs may name for services. Where nothing is said, all.',
      "['postgres:*']",
    ).exactOptional(),
    memory: size({
      description: 'The most memory of a job container. Where nothing is said, all of the instance.',
      example: '4g',
    }).exactOptional(),
    cpus: decimal(0.01, 1000, {
      description: 'The most processors of a job container. Where nothing is said, all of the instance.',
      example: '1.5',
    }).exactOptional(),
    shmSize: size({
      description: "The shared memory of a job container (/dev/shm). Where nothing is said, Docker's 64m.",
      example: '256m',
    })
      .transform(bytes)
      .exactOptional(),
    gpus: text(/^[A-Za-z0-9=,:-]{1,100}$/, 'all, or which GPUs', {
      description: 'The GPUs that job containers see; the image needs the drivers.',
      example: 'all',
    }).exactOptional(),
    networkMode: text(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/, 'bridge, none, host or the name of a network', {
      description:
        'The network of job containers. `host` gives every job the network of the instance, and with it the metadata and the credentials of its role.',
      example: 'bridge',
    }).exactOptional(),
    dns: listOf(
      text(ADDRESS, 'an IP address', { description: 'The address of a DNS server.', example: '10.0.0.2' }),
      1,
      'IP addresses',
      { description: 'The DNS servers of job containers.', example: '[10.0.0.2]' },
    ).exactOptional(),
    extraHosts: listOf(
      text(EXTRA_HOST, 'a host and its address, such as git.example.com:10.0.0.5', {
        description: 'A host and its address.',
        example: "'git.example.com:10.0.0.5'",
      }),
      1,
      'hosts with their addresses, such as git.example.com:10.0.0.5',
      {
        description: 'Hosts that job containers know without DNS.',
        example: "['git.example.com:10.0.0.5']",
      },
    ).exactOptional(),
    helperImage: image({
      description:
        "The image that clones and that carries artifacts and caches, of the runner's own version. Where nothing is said, GitLab's.",
      example: "'registry.example.com/gitlab-runner-helper:x86_64-v18.3.0'",
    }).exactOptional(),
    tlsVerify: yesOrNo({
      description:
        'Whether the certificate of the Docker engine is checked, where `manager.configToml.docker` names another than that of the instance.',
    }).exactOptional(),
    disableCache: yesOrNo({
      description:
        'Whether jobs have no volumes for caches that lie on the instance. `cache` is not concerned.',
    }).exactOptional(),
    registryMirror: address('an http(s) address without credentials', {
      description: 'Where Docker asks first for images of Docker Hub.',
      example: 'https://mirror.example.com',
    }).exactOptional(),
  })
  .meta({
    description: 'Settings of the docker executor; only with `executor: docker`, and needed there.',
    applies: 'drifts',
    example: "{image: 'alpine:3'}",
  });
