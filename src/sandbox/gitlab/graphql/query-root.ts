import { GraphQLError } from 'graphql';
import { connectionOf, type PageArguments } from './connection.ts';
import { globalId, numberIn } from './global-id.ts';
import { groupNode, type JobArguments, jobsPage, projectNode, projectsPage, statusesOf } from './nodes.ts';
import { runnerNode } from './runner-node.ts';
import { mayReadJobs } from '../runner-rights.ts';
import type { Viewer } from './viewer.ts';

/** GitLab takes no more paths at once. */
const MOST_PATHS = 50;

interface AllJobsArguments extends JobArguments {
  readonly compatibleRunnerId?: string | null;
}

interface ProjectsArguments extends PageArguments {
  readonly ids?: readonly string[] | null;
  readonly fullPaths?: readonly string[] | null;
}

/** What a query begins with, as that viewer sees it. */
export function queryRoot(viewer: Viewer) {
  const { model } = viewer.double;
  return {
    currentUser: () => currentUser(viewer),
    metadata: () =>
      viewer.token === undefined
        ? null
        : { version: viewer.double.version, revision: '00000000000', enterprise: false },
    jobs: (asked: AllJobsArguments) => allJobs(asked, viewer),
    project: ({ fullPath }: { readonly fullPath: string }) => projectNode(model.project(fullPath), viewer),
    projects: (asked: ProjectsArguments) => projects(asked, viewer),
    group: ({ fullPath }: { readonly fullPath: string }) => groupNode(model.groups.find(fullPath), viewer),
    runner: ({ id }: { readonly id: string }) => {
      const runner = model.runner(numberIn(id, 'Ci::Runner'));
      const node = runner === undefined ? null : runnerNode(runner, viewer);
      if (node === null) throw unavailable();
      return node;
    },
  };
}

function currentUser({ token, double }: Viewer) {
  if (token === undefined) return null;
  const user = double.model.users.find(token.user ?? 1);
  return user === undefined ? null : { ...user, id: globalId('User', user.id) };
}

/**
 * All jobs to administrators, none to anybody else. With a runner they are the pending jobs that it could take; whether
 * those are shown to who may read the runner's jobs as well is the double's `compatibleJobsFor`.
 */
function allJobs(asked: AllJobsArguments, viewer: Viewer) {
  const { model, compatibleJobsFor } = viewer.double;
  const scope = statusesOf(asked.statuses);
  if (asked.compatibleRunnerId == null) {
    return jobsPage(viewer.isAdmin ? model.jobsOfInstance(scope) : [], asked, viewer);
  }
  if (asked.statuses?.length !== 1 || asked.statuses[0] !== 'PENDING') {
    throw new GraphQLError(
      'compatibleRunnerId can only be used when the `statuses` argument is set to "PENDING"',
    );
  }
  const runner = model.runner(numberIn(asked.compatibleRunnerId, 'Ci::Runner'));
  if (runner === undefined || viewer.token === undefined) return connectionOf([], asked);
  const widened = compatibleJobsFor === 'runner-maintainers' && mayReadJobs(viewer.token, runner, model);
  const jobs = viewer.isAdmin || widened ? model.jobsOfInstance(scope) : [];
  return jobsPage(
    jobs.filter((job) => model.mayTake(runner.id, job)),
    asked,
    viewer,
  );
}

function projects(asked: ProjectsArguments, viewer: Viewer) {
  const { model } = viewer.double;
  if ((asked.fullPaths?.length ?? 0) > MOST_PATHS) {
    throw new GraphQLError(`You cannot provide more than ${MOST_PATHS} full_paths`);
  }
  const ids = asked.ids?.map((id) => numberIn(id, 'Project'));
  const named = model
    .projects()
    .filter(({ id }) => ids?.includes(id) ?? true)
    .filter(({ path }) => asked.fullPaths?.includes(path) ?? true);
  return projectsPage(named, asked, viewer);
}

function unavailable(): GraphQLError {
  return new GraphQLError(
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action",
  );
}
