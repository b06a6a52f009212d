import { createServer } from 'node:http';
import type { AwsAccess } from '../../src/adapters/aws/clients.ts';

/** What the double answers: a body, nothing for ever, or a broken connection. */
export type Reply = { readonly status: number; readonly body: string } | 'silence' | 'hang-up';

/** One call that arrived. */
export interface ReceivedCall {
  readonly action: string;
  /** The form of an EC2 call, as the SDK flattened it; empty for the services that take JSON. */
  readonly form: URLSearchParams;
  readonly body: string;
}

/** What each action answers; `nth` counts the calls of that action from 0. */
export type Script = Readonly<Record<string, (call: ReceivedCall, nth: number) => Reply>>;

/** A server that speaks the wire of EC2, Auto Scaling, SSM and CloudWatch and says what a test tells it to. */
export interface ScriptedAws extends AsyncDisposable {
  readonly access: AwsAccess;
  readonly calls: readonly ReceivedCall[];
  /** The forms of the calls of one action, in order. */
  of(action: string): readonly URLSearchParams[];
}

/** A successful EC2 answer. */
export function answer(action: string, inner: string): Reply {
  const xmlns = 'http://ec2.amazonaws.com/doc/2016-11-15/';
  return {
    status: 200,
    body: `<${action}Response xmlns="${xmlns}"><requestId>in-body</requestId>${inner}</${action}Response>`,
  };
}

/** A successful answer of Auto Scaling. */
export function groupAnswer(action: string, inner: string): Reply {
  const xmlns = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';
  const result = `<${action}Result>${inner}</${action}Result>`;
  const metadata = '<ResponseMetadata><RequestId>in-body</RequestId></ResponseMetadata>';
  return {
    status: 200,
    body: `<${action}Response xmlns="${xmlns}">${result}${metadata}</${action}Response>`,
  };
}

/** A failed answer of Auto Scaling. */
export function groupFailure(code: string, message = `about ${code}`, status = 400): Reply {
  const xmlns = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    status,
    body: `<ErrorResponse xmlns="${xmlns}">${error}<RequestId>in-body</RequestId></ErrorResponse>`,
  };
}

/** A failed EC2 answer. */
export function failure(code: string, message = `about ${code}`, status = 400): Reply {
  const error = `<Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>`;
  return { status, body: `<?xml version="1.0"?><Response>${error}<RequestID>in-body</RequestID></Response>` };
}

function parse(target: string | undefined, body: string): ReceivedCall {
  if (target !== undefined) {
    return { action: target.split('.').at(-1) ?? '', form: new URLSearchParams(), body };
  }
  const form = new URLSearchParams(body);
  return { action: form.get('Action') ?? '', form, body };
}

/** Starts the double on a free port of the loopback; the request id of the n-th call is `request-n`. */
export async function scriptedAws(script: Script): Promise<ScriptedAws> {
  const calls: ReceivedCall[] = [];
  const of = (action: string) => calls.filter((call) => call.action === action).map((call) => call.form);

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const target = request.headers['x-amz-target'];
      const call = parse(typeof target === 'string' ? target : undefined, Buffer.concat(chunks).toString());
      calls.push(call);
      const reply = script[call.action]?.(call, of(call.action).length - 1) ?? failure('InvalidAction');
      if (reply === 'silence') return;
      if (reply === 'hang-up') {
        response.destroy();
        return;
      }
      response.writeHead(reply.status, { 'x-amzn-requestid': `request-${calls.length}` });
      response.end(reply.body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the double has no port');
  const url = `http://127.0.0.1:${address.port}`;

  return {
    access: {
      region: 'eu-central-1',
      endpoints: { ec2: url, autoScaling: url, ssm: url, cloudwatch: url },
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' },
    },
    calls,
    of,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
