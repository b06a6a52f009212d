import type { Group } from '../../../adapters/memory/gitlab/groups.ts';
import { type Job, JOB_STATUSES, type JobStatus } from '../../../adapters/memory/gitlab/job.ts';
import { contactStatus } from '../../../adapters/memory/gitlab/manager.ts';
import type { Project } from '../../../adapters/memory/gitlab/project.ts';
import { secondsBetween } from '../iso.ts';
import { hasRole } from '../roles.ts';
import { connectionOf, mapped, type PageArguments } from './connection.ts';
import { globalId } from './global-id.ts';
import { time } from './graphql-time.ts';
import { managerNode, runnerNode } from './runner-node.ts';
import type { Viewer } from './viewer.ts';

/** Which jobs are asked for. */
export interface JobArguments extends PageArguments {
  readonly statuses?: readonly string[] | null;
}

/** A job as the schema's fields name it; what is dear to find out is found out when asked for. */
export function jobNode(job: Job, viewer: Viewer) {
  const { model } = viewer.double;
  return {
    __typename: 'CiJob',
    id: globalId('Ci::Build', job.id),
    name: job.name,
    kind: 'BUILD',
    status: job.status.toUpperCase(),
    tags: job.tags,
    allowFailure: job.allowFailure,
    createdAt: time(job.createdAt),
    queuedAt: time(job.queuedAt),
    scheduledAt: time(job.scheduledAt),
    startedAt: time(job.startedAt),
    finishedAt: time(job.finishedAt),
    queuedDuration: () => secondsBetween(job.queuedAt, job.startedAt ?? job.finishedAt ?? model.now()),
    refName: job.ref,
    createdByTag: job.tag,
    retried: job.retried,
    stuck: () => isStuck(job, viewer),
    schedulingType: job.needs === undefined ? 'stage' : 'dag',
    pipeline: () => ({
      __typename: 'Pipeline',
      id: globalId('Ci::Pipeline', job.pipeline),
      iid: String(model.pipeline(job.pipeline)?.iid ?? ''),
    }),
    project: () => projectNode(model.project(job.project), viewer),
    runner: () => (job.runner === undefined ? null : runnerNode(job.runner, viewer)),
    runnerManager: () => (job.manager === undefined ? null : managerNode(job.manager, viewer)),
  };
}

/** GitLab's word for a pending job that no runner that is online may take. */
function isStuck(job: Job, { double: { model } }: Viewer): boolean {
  if (job.status !== 'pending') return false;
  return !model
    .runnersFor(job)
    .some(
      ({ paused, contactedAt, createdAt }) =>
        !paused && contactStatus(contactedAt, createdAt, model.now()) === 'online',
    );
}

/** The page of jobs that is asked for. */
export function jobsPage(jobs: readonly Job[], asked: PageArguments, viewer: Viewer) {
  return mapped(connectionOf(jobs, asked), (job) => jobNode(job, viewer));
}

/** Statuses in the model's words; those that it never reaches find nothing. */
export function statusesOf(asked: JobArguments['statuses']): { readonly statuses?: readonly JobStatus[] } {
  if (asked == null) return {};
  return { statuses: JOB_STATUSES.filter((status) => asked.includes(status.toUpperCase())) };
}

/** A project, to whoever may see it. */
export function projectNode(project: Project | undefined, viewer: Viewer) {
  const { token, double } = viewer;
  if (project === undefined || token === undefined || !hasRole(token, project, 'guest')) return null;
  return {
    id: globalId('Project', project.id),
    fullPath: project.path,
    name: project.name,
    archived: project.archived,
    jobs: (asked: JobArguments) => {
      viewer.once('Project', 'jobs');
      if (!hasRole(token, project, 'reporter')) return null;
      const jobs = double.model.jobsOfProject(project.id, statusesOf(asked.statuses));
      // What is merely created is no relevant job to GitLab's finder.
      return jobsPage(
        jobs.filter(({ status }) => status !== 'created'),
        asked,
        viewer,
      );
    },
  };
}

/** The page of projects that is asked for, of those that the viewer may see. */
export function projectsPage(projects: readonly Project[], asked: PageArguments, viewer: Viewer) {
  const { token } = viewer;
  const seen = projects.filter((project) => token !== undefined && hasRole(token, project, 'guest'));
  return mapped(connectionOf(seen.toReversed(), asked), (project) => projectNode(project, viewer));
}

/** A group, to whoever may see it. */
export function groupNode(group: Group | undefined, viewer: Viewer) {
  if (group === undefined || viewer.token === undefined || !hasRole(viewer.token, group, 'guest'))
    return null;
  return {
    id: globalId('Group', group.id),
    fullPath: group.path,
    name: group.name,
    projects: (
      asked: PageArguments & { readonly includeSubgroups: boolean; readonly includeArchived: boolean },
    ) => {
      const inside = viewer.double.model.projectsOfGroup(group.id, asked.includeSubgroups);
      return projectsPage(
        inside.filter(({ archived }) => asked.includeArchived || !archived),
        asked,
        viewer,
      );
    },
  };
}
