import { stripVTControlCharacters } from 'node:util';
import { type EC2Client, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { awsCall, type CallLimits } from './aws-call.ts';
import { awsCode } from './errors.ts';

/** The longest end that is answered, in characters. */
const TAIL = 16_384;

const CANNOT_GIVE_LATEST: ReadonlySet<string | undefined> = new Set(['UnsupportedOperation', 'Unsupported']);

/** The end of the output, as plain lines: it goes to logs and terminals. */
function readable(base64: string): string {
  const text = Buffer.from(base64, 'base64').toString('utf8').replace(/\r\n?/g, '\n');
  return stripVTControlCharacters(text)
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .slice(-TAIL);
}

/** The end of the serial console of an instance; empty when there is none yet. Throws `not-found` for no instance. */
export async function serialConsole(ec2: EC2Client, id: string, limits: CallLimits): Promise<string> {
  const call = { system: 'ec2', doing: `reading the console of instance ${id}` } as const;
  const read = (latest: boolean) =>
    awsCall(call, limits, (options) =>
      ec2.send(new GetConsoleOutputCommand({ InstanceId: id, ...(latest ? { Latest: true } : {}) }), options),
    );
  // Only Nitro gives what was written a moment ago; the others give what they posted last.
  const answer = await read(true).catch((error: unknown) => {
    if (CANNOT_GIVE_LATEST.has(awsCode(error))) return read(false);
    throw error;
  });
  return readable(answer.Output ?? '');
}
