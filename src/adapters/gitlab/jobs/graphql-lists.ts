import { z } from 'zod';
import { PortError } from '../../../controller/errors.ts';
import type { GitLabClient } from '../client/client.ts';
import { type GitLabJob, time } from '../client/schemas.ts';

/** Items of a global id: `gid://gitlab/Ci::Build/7`. */
const numbered = z
  .string()
  .regex(/\/\d+$/)
  .transform((id) => Number(id.slice(id.lastIndexOf('/') + 1)));

const node = z
  .object({
    id: numbered,
    status: z.string(),
    tags: z.array(z.string()).nullish(),
    createdAt: time,
    queuedDuration: z.number().nullish(),
    refName: z.string().nullish(),
    createdByTag: z.boolean().nullish(),
    pipeline: z.object({ id: numbered }),
    project: z.object({ id: numbered }),
    runner: z.object({ id: numbered }).nullish(),
    runnerManager: z.object({ systemId: z.string() }).nullish(),
  })
  .transform((job): GitLabJob => ({
    id: job.id,
    status: job.status.toLowerCase(),
    tag_list: job.tags ?? [],
    created_at: job.createdAt,
    queued_duration: job.queuedDuration,
    ref: job.refName,
    tag: job.createdByTag,
    pipeline: { id: job.pipeline.id, project_id: job.project.id },
    runner: job.runner,
    runner_manager: job.runnerManager && { system_id: job.runnerManager.systemId },
  }));

const connection = z.object({
  nodes: z.array(node),
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
});
const holder = z.object({ jobs: connection.nullish() });
const data = z.object({
  jobs: connection.nullish(),
  runner: holder.nullish(),
  projects: z.object({ nodes: z.array(holder.nullish()) }).nullish(),
  any: z.object({ nodes: z.array(z.unknown()) }).nullish(),
});
export type GraphQlData = z.output<typeof data>;

const answer = z.object({
  data: data.nullish(),
  errors: z.array(z.object({ message: z.string() })).nullish(),
});
const answers = z.union([z.array(answer), answer.transform((one) => [one])]);

/** What is asked of every job; what only builds have stands in a fragment. */
const PAGE = `{
  nodes {
    id status tags createdAt queuedDuration refName createdByTag
    pipeline { id } project { id } runner { id }
    ... on CiJob { runnerManager { systemId } }
  }
  pageInfo { hasNextPage endCursor }
}`;

/** A list of jobs that GitLab's GraphQL gives, newest first. */
export interface JobList {
  /** Names its query: GitLab counts dear fields by the query they stand in. */
  readonly operation: string;
  readonly statuses: readonly string[];
  /** Puts the arguments and the fields of the list into a query. */
  readonly around: (args: string, fields: string) => string;
  /** The list in the answer; null where GitLab does not show it. */
  readonly in: (data: GraphQlData) => JobListPage | null;
}

export type JobListPage = z.output<typeof connection>;

/** GitLab counts what is asked as more than it allows. */
export class TooComplex extends PortError {}

export interface Asking {
  readonly client: GitLabClient;
  readonly doing: string;
  readonly needs: string;
  readonly signal: AbortSignal;
}

/** The query of one page of a list. */
export function pageQuery(list: JobList, first: number, after?: string): string {
  const cursor = after === undefined ? '' : `, after: ${JSON.stringify(after)}`;
  const args = `statuses: [${list.statuses.join(', ')}], first: ${first}${cursor}`;
  return `query ${list.operation} { ${list.around(args, PAGE)} }`;
}

/**
 * Asks several queries at once, in one request, and answers in their order. Throws `TooComplex` where together they
 * are, and `refused` with GitLab's words for any other error in one of them.
 */
export async function askAll(
  { client, ...asking }: Asking,
  queries: readonly string[],
): Promise<readonly GraphQlData[]> {
  const given = await client.ask({ ...asking, body: queries.map((query) => ({ query })) }, answers);
  const message = given.flatMap(({ errors }) => errors ?? [])[0]?.message;
  if (message !== undefined) throw refusal(asking.doing, message);
  return queries.map((_query, index) => {
    const found = given[index]?.data;
    if (found === undefined || found === null)
      throw refusal(asking.doing, 'it answered fewer than was asked');
    return found;
  });
}

function refusal(doing: string, message: string): PortError {
  const details = {
    kind: 'refused' as const,
    system: 'gitlab' as const,
    doing,
    why: `GitLab's GraphQL answered: ${message.slice(0, 200)}`,
  };
  return /exceeds max complexity/.test(message) ? new TooComplex(details) : new PortError(details);
}
