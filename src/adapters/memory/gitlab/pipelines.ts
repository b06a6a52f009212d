import type { Instant } from '../../../engine/time.ts';
import type { Identities } from './identities.ts';
import { type Job, type JobRecord, newJob, type PipelineDefinition } from './job.ts';
import { checkNeeds } from './needs.ts';
import { Pipeline } from './pipeline.ts';
import { isProtected, type Project } from './project.ts';

/** All pipelines of all projects. */
export class Pipelines {
  readonly #identities: Identities;
  readonly #now: () => Instant;
  readonly #byId = new Map<number, Pipeline>();
  readonly #byBridge = new Map<number, Pipeline>();

  constructor(identities: Identities, now: () => Instant) {
    this.#identities = identities;
    this.#now = now;
  }

  /** A pipeline without jobs. Throws when a job names a stage, or needs a job, that the definition does not have. */
  add(project: Project, definition: PipelineDefinition, bridge?: JobRecord): Pipeline {
    const pipeline = new Pipeline(
      {
        id: this.#identities.next('pipeline'),
        iid: this.#identities.next(`pipeline of project ${project.id}`),
        project: project.id,
        ref: definition.ref ?? project.defaultBranch,
        tag: definition.tag ?? false,
        user: definition.user ?? 1,
        sha: this.#identities.sha(),
        beforeSha: '0'.repeat(40),
        createdAt: this.#now(),
      },
      definition.stages,
      bridge,
    );
    const names = new Set(definition.jobs.map(({ name }) => name));
    for (const job of definition.jobs) {
      pipeline.stage(job.stage);
      checkNeeds(names, job.needs ?? [], job.name);
    }
    if (bridge !== undefined) this.#byBridge.set(bridge.id, pipeline);
    this.#byId.set(pipeline.id, pipeline);
    return pipeline;
  }

  /** The jobs of a new pipeline, none of them in it yet. */
  jobsFor(pipeline: Pipeline, project: Project, definition: PipelineDefinition): JobRecord[] {
    return definition.jobs.map((job) =>
      newJob(
        {
          id: this.#identities.next('job'),
          token: this.#identities.jobToken(),
          project: project.id,
          pipeline: pipeline.id,
          ref: pipeline.ref,
          tag: pipeline.tag,
          user: pipeline.user,
          protected: isProtected(project, pipeline.ref, pipeline.tag),
          createdAt: this.#now(),
        },
        job,
      ),
    );
  }

  find(id: number): Pipeline | undefined {
    return this.#byId.get(id);
  }

  /** The child that a bridge has started. */
  childOf(bridge: Job): Pipeline | undefined {
    return this.#byBridge.get(bridge.id);
  }

  all(): Pipeline[] {
    return [...this.#byId.values()];
  }

  of(job: Job): Pipeline {
    const pipeline = this.#byId.get(job.pipeline);
    if (pipeline === undefined) {
      throw new Error(`finding the pipeline of job ${job.id}: pipeline ${job.pipeline} is unknown`);
    }
    return pipeline;
  }
}
