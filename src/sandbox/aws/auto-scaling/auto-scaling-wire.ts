import { randomUUID } from 'node:crypto';
import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import { Ec2Error, LostAnswer } from '../../../adapters/memory/ec2/error.ts';
import type { Answer } from '../exchange.ts';
import { QueryParameters } from '../query-parameters.ts';
import { xml, type XmlTree } from '../xml.ts';
import { autoScalingActions } from './auto-scaling-actions.ts';

const version = '2011-01-01';
const namespace = `http://autoscaling.amazonaws.com/doc/${version}/`;

/** The code of Auto Scaling for what EC2 says in another way. */
const codes: Readonly<Record<string, string>> = {
  InvalidParameterValue: 'ValidationError',
  MissingParameter: 'ValidationError',
};

const statuses: Readonly<Record<string, number>> = {
  InvalidClientTokenId: 403,
  ResourceContention: 500,
  ServiceUnavailable: 503,
};

/** Answers one request in the query protocol of Auto Scaling. `isKnown`: its credentials open these groups. */
export function answerAutoScaling(groups: AutoScaling, body: string, isKnown: boolean): Answer {
  const requestId = randomUUID();
  const action = new URLSearchParams(body).get('Action') ?? '';
  try {
    if (!isKnown) {
      throw new Ec2Error('InvalidClientTokenId', 'The security token included in the request is invalid.');
    }
    const result = carryOut(groups, action, body);
    const tree = {
      ...(result !== undefined && { [`${action}Result`]: result }),
      ResponseMetadata: { RequestId: requestId },
    };
    return answer(action, requestId, 200, document(`${action}Response`, tree));
  } catch (error) {
    if (error instanceof LostAnswer) return { ...answer(action, requestId, 0, ''), lost: true };
    if (!(error instanceof Ec2Error)) throw error;
    return refusal(action, requestId, error);
  }
}

function carryOut(groups: AutoScaling, action: string, body: string): XmlTree | undefined {
  const run = autoScalingActions.get(action);
  if (run === undefined || new URLSearchParams(body).get('Version') !== version) {
    throw new Ec2Error('InvalidAction', `Could not find operation ${action} for version ${version}`);
  }
  return run(QueryParameters.parse(body), groups);
}

function refusal(action: string, requestId: string, { code: said, message }: Ec2Error): Answer {
  const code = codes[said] ?? said;
  const status = statuses[code] ?? 400;
  const tree = {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
    RequestId: requestId,
  };
  return answer(action, requestId, status, document('ErrorResponse', tree));
}

function document(name: string, tree: XmlTree): string {
  return `<${name} xmlns="${namespace}">${xml(tree)}</${name}>`;
}

function answer(action: string, requestId: string, status: number, body: string): Answer {
  return { action, status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body };
}
