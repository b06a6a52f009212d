import { seededRandom } from '../adapters/memory/random.ts';
import { type Duration, milliseconds, minutes, seconds } from '../engine/time.ts';
import { between } from './distributions.ts';
import { GENERATOR, type GeneratorSettings, generateWorkload } from './generator.ts';
import type { Disturbance, Workload, WorkloadPipeline } from './workload.ts';

const HOUR = minutes(60);
const DAY = 24 * HOUR;

/** A zone that the workloads below lose; whoever runs them offers machines in another one as well. */
const LOST_ZONE = 'eu-central-1a';

/** What has broken autoscalers before, each as a small workload. */
export const ADVERSARIAL = {
  /** Forty pipelines within eight minutes of a quiet night, as a bot that renews dependencies makes them. */
  'bot-wave': (seed) => burst('bot-wave', seed, 40, [minutes(65)], minutes(8), minutes(180)),
  /** Twenty schedules at every full hour of eight, all within forty seconds, and nothing between. */
  'full-hour': (seed) =>
    burst(
      'full-hour',
      seed,
      20,
      [1, 2, 3, 4, 5, 6, 7, 8].map((hour) => milliseconds(hour * HOUR - seconds(20))),
      seconds(40),
      milliseconds(9 * HOUR),
    ),
  /** One pipeline whose second stage has 500 jobs. */
  'fan-out': () => fanOut(500),
  /** Two weeks of 2,000 jobs, and a third whose Monday nobody works on. */
  'dead-monday': deadMonday,
  /** A busy morning with ten minutes in which no webhook arrives. */
  'webhooks-lost': (seed) =>
    disturbed('webhooks-lost', seed, { kind: 'webhooks lost', at: minutes(90), lasts: minutes(10) }),
  /** A busy morning in which a zone is gone for an hour, with its machines. */
  'zone-out': (seed) =>
    disturbed('zone-out', seed, {
      kind: 'zone out',
      zone: LOST_ZONE,
      at: minutes(90),
      lasts: minutes(60),
    }),
  /** A busy morning in which EC2 takes 5 % of the spot machines every hour. */
  'spot-kills': (seed) =>
    disturbed('spot-kills', seed, {
      kind: 'spot interruptions',
      perHour: 0.05,
      at: milliseconds(0),
      lasts: milliseconds(4 * HOUR),
    }),
} as const satisfies Readonly<Record<string, (seed: number) => Workload>>;

/** Names one of them. */
export type AdversarialName = keyof typeof ADVERSARIAL;

/** Whether one of them bears that name. */
export function isAdversarial(name: string): name is AdversarialName {
  return Object.hasOwn(ADVERSARIAL, name);
}

/** Pipelines with all of five stages: about 22 jobs. */
const LARGE: GeneratorSettings = {
  ...GENERATOR,
  projects: { ...GENERATOR.projects, fewestStages: 5 },
};

/** Bursts of so many pipelines, each spread evenly over `within` from its time on. */
function burst(
  name: string,
  seed: number,
  pipelines: number,
  times: readonly Duration[],
  within: Duration,
  length: Duration,
): Workload {
  const random = seededRandom(seed);
  const drawn = generateWorkload({ jobsPerWeek: 20_000, weeks: 1, seed }, LARGE).pipelines;
  const pipelinesAt = (at: Duration, index: number) =>
    drawn
      .slice(index * pipelines, (index + 1) * pipelines)
      .map((pipeline) => ({ ...pipeline, at: milliseconds(Math.round(at + between(0, within, random))) }));
  return {
    name,
    start: GENERATOR.start,
    length,
    pipelines: inOrder(times.flatMap(pipelinesAt)),
  };
}

function fanOut(jobs: number): Workload {
  const { tags } = GENERATOR.projects;
  const test = Array.from({ length: jobs }, (_, index) => ({
    name: `test-${index + 1}`,
    stage: 'test',
    tags,
    duration: seconds(120 + (index % 60) * 5),
  }));
  const build = { name: 'build', stage: 'build', tags, duration: minutes(3) };
  const publish = { name: 'publish', stage: 'publish', tags, duration: minutes(2) };
  return {
    name: 'fan-out',
    start: GENERATOR.start,
    length: minutes(60),
    pipelines: [
      {
        at: minutes(10),
        project: 'monolith',
        stages: ['build', 'test', 'publish'],
        jobs: [build, ...test, publish],
      },
    ],
  };
}

function deadMonday(seed: number): Workload {
  const workload = generateWorkload({ jobsPerWeek: 2000, weeks: 3, seed });
  return {
    ...workload,
    name: 'dead-monday',
    pipelines: workload.pipelines.filter(({ at }) => at < 14 * DAY || at >= 15 * DAY),
  };
}

/** Tuesday from eight to noon of a week of 20,000 jobs, and what happens meanwhile. */
function disturbed(name: string, seed: number, disturbance: Disturbance): Workload {
  const from = DAY + 8 * HOUR;
  const { start, pipelines } = generateWorkload({ jobsPerWeek: 20_000, weeks: 1, seed });
  const morning = pipelines.filter(({ at }) => at >= from && at < from + 4 * HOUR);
  return {
    name,
    start,
    length: milliseconds(4 * HOUR),
    pipelines: morning.map((pipeline) => ({ ...pipeline, at: milliseconds(pipeline.at - from) })),
    disturbances: [disturbance],
  };
}

function inOrder(pipelines: readonly WorkloadPipeline[]): readonly WorkloadPipeline[] {
  return pipelines.toSorted((one, other) => one.at - other.at);
}
