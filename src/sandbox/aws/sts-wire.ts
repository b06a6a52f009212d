import { randomUUID } from 'node:crypto';
import { Ec2Error, invalidValue } from '../../adapters/memory/ec2/error.ts';
import { seconds } from '../../engine/time.ts';
import type { Answer } from './exchange.ts';
import { QueryParameters } from './query-parameters.ts';
import { type AssumeRoleRequest, type Caller, SESSION_DURATION, type Sts } from './sts.ts';
import { xml, type XmlTree } from './xml.ts';

const version = '2011-06-15';
const namespace = `https://sts.amazonaws.com/doc/${version}/`;

const shortest = 900;
const longest = 43_200;

/** Answers one request in the query protocol of STS. `caller` is absent where the credentials are not known. */
export function answerSts(sts: Sts, body: string, caller: Caller | undefined): Answer {
  const requestId = randomUUID();
  const action = new URLSearchParams(body).get('Action') ?? '';
  try {
    if (caller === undefined) {
      throw new Ec2Error('InvalidClientTokenId', 'The security token included in the request is invalid');
    }
    const result = carryOut(sts, action, body, caller);
    const tree = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } };
    return answer(action, requestId, 200, document(`${action}Response`, tree));
  } catch (error) {
    if (!(error instanceof Ec2Error)) throw error;
    const { code, message } = error;
    const tree = { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId };
    return answer(
      action,
      requestId,
      code === 'AccessDenied' || code === 'InvalidClientTokenId' ? 403 : 400,
      document('ErrorResponse', tree),
    );
  }
}

function carryOut(sts: Sts, action: string, body: string, caller: Caller): XmlTree {
  const parameters = QueryParameters.parse(body);
  if (action !== 'AssumeRole' || new URLSearchParams(body).get('Version') !== version) {
    throw new Ec2Error('InvalidAction', `Could not find operation ${action} for version ${version}`);
  }
  const request = readAssumeRole(parameters);
  parameters.finish();
  const session = sts.assume(request, caller);
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.token,
      Expiration: new Date(session.expiresAt),
    },
    AssumedRoleUser: { AssumedRoleId: session.roleId, Arn: session.arn },
  };
}

function readAssumeRole(parameters: QueryParameters): AssumeRoleRequest {
  const session = parameters.required('RoleSessionName');
  if (!/^[\w+=,.@-]{2,64}$/.test(session)) throw invalidValue(`'${session}' is no RoleSessionName.`);
  const duration = parameters.integer('DurationSeconds');
  if (duration !== undefined && (duration < shortest || duration > longest)) {
    throw invalidValue(`DurationSeconds must be ${shortest} to ${longest}.`);
  }
  return {
    roleArn: parameters.required('RoleArn'),
    session,
    externalId: parameters.text('ExternalId'),
    duration: duration === undefined ? SESSION_DURATION : seconds(duration),
  };
}

function document(name: string, members: XmlTree): string {
  return `<${name} xmlns="${namespace}">${xml(members)}</${name}>`;
}

function answer(action: string, requestId: string, status: number, body: string): Answer {
  return { action, status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body };
}
