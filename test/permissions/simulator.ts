import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import type { PolicyDocument } from '../../src/permissions/policy.ts';

/** What IAM is asked: one action on one resource; a call may ask several at once. */
export interface AccessRequest {
  readonly action: string;
  /** An ARN, or `*` for actions that are tied to no resource. */
  readonly resource: string;
  /** Condition keys and what they are in this request. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

const ACCOUNT = '123456789012';
/** Where a role is that another account may take: there both sides have to allow it. */
const OTHER_ACCOUNT = '222222222222';

/** The policy that a KMS key has by default: it leaves to the account's own policies who may use it. */
const KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' },
  ],
};

/** The simulator leaves out condition keys whose name ends as the caller likes: this one takes their place. */
const RENAMED: Renaming = ['kms:EncryptionContext:PARAMETER_ARN', 'kms:RequestAlias'];

type Renaming = readonly [from: string, to: string];

/** The policy with another condition key. */
function policyWith(policy: PolicyDocument, [from, to]: Renaming): unknown {
  return JSON.parse(JSON.stringify(policy).replaceAll(`"${from}`, `"${to}`));
}

/** The same request with another condition key. */
function requestWith(request: AccessRequest, [from, to]: Renaming): AccessRequest {
  const context = Object.entries(request.context).map(([key, value]) => [key === from ? to : key, value]);
  return { ...request, context: Object.fromEntries(context) };
}

function simulationOf({ action, resource, context }: AccessRequest): Simulation {
  return {
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/asking`,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: Object.fromEntries(
        Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
      ),
    },
    identityPolicies: [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
}

/** Throws where the request itself cannot be, so that no denial is one by mistake. */
async function decided(simulation: Simulation): Promise<boolean> {
  const answer = await runSimulation(simulation, {});
  const { action, resource } = simulation.request;
  const asked = `${action} on ${resource.resource}`;
  if (answer.resultType === 'error') throw new Error(`${asked}: ${JSON.stringify(answer.errors)}`);
  if (answer.resultType === 'wildcard') throw new Error(`${asked}: give one resource without wildcards`);
  const { ignoredContextKeys = [] } = answer.result;
  if (ignoredContextKeys.length > 0) throw new Error(`${asked} has no ${ignoredContextKeys.join(', ')}`);
  return answer.overallResult === 'Allowed';
}

/**
 * Whether the policies allow the request, as IAM decides it. Throws for an unknown action, a resource that the
 * action does not take, and a condition key that it does not have.
 */
export async function allows(policies: readonly PolicyDocument[], request: AccessRequest): Promise<boolean> {
  const identityPolicies = policies.map((policy, index) => ({
    name: `policy ${index}`,
    policy: policyWith(policy, RENAMED),
  }));
  const resourcePolicy = request.action.startsWith('kms:') ? KEY_POLICY : undefined;
  return decided({ ...simulationOf(requestWith(request, RENAMED)), identityPolicies, resourcePolicy });
}

/** Whether a role with this trust policy may be taken by an ID token of the provider with these claims. */
export async function trusts(
  trust: PolicyDocument,
  provider: string,
  claims: Readonly<Record<string, string>>,
): Promise<boolean> {
  // The simulator knows the claims of few providers: those of one take the place of the others'.
  const known = 'accounts.google.com';
  const context = Object.fromEntries(
    Object.entries(claims).map(([claim, value]) => [`${known}:${claim}`, value]),
  );
  const resource = `arn:aws:iam::${ACCOUNT}:role/taken`;
  const { request, ...rest } = simulationOf({ action: 'sts:AssumeRoleWithWebIdentity', resource, context });
  const principal = `arn:aws:iam::${ACCOUNT}:oidc-provider/${provider}`;
  const resourcePolicy = policyWith(trust, [`${provider}:`, `${known}:`]);
  return decided({ ...rest, request: { ...request, principal }, resourcePolicy });
}

/** Whether a role with this trust policy may be taken by the principal, whose own policies allow it. */
export async function mayAssume(trust: PolicyDocument, principal: string): Promise<boolean> {
  const resource = `arn:aws:iam::${ACCOUNT}:role/taken`;
  const { request, ...rest } = simulationOf({ action: 'sts:AssumeRole', resource, context: {} });
  return decided({
    ...rest,
    request: { ...request, principal, resource: { resource, accountId: OTHER_ACCOUNT } },
    identityPolicies: [
      {
        name: 'own',
        policy: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
        },
      },
    ],
    resourcePolicy: policyWith(trust, RENAMED),
  });
}
