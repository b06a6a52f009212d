import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/**
 * The one command of the AWS CLI that an instance uses, without the SDK so that it starts fast:
 * `aws ssm get-parameter --region R --name P --with-decryption --query Parameter.Value --output text`, with `--cli-connect-timeout` and `--cli-read-timeout` if need be.
 * Before the command's own arguments come the endpoint, an access key id, and the address of the instance's
 * metadata, which give the credentials of its role where there is no key. Exit codes are the CLI's:
 * 252 wrong usage, 253 no credentials, 254 the service refused, 255 anything else.
 */
const [endpoint = '', givenKey = '', metadata = '', ...words] = process.argv.slice(2);

/** Milliseconds for one request to the metadata. */
const METADATA_PATIENCE = 2000;

class Failure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

interface Wanted {
  readonly region: string;
  readonly name: string;
  /** In seconds, for the whole call. */
  readonly patience: number;
}

function parse(): Wanted {
  const { values, positionals } = parseWords();
  const { region, name, query, output } = values;
  if (positionals.join(' ') !== 'ssm get-parameter') {
    throw new Failure(252, 'only "aws ssm get-parameter" exists in the sandbox');
  }
  if (name === undefined) throw new Failure(252, 'the following arguments are required: --name');
  if (region === undefined) throw new Failure(253, 'You must specify a region.');
  const isPlain = values['with-decryption'] === true && query === 'Parameter.Value' && output === 'text';
  if (!isPlain) {
    throw new Failure(252, 'needs --with-decryption --query Parameter.Value --output text in the sandbox');
  }
  return {
    region,
    name,
    patience: patienceOf(values['cli-connect-timeout']) + patienceOf(values['cli-read-timeout']),
  };
}

/** A time-out in seconds; the CLI's default is a minute. */
function patienceOf(word = '60'): number {
  if (!/^[1-9][0-9]*$/.test(word)) throw new Failure(252, `${word} is no time-out in seconds`);
  return Number(word);
}

function parseWords() {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        region: { type: 'string' },
        name: { type: 'string' },
        'with-decryption': { type: 'boolean' },
        query: { type: 'string' },
        output: { type: 'string' },
        'cli-connect-timeout': { type: 'string' },
        'cli-read-timeout': { type: 'string' },
      },
    });
  } catch (error) {
    throw new Failure(252, error instanceof Error ? error.message : String(error));
  }
}

async function getParameter({ region, name, patience }: Wanted): Promise<string> {
  const accessKeyId = givenKey === '' ? await keyOfRole() : givenKey;
  if (accessKeyId === undefined) throw new Failure(253, 'Unable to locate credentials.');
  const { status, body } = await call(
    { region, patience, accessKeyId },
    JSON.stringify({ Name: name, WithDecryption: true }),
  );
  const answer: unknown = JSON.parse(body);
  if (status !== 200) {
    const [code, message] = [member(answer, '__type'), member(answer, 'message')];
    throw new Failure(
      254,
      `An error occurred (${String(code)}) when calling the GetParameter operation: ${String(message)}`,
    );
  }
  const value = member(member(answer, 'Parameter'), 'Value');
  if (typeof value !== 'string') throw new Failure(255, 'the answer holds no Parameter.Value');
  return value;
}

/** The access key id of the instance's role; undefined where the metadata do not answer or there is no role. */
async function keyOfRole(): Promise<string | undefined> {
  if (metadata === '') return undefined;
  try {
    const token = await ask('PUT', 'api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '60' });
    const path = 'meta-data/iam/security-credentials/';
    const role = await ask('GET', path, { 'x-aws-ec2-metadata-token': token });
    const answer: unknown = JSON.parse(await ask('GET', path + role, { 'x-aws-ec2-metadata-token': token }));
    const key = member(answer, 'AccessKeyId');
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}

async function ask(method: string, path: string, headers: Record<string, string>): Promise<string> {
  const signal = AbortSignal.timeout(METADATA_PATIENCE);
  const answer = await fetch(`${metadata}/latest/${path}`, { method, headers, signal });
  if (!answer.ok) throw new Error(`the metadata answered ${answer.status}`);
  return answer.text();
}

interface Caller extends Pick<Wanted, 'region' | 'patience'> {
  readonly accessKeyId: string;
}

function call(
  { region, patience, accessKeyId }: Caller,
  body: string,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'AmazonSSM.GetParameter',
    // The double does not check signatures, so there is no need for a real one.
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${region}/ssm/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  };
  return new Promise((resolve, reject) => {
    request(endpoint, { method: 'POST', headers, signal: AbortSignal.timeout(patience * 1000) }, (answer) => {
      text(answer).then((answered) => resolve({ status: answer.statusCode, body: answered }), reject);
    })
      .on('error', () => reject(new Failure(255, `Could not connect to the endpoint URL: "${endpoint}"`)))
      .end(body);
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

try {
  process.stdout.write(`${await getParameter(parse())}\n`);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Failure ? error.exitCode : 255;
}
