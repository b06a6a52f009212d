import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { configTomlSchema } from './config-toml-schema.ts';
import { duration, type KeyDoc, listenAddress, oneOf, text, wholeNumber } from './key-kinds.ts';

const DAY = minutes(24 * 60);

function script(doc: KeyDoc) {
  return text(/^[^\0]{1,10000}$/, 'a script of at most 10000 characters', doc);
}

const scriptsSchema = z
  .strictObject({
    preGetSources: script({
      description: 'Before the sources are fetched.',
      example: 'git config --global http.proxy http://proxy.example.com:3128',
    }).exactOptional(),
    postGetSources: script({
      description: 'After the sources have been fetched.',
      example: 'git lfs pull',
    }).exactOptional(),
    preBuild: script({
      description: "Before the job's own script, in its container where it has one.",
      example: 'ulimit -n 65536',
    }).exactOptional(),
    postBuild: script({
      description: "After the job's own script, and before its after_script.",
      example: 'df -h',
    }).exactOptional(),
  })
  .meta({
    description: 'Scripts that run around every job, in its shell. No secrets.',
    example: "{preBuild: 'ulimit -n 65536'}",
  });

const logSchema = z
  .strictObject({
    level: oneOf(['debug', 'info', 'warn', 'error', 'fatal', 'panic'], {
      description: 'What the runner says. Where nothing is said, `info`.',
      example: 'warn',
    }).exactOptional(),
    format: oneOf(['runner', 'text', 'json'], {
      description: 'How it says it. Where nothing is said, `runner`.',
      example: 'json',
    }).exactOptional(),
  })
  .meta({ description: 'The log of the runner process, on its instance.', example: '{format: json}' });

const sessionServerSchema = z
  .strictObject({
    listen: listenAddress({
      description: 'Where the runner listens for GitLab.',
      example: '0.0.0.0:8093',
    }),
    advertise: listenAddress({
      description:
        "Where GitLab reaches it. Where nothing is said, the instance's private IPv4 address, at the port of `listen`.",
      example: 'terminals.example.com:8093',
    }).exactOptional(),
    timeout: duration(seconds(1), DAY, {
      description:
        "How long a job waits for a terminal that is still open; its slot is busy meanwhile. Where nothing is said, GitLab Runner's 30m.",
      example: '10m',
    }).exactOptional(),
  })
  .meta({
    description:
      'The way by which GitLab opens terminals in running jobs. Security groups must let GitLab through, and nobody else.',
    example: "{listen: '0.0.0.0:8093'}",
  });

/** The runner process of the instances. */
export const managerSchema = z
  .strictObject({
    shell: oneOf(['bash', 'sh', 'pwsh'], {
      description: 'The shell of jobs. Where nothing is said, bash, and sh where there is none.',
      example: 'bash',
    }).exactOptional(),
    listenAddress: listenAddress({
      description:
        'Where the runner of every instance gives its Prometheus metrics. It has no login, and shows the jobs that run: only what a security group lets through should reach it. Where nothing is said, nowhere.',
      example: '0.0.0.0:9252',
    }).exactOptional(),
    connectionMaxAge: duration(seconds(1), DAY, {
      description:
        "How long the runner uses one connection to GitLab. Where nothing is said, GitLab Runner's 15m.",
      example: '5m',
    }).exactOptional(),
    shutdownTimeout: duration(seconds(1), minutes(10), {
      description:
        "How long jobs that must end have for their last words. What EC2 takes has no more than 45s. Where nothing is said, GitLab Runner's 30s.",
      example: '30s',
    }).exactOptional(),
    log: logSchema.exactOptional(),
    outputLimit: wholeNumber(1, 1_048_576, {
      description: "KiB that are kept of a job's log. Where nothing is said, GitLab Runner's 4096.",
      example: '16384',
    }).exactOptional(),
    requestConcurrency: wholeNumber(1, 100, {
      description:
        'Requests for jobs that an instance has open at once, for each runner. Where nothing is said, its slots, divided by its runners, and at most 10: so it fills quickly. Each is one that GitLab holds while there are no jobs.',
      example: '4',
    }).exactOptional(),
    sessionServer: sessionServerSchema.exactOptional(),
    scripts: scriptsSchema.exactOptional(),
    configToml: configTomlSchema.exactOptional(),
  })
  .meta({
    description: 'How the runner process of an instance works, beyond the keys of the pool.',
    applies: 'drifts',
    example: "{listenAddress: '0.0.0.0:9252'}",
  });
