/** The first GitLab whose `Query.jobs` knows `compatibleRunnerId`. */
const COMPATIBLE_RUNNER_SINCE = [18, 1];

/** The part of GitLab's GraphQL schema that the product asks for, under GitLab's own names, as that version has it. */
export function schemaDocument(version: string): string {
  const compatible = isSince(version, COMPATIBLE_RUNNER_SINCE) ? 'compatibleRunnerId: CiRunnerID, ' : '';
  return `
scalar Time
scalar Duration
scalar JobID
scalar CiRunnerID
scalar CiRunnerManagerID
scalar CiPipelineID

enum CiJobStatus {
  CREATED WAITING_FOR_RESOURCE PREPARING WAITING_FOR_CALLBACK PENDING RUNNING SUCCESS FAILED
  CANCELED CANCELING SKIPPED MANUAL SCHEDULED
}
enum CiJobKind { BUILD BRIDGE }
enum CiRunnerType { INSTANCE_TYPE GROUP_TYPE PROJECT_TYPE }
enum CiRunnerAccessLevel { NOT_PROTECTED REF_PROTECTED }
enum CiRunnerStatus { ONLINE OFFLINE STALE NEVER_CONTACTED }
enum CiRunnerJobExecutionStatus { IDLE ACTIVE }

type Query {
  currentUser: CurrentUser
  metadata: Metadata
  jobs(statuses: [CiJobStatus!], ${compatible}after: String, before: String, first: Int, last: Int): CiJobInterfaceConnection
  project(fullPath: ID!): Project
  projects(ids: [ID!], fullPaths: [String!], after: String, before: String, first: Int, last: Int): ProjectConnection
  group(fullPath: ID!): Group
  runner(id: CiRunnerID!): CiRunner
}

type CurrentUser { id: ID! username: String! name: String! }
type Metadata { version: String! revision: String! enterprise: Boolean! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

type Group {
  id: ID!
  fullPath: ID!
  name: String!
  projects(
    includeSubgroups: Boolean = false, includeArchived: Boolean = true
    after: String, before: String, first: Int, last: Int
  ): ProjectConnection
}
type Project {
  id: ID!
  fullPath: ID!
  name: String!
  archived: Boolean
  jobs(statuses: [CiJobStatus!], after: String, before: String, first: Int, last: Int): CiJobConnection
}
type ProjectConnection { count: Int! nodes: [Project] edges: [ProjectEdge] pageInfo: PageInfo! }
type ProjectEdge { cursor: String! node: Project }

interface CiJobInterface {
${JOB_FIELDS}
}
type CiJob implements CiJobInterface {
${JOB_FIELDS}
  runnerManager: CiRunnerManager
}
type CiJobInterfaceConnection { count(limit: Int = 1000): Int! nodes: [CiJobInterface] edges: [CiJobInterfaceEdge] pageInfo: PageInfo! }
type CiJobInterfaceEdge { cursor: String! node: CiJobInterface }
type CiJobConnection { count(limit: Int = 1000): Int! nodes: [CiJob] edges: [CiJobEdge] pageInfo: PageInfo! }
type CiJobEdge { cursor: String! node: CiJob }

interface PipelineInterface { id: CiPipelineID! iid: String! }
type Pipeline implements PipelineInterface { id: CiPipelineID! iid: String! }

type CiRunner {
  id: CiRunnerID!
  description: String
  runnerType: CiRunnerType!
  accessLevel: CiRunnerAccessLevel!
  status: CiRunnerStatus!
  jobExecutionStatus: CiRunnerJobExecutionStatus
  paused: Boolean!
  locked: Boolean
  runUntagged: Boolean!
  tagList: [String!]
  maximumTimeout: Int
  contactedAt: Time
  createdAt: Time
  tokenExpiresAt: Time
  managers(systemId: String, after: String, before: String, first: Int, last: Int): CiRunnerManagerConnection
}
type CiRunnerManager {
  id: CiRunnerManagerID!
  systemId: String!
  status: CiRunnerStatus!
  jobExecutionStatus: CiRunnerJobExecutionStatus
  version: String
  contactedAt: Time
  createdAt: Time
}
type CiRunnerManagerConnection { count: Int! nodes: [CiRunnerManager] edges: [CiRunnerManagerEdge] pageInfo: PageInfo! }
type CiRunnerManagerEdge { cursor: String! node: CiRunnerManager }
`;
}

/** The runner's manager is not among them: it is asked for by \`... on CiJob\`. */
const JOB_FIELDS = `
  id: JobID
  name: String
  kind: CiJobKind
  status: CiJobStatus
  tags: [String!]
  allowFailure: Boolean
  createdAt: Time
  queuedAt: Time
  scheduledAt: Time
  startedAt: Time
  finishedAt: Time
  queuedDuration: Duration
  refName: String
  createdByTag: Boolean
  retried: Boolean
  stuck: Boolean
  schedulingType: String
  pipeline: PipelineInterface
  project: Project
  runner: CiRunner`;

function isSince(version: string, since: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const [major = 0, minor = 0] = parts;
  const [sinceMajor = 0, sinceMinor = 0] = since;
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}
