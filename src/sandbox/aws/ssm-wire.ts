import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Ec2Error } from '../../adapters/memory/ec2/error.ts';
import { type Parameter, PARAMETER_TYPES, type Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { isSigned } from './credentials.ts';
import type { Answer } from './exchange.ts';

/** What an answer needs to know besides the parameters. */
export interface SsmPlace {
  readonly region: string;
  readonly account: string;
}

type SsmAction = (ssm: Ssm, input: unknown, place: SsmPlace) => unknown;

const getParameter = z.strictObject({ Name: z.string(), WithDecryption: z.boolean().default(false) });
const getParameters = z.strictObject({
  Names: z.array(z.string()).min(1).max(10),
  WithDecryption: z.boolean().default(false),
});
const putParameter = z.strictObject({
  Name: z.string(),
  Value: z.string(),
  Type: z.enum(PARAMETER_TYPES).optional(),
  Overwrite: z.boolean().optional(),
  KeyId: z.string().optional(),
});
const deleteParameter = z.strictObject({ Name: z.string() });

const actions: ReadonlyMap<string, SsmAction> = new Map<string, SsmAction>([
  [
    'GetParameter',
    (ssm, input, place) => {
      const { Name, WithDecryption } = getParameter.parse(input);
      return { Parameter: parameterJson(ssm.getParameter(Name, WithDecryption), place) };
    },
  ],
  [
    'GetParameters',
    (ssm, input, place) => {
      const { Names, WithDecryption } = getParameters.parse(input);
      const known = new Set(ssm.names());
      const found = Names.filter((name) => known.has(name));
      return {
        Parameters: found.map((name) => parameterJson(ssm.getParameter(name, WithDecryption), place)),
        InvalidParameters: Names.filter((name) => !known.has(name)),
      };
    },
  ],
  [
    'PutParameter',
    (ssm, input) => {
      const { Name, Value, Type, Overwrite } = putParameter.parse(input);
      const version = ssm.putParameter({ name: Name, value: Value, type: Type, overwrite: Overwrite });
      return { Version: version, Tier: 'Standard' };
    },
  ],
  [
    'DeleteParameter',
    (ssm, input) => {
      ssm.deleteParameter(deleteParameter.parse(input).Name);
      return {};
    },
  ],
]);

/** Answers one request in the JSON protocol of Systems Manager; `target` is the header `x-amz-target`. */
export function answerSsm(
  ssm: Ssm,
  place: SsmPlace,
  request: { readonly target: string; readonly body: string; readonly authorization: string | undefined },
): Answer {
  const action = request.target.replace(/^AmazonSSM\./, '');
  try {
    if (!isSigned(request.authorization, 'ssm', place.region)) {
      throw new Ec2Error(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    }
    const run = actions.get(action);
    if (run === undefined) throw new Ec2Error('UnknownOperationException', `${action} is not known here.`);
    return answer(action, 200, run(ssm, JSON.parse(request.body), place));
  } catch (error) {
    const refusal = refusalOf(error);
    return answer(action, 400, { __type: refusal.code, message: refusal.message });
  }
}

function refusalOf(error: unknown): Ec2Error {
  if (error instanceof Ec2Error) return error;
  if (error instanceof SyntaxError)
    return new Ec2Error('SerializationException', 'The request is not valid JSON.');
  if (error instanceof z.ZodError) return new Ec2Error('ValidationException', z.prettifyError(error));
  throw error;
}

function parameterJson({ name, type, value, version, lastModifiedAt }: Parameter, place: SsmPlace): unknown {
  return {
    ARN: `arn:aws:ssm:${place.region}:${place.account}:parameter/${name.replace(/^\//, '')}`,
    DataType: 'text',
    LastModifiedDate: lastModifiedAt / 1000,
    Name: name,
    Type: type,
    Value: value,
    Version: version,
  };
}

function answer(action: string, status: number, body: unknown): Answer {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  return { action, status, headers, body: JSON.stringify(body) };
}
