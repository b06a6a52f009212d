import { randomUUID } from 'node:crypto';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { Ec2Error, LostAnswer } from '../../adapters/memory/ec2/error.ts';
import { isSigned } from './credentials.ts';
import { ec2Actions } from './ec2-actions.ts';
import type { Answer } from './exchange.ts';
import { QueryParameters } from './query-parameters.ts';
import { xml, type XmlTree } from './xml.ts';

const version = '2016-11-15';

const statuses: Readonly<Record<string, number>> = {
  AuthFailure: 401,
  UnauthorizedOperation: 403,
  DryRunOperation: 412,
  InsufficientInstanceCapacity: 500,
  RequestLimitExceeded: 503,
  Unavailable: 503,
};

/** Answers one request in EC2's query protocol. */
export function answerEc2(ec2: Ec2, body: string, authorization: string | undefined): Answer {
  const requestId = randomUUID();
  const action = new URLSearchParams(body).get('Action') ?? '';
  try {
    if (!isSigned(authorization, 'ec2', ec2.place.region)) {
      throw new Ec2Error('AuthFailure', 'AWS was not able to validate the provided access credentials');
    }
    return answer(action, requestId, 200, responseXml(action, requestId, carryOut(ec2, action, body)));
  } catch (error) {
    if (error instanceof LostAnswer) return { ...answer(action, requestId, 0, ''), lost: true };
    if (!(error instanceof Ec2Error)) throw error;
    return answer(action, requestId, statuses[error.code] ?? 400, errorXml(error, requestId));
  }
}

function carryOut(ec2: Ec2, action: string, body: string): XmlTree {
  const run = ec2Actions.get(action);
  const asked = new URLSearchParams(body).get('Version');
  if (run === undefined || asked !== version) {
    throw new Ec2Error('InvalidAction', `The action ${action} is not valid for this web service.`);
  }
  return run(QueryParameters.parse(body), ec2);
}

function responseXml(action: string, requestId: string, members: XmlTree): string {
  const name = `${action}Response`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://ec2.amazonaws.com/doc/${version}/">${xml({ requestId, ...members })}</${name}>`;
}

function errorXml({ code, message }: Ec2Error, requestId: string): string {
  const tree = { Response: { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId } };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml(tree)}`;
}

function answer(action: string, requestId: string, status: number, body: string): Answer {
  return {
    action,
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId },
    body,
  };
}
