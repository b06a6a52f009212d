/**
 * Where the double, like GitLab itself, differs from GitLab's OpenAPI document: one table a kind of
 * difference, each entry with its reason. The head of the fixture names the first two kinds.
 */

const SENT_AS_NUMBER = { type: 'number' };
const SENT_AS_INTEGER = { type: 'integer' };
const SENT_AS_BOOLEAN = { type: 'boolean' };
const SENT_AS_OBJECT = { type: 'object' };
const SENT_AS_STRINGS = { type: 'array', items: { type: 'string' } };
const SENT_AS_OBJECTS = { type: 'array', items: { type: 'object' } };
const sentAsArrayOf = (schema: string): Readonly<Record<string, unknown>> => ({
  type: 'array',
  items: { $ref: `gitlab#/components/schemas/${schema}` },
});

/** Operations that declare one object and answer with an array (head of the fixture). */
export const ANSWERED_AS_ARRAY: ReadonlySet<string> = new Set([
  'GET /api/v4/runners',
  'GET /api/v4/runners/{id}/managers',
  'GET /api/v4/runners/{id}/jobs',
]);

/** Properties whose declared type is not the one sent, by schema and property (head of the fixture). */
export const SENT_OTHERWISE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // "POST /jobs/request answer declares nearly every field string"
  'APIEntitiesCiJobRequestResponse.id': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestResponse.allow_git_fetch': SENT_AS_BOOLEAN,
  'APIEntitiesCiJobRequestResponse.variables': SENT_AS_OBJECTS,
  'APIEntitiesCiJobRequestResponse.steps': sentAsArrayOf('APIEntitiesCiJobRequestStep'),
  'APIEntitiesCiJobRequestResponse.services': sentAsArrayOf('APIEntitiesCiJobRequestService'),
  'APIEntitiesCiJobRequestResponse.artifacts': sentAsArrayOf('APIEntitiesCiJobRequestArtifacts'),
  'APIEntitiesCiJobRequestResponse.cache': sentAsArrayOf('APIEntitiesCiJobRequestCache'),
  'APIEntitiesCiJobRequestResponse.credentials': sentAsArrayOf('APIEntitiesCiJobRequestCredentials'),
  'APIEntitiesCiJobRequestResponse.dependencies': SENT_AS_OBJECTS,
  'APIEntitiesCiJobRequestResponse.features': SENT_AS_OBJECT,
  'APIEntitiesCiJobRequestJobInfo.project_id': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestJobInfo.time_in_queue_seconds': SENT_AS_NUMBER,
  'APIEntitiesCiJobRequestJobInfo.queue_size': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestJobInfo.queue_depth': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestGitInfo.refspecs': SENT_AS_STRINGS,
  'APIEntitiesCiJobRequestGitInfo.depth': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestRunnerInfo.timeout': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestStep.script': SENT_AS_STRINGS,
  'APIEntitiesCiJobRequestStep.timeout': SENT_AS_INTEGER,
  'APIEntitiesCiJobRequestStep.allow_failure': SENT_AS_BOOLEAN,
  // "tag_list, run_untagged, locked, maximum_timeout, projects and groups of a runner's details likewise"
  'APIEntitiesCiRunnerDetails.tag_list': SENT_AS_STRINGS,
  'APIEntitiesCiRunnerDetails.run_untagged': SENT_AS_BOOLEAN,
  'APIEntitiesCiRunnerDetails.locked': SENT_AS_BOOLEAN,
  'APIEntitiesCiRunnerDetails.maximum_timeout': SENT_AS_INTEGER,
  'APIEntitiesCiRunnerDetails.projects': sentAsArrayOf('APIEntitiesBasicProjectDetails'),
  'APIEntitiesCiRunnerDetails.groups': sentAsArrayOf('APIEntitiesBasicGroupDetails'),
  // gitlab-runner decodes this id as a number and takes 0 for a failure.
  'APIEntitiesCiRunnerRegistrationDetails.id': SENT_AS_INTEGER,
  // The document's example of this declared string is `false`, which is what GitLab sends.
  'APIEntitiesCiJob.project': {
    type: 'object',
    properties: { ci_job_token_scope_enabled: SENT_AS_BOOLEAN },
    additionalProperties: false,
  },
  // Declared as texts; GitLab's own application sends numbers.
  'APIEntitiesProjectAccess.access_level': SENT_AS_INTEGER,
  'APIEntitiesProjectAccess.notification_level': SENT_AS_INTEGER,
};

/** Properties that GitLab's application sends and the document leaves out, by schema. */
export const SENT_BEYOND: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // Only administrators get it.
  APIEntitiesUserPublic: { is_admin: SENT_AS_BOOLEAN },
};

/** Operations that the subset leaves out; of them nothing is checked but that they exist. */
export const NOT_IN_THE_SUBSET: ReadonlySet<string> = new Set([
  'POST /api/v4/jobs/{id}/artifacts',
  'GET /api/v4/runners/router/discovery',
  'POST /api/v4/runners/reset_authentication_token',
  // The document has these; the subset was taken before the double did. Their shapes follow lib/api of GitLab.
  'GET /api/v4/projects',
  'GET /api/v4/projects/{id}/protected_branches',
  'GET /api/v4/projects/{id}/protected_tags',
  'GET /api/v4/projects/{id}/repository/branches/{branch}',
  'GET /api/v4/projects/{id}/runners',
  'POST /api/v4/projects/{id}/runners',
  'DELETE /api/v4/projects/{id}/runners/{runner_id}',
  'POST /api/v4/projects/{id}/jobs/{job_id}/cancel',
  'GET /api/v4/groups/{id}',
  'GET /api/v4/groups/{id}/runners',
  'GET /api/v4/runners/all',
  'POST /api/v4/personal_access_tokens/self/rotate',
]);

/** Answers beyond the documented ones that GitLab gives to every operation: it checks credentials first. */
export const ANSWERED_EVERYWHERE: ReadonlySet<number> = new Set([401, 403]);

/** Answers beyond the documented ones, by operation. */
export const ANSWERED_TOO: Readonly<Record<string, readonly number[]>> = {
  // GitLab answers a deletion with 204 and no body (`destroy_conditionally!`); the document says 200.
  'DELETE /api/v4/projects/{id}/hooks/{hook_id}': [204],
  'DELETE /api/v4/runners/{id}': [204],
};

/** Query parameters of keyset pagination, which GitLab documents for all of its keyset lists in one place. */
export const ASKED_TOO: Readonly<Record<string, readonly string[]>> = {
  'GET /api/v4/projects/{id}/jobs': ['pagination', 'order_by', 'sort', 'cursor'],
  'GET /api/v4/projects/{id}/pipelines/{pipeline_id}/jobs': ['pagination', 'order_by', 'sort', 'cursor'],
  'GET /api/v4/runners/{id}/jobs': ['pagination'],
};

/** Body properties that gitlab-runner sends and GitLab ignores. */
export const SENT_TOO: Readonly<Record<string, readonly string[]>> = {
  'POST /api/v4/runners/verify': ['info'],
  'POST /api/v4/jobs/request': ['info.shell'],
  'PUT /api/v4/jobs/{id}': ['info'],
};

/** Body properties that the document calls required and GitLab asks for only where they mean something. */
export const ASKED_SOMETIMES: Readonly<Record<string, readonly string[]>> = {
  // The group's id for a group's runner, the project's for a project's (lib/api/user_runners.rb).
  'POST /api/v4/user/runners': ['group_id', 'project_id'],
};

/** Operations whose query parameters runners send in a JSON body: GitLab takes either. */
export const QUERY_IN_BODY: ReadonlySet<string> = new Set([
  'DELETE /api/v4/runners',
  'DELETE /api/v4/runners/managers',
]);

/** Query parameters that the document puts into a JSON body: a log's part is the whole body (head of the fixture). */
export const BODY_IN_QUERY: Readonly<Record<string, readonly string[]>> = {
  'PATCH /api/v4/jobs/{id}/trace': ['debug_trace', 'token'],
};
