import { LONGEST_TRUST } from './packing.ts';
import { iamArn, type Place } from './place.ts';
import { documentOf, lengthOf, PermissionError, type PolicyDocument, type Statement } from './policy.ts';

/** Which jobs may take a role by the ID tokens that GitLab gives them. */
export interface JobIdentity {
  /** Who signs the tokens: the address of GitLab, by https. */
  readonly issuer: string;
  /** Whom the tokens are for. */
  readonly audience: string;
  /** Full project paths. */
  readonly projects: readonly string[];
  /** Branch names. */
  readonly branches: readonly string[];
  /** Names of Git tags; a `*` may end them. */
  readonly gitTags: readonly string[];
}

const PROJECT = /^[A-Za-z0-9_.][\w.-]*(?:\/[A-Za-z0-9_.][\w.-]*)+$/;
/** What Git allows, without what means more than itself in a policy. */
const REF = /^(?=.{1,255}$)[^\s\p{Cc}~^:?*[\\$]+$/u;
const TAG_PATTERN = /^(?=.{1,255}$)[^\s\p{Cc}~^:?*[\\$]+\*?$/u;

function checkAll(texts: readonly string[], pattern: RegExp, what: string): void {
  const wrong = texts.find((text) => !pattern.test(text));
  if (wrong !== undefined) throw new PermissionError(`${JSON.stringify(wrong)} is not ${what}`);
}

/** IAM's name of the issuer: its address without the scheme. */
function providerOf(issuer: string): string {
  const address = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const plain =
    address !== undefined && address.search === '' && address.hash === '' && address.username === '';
  if (address?.protocol !== 'https:' || address.port !== '' || !plain) {
    throw new PermissionError(
      `${JSON.stringify(issuer)} cannot sign for AWS: AWS takes issuers with an https address without a port, such as https://gitlab.com; name it by --issuer`,
    );
  }
  return `${address.host}${address.pathname}`.replace(/\/+$/, '');
}

function check({ audience, projects, branches, gitTags }: JobIdentity): void {
  if (projects.length === 0) {
    throw new PermissionError(
      'jobs of which projects may take the role? give each by --project, such as acme/web',
    );
  }
  if (branches.length + gitTags.length === 0) {
    throw new PermissionError(
      'jobs of which refs may take the role? give --branch or --tag, best protected ones',
    );
  }
  checkAll(projects, PROJECT, 'the full path of one project, such as acme/web (ids and wildcards do not do)');
  checkAll(branches, REF, 'the full name of one branch');
  checkAll(
    gitTags,
    TAG_PATTERN,
    'the name of a Git tag, or the beginning of one with a * at its end, such as v*',
  );
  checkAll([audience], /^[^\s\p{Cc}*?$]{1,255}$/u, 'an audience: a text without spaces, * ? and $');
}

function subjects(
  projects: readonly string[],
  type: 'branch' | 'tag',
  refs: readonly string[],
): readonly string[] {
  return projects.flatMap((project) =>
    refs.map((ref) => `project_path:${project}:ref_type:${type}:ref:${ref}`),
  );
}

/**
 * The trust policy of a role that CI jobs take. Exact names are compared exactly; only Git tags that end with `*`
 * are compared as patterns. Throws `PermissionError`.
 */
export function jobTrust(place: Place, identity: JobIdentity): PolicyDocument {
  check(identity);
  const { projects, branches, gitTags } = identity;
  const provider = providerOf(identity.issuer);
  const audience = { [`${provider}:aud`]: identity.audience };
  const allow = (Sid: string, Condition: Statement['Condition']): Statement => ({
    Sid,
    Effect: 'Allow',
    Principal: { Federated: iamArn(place, `oidc-provider/${provider}`) },
    Action: ['sts:AssumeRoleWithWebIdentity'],
    ...(Condition !== undefined && { Condition }),
  });
  const exact = [
    ...subjects(projects, 'branch', branches),
    ...subjects(
      projects,
      'tag',
      gitTags.filter((tag) => !tag.endsWith('*')),
    ),
  ];
  const patterns = subjects(
    projects,
    'tag',
    gitTags.filter((tag) => tag.endsWith('*')),
  );
  const document = documentOf([
    ...(exact.length > 0
      ? [allow('JobsOfTheseRefs', { StringEquals: { ...audience, [`${provider}:sub`]: exact } })]
      : []),
    ...(patterns.length > 0
      ? [
          allow('JobsOfTheseTags', {
            StringEquals: audience,
            StringLike: { [`${provider}:sub`]: patterns },
          }),
        ]
      : []),
  ]);
  if (lengthOf(document) > LONGEST_TRUST) {
    throw new PermissionError(
      `the trust policy is longer than the ${LONGEST_TRUST} characters that IAM takes: name fewer projects and refs, or make several roles`,
    );
  }
  return document;
}

/** The part of a `.gitlab-ci.yml` with which a job takes the role; AWS's CLI and SDKs read it from there. */
export function pipelineSnippet(place: Place, roleArn: string, { audience }: JobIdentity): string {
  return `deploy:
  id_tokens:
    AWS_ID_TOKEN:
      aud: ${JSON.stringify(audience)}
  variables:
    AWS_ROLE_ARN: ${JSON.stringify(roleArn)}
    AWS_REGION: ${JSON.stringify(place.region)}
    AWS_DEFAULT_REGION: ${JSON.stringify(place.region)}
  before_script:
    - export AWS_ROLE_SESSION_NAME="gitlab-$CI_PROJECT_ID-$CI_JOB_ID"
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$CI_BUILDS_DIR/.aws-id-token-$CI_JOB_ID"
    - (umask 077; printf '%s' "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")
  script:
    - aws sts get-caller-identity
  after_script:
    - rm -f "$CI_BUILDS_DIR/.aws-id-token-$CI_JOB_ID"
`;
}
