import { type Random, seededRandom } from '../adapters/memory/random.ts';
import type { PipelineDefinition } from '../adapters/memory/gitlab/job.ts';
import type { JobDefinition } from '../adapters/memory/gitlab/job.ts';

/** What one job of the bundled workload does: real shell commands of about a second. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  compile: [
    'echo "compiling $CI_PROJECT_NAME at $CI_COMMIT_REF_NAME"',
    'for unit in parser scanner linker; do echo "int $unit;" > "$unit.c"; done',
    'cat parser.c scanner.c linker.c > program.c',
    'test "$(wc -l < program.c)" -eq 3',
    'sleep 0.6',
  ],
  unit: [
    'sum=0; for number in $(seq 1 200); do sum=$((sum + number)); done',
    'test "$sum" -eq 20100',
    'sleep 0.8',
  ],
  lint: ['printf "%s\\n" one two three | sort -r | head -n 1 | grep -qx two', 'sleep 0.4'],
  integration: [
    'mkdir -p data && seq 1 500 > data/numbers',
    'test "$(tail -n 1 data/numbers)" -eq 500',
    'sleep 1.2',
    'echo "integration passed in $CI_JOB_NAME"',
  ],
  package: [
    'mkdir -p out && echo "release" > out/notes && tar -cf out.tar out && test -s out.tar',
    'sleep 0.5',
  ],
  deploy: ['echo "deploying"; sleep 0.3; echo "deployed"'],
};

const STAGES = ['build', 'test', 'release'] as const;

interface Shape {
  readonly stage: (typeof STAGES)[number];
  readonly name: string;
  readonly script: string;
  readonly tags: readonly string[];
}

const PIPELINE: readonly Shape[] = [
  { stage: 'build', name: 'compile', script: 'compile', tags: ['linux'] },
  { stage: 'build', name: 'lint', script: 'lint', tags: ['linux'] },
  { stage: 'test', name: 'unit 1/3', script: 'unit', tags: ['linux'] },
  { stage: 'test', name: 'unit 2/3', script: 'unit', tags: ['linux'] },
  { stage: 'test', name: 'unit 3/3', script: 'unit', tags: ['linux'] },
  { stage: 'test', name: 'integration', script: 'integration', tags: ['linux', 'large'] },
  { stage: 'release', name: 'package', script: 'package', tags: ['linux'] },
  { stage: 'release', name: 'deploy', script: 'deploy', tags: [] },
];

function job({ stage, name, script, tags }: Shape): JobDefinition {
  return { name, stage, tags, script: SCRIPTS[script] ?? [] };
}

/** The bundled workload: pipelines of up to eight jobs in three stages, with `jobs` jobs in all. */
export function pipelines(jobs: number): readonly PipelineDefinition[] {
  const all: PipelineDefinition[] = [];
  for (let left = jobs; left > 0; left -= PIPELINE.length) {
    const shapes = PIPELINE.slice(0, left);
    const stages = STAGES.filter((stage) => shapes.some((shape) => shape.stage === stage));
    all.push({ stages, jobs: shapes.map(job) });
  }
  return all;
}

/** How long after one pipeline the next one comes, in seconds: a small team at work, now and then a pause. */
export function gaps(seed: number): () => number {
  const random: Random = seededRandom(seed);
  return () => (random() < 0.2 ? 60 + random() * 60 : 8 + random() * 25);
}
