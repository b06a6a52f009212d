/** One call of GitLab's REST API. */
export interface GitLabCall {
  /** What is being done, to what: "listing pending and running jobs of project acme/web". */
  readonly doing: string;
  /** What the credentials must allow: "the scope read_api and the role Reporter". */
  readonly needs: string;
  /** Below `/api/v4`, its parts URL-encoded: "/projects/acme%2Fweb/jobs". */
  readonly path: string;
  /** Names and values; a name may come more than once. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly signal: AbortSignal;
}

/** A call that changes something. */
export interface GitLabChange extends GitLabCall {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** What in the body no error may repeat. */
  readonly secrets?: readonly string[];
}

/** A question to GitLab's GraphQL API. */
export interface GitLabQuestion extends Pick<GitLabCall, 'doing' | 'needs' | 'signal'> {
  /** A query, or a list of queries that are answered together; sent as JSON. */
  readonly body: object;
}

/** The query that asks for lists in as few pages as GitLab allows. */
export const FULL_PAGES = ['per_page', '100'] as const;
