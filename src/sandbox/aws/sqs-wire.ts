import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Ec2Error } from '../../adapters/memory/ec2/error.ts';
import type { Queue, ReceivedMessage } from '../../adapters/memory/sqs/queue.ts';
import { seconds } from '../../engine/time.ts';
import { isSigned } from './credentials.ts';
import type { Answer } from './exchange.ts';

/** What the header `x-amz-target` of a request to SQS begins with. */
export const SQS_TARGET = 'AmazonSQS.';

/** What an answer needs to know besides the queues. */
export interface SqsPlace {
  readonly region: string;
  readonly account: string;
}

export interface SqsRequest {
  /** The header `x-amz-target`. */
  readonly target: string;
  readonly body: string;
  readonly authorization: string | undefined;
  /** Aborts when the caller has hung up: nobody hears what a long poll brings then. */
  readonly signal: AbortSignal;
}

type TextQueue = Queue<string>;
type SqsAction = (queues: QueuesByUrl, input: unknown, request: SqsRequest) => Promise<unknown>;

const named = { QueueUrl: z.string() };
const attributeNames = [
  'All',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'Policy',
  'QueueArn',
  'VisibilityTimeout',
] as const;

const getQueueAttributes = z.strictObject({ ...named, AttributeNames: z.array(z.enum(attributeNames)) });
const receiveMessage = z.strictObject({
  ...named,
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  WaitTimeSeconds: z.int().min(0).max(20).default(0),
  VisibilityTimeout: z.int().min(0).max(43_200).optional(),
});
const deleteMessage = z.strictObject({ ...named, ReceiptHandle: z.string() });
const sendMessage = z.strictObject({ ...named, MessageBody: z.string().min(1).max(1_048_576) });

const actions: ReadonlyMap<string, SqsAction> = new Map<string, SqsAction>([
  [
    'GetQueueAttributes',
    async (queues, input) => {
      const { QueueUrl, AttributeNames } = getQueueAttributes.parse(input);
      const all = queues.attributesOf(queues.named(QueueUrl));
      const wanted = Object.entries(all).filter(([name]) =>
        AttributeNames.some((one) => one === 'All' || one === name),
      );
      return { Attributes: Object.fromEntries(wanted) };
    },
  ],
  [
    'ReceiveMessage',
    async (queues, input, { signal }) => {
      const asked = receiveMessage.parse(input);
      const { VisibilityTimeout: visibility } = asked;
      const messages = await queues.named(asked.QueueUrl).receive(
        {
          max: asked.MaxNumberOfMessages,
          wait: seconds(asked.WaitTimeSeconds),
          ...(visibility !== undefined && { visibility: seconds(visibility) }),
        },
        signal,
      );
      return messages.length === 0 ? {} : { Messages: messages.map(messageJson) };
    },
  ],
  [
    'DeleteMessage',
    async (queues, input) => {
      const { QueueUrl, ReceiptHandle } = deleteMessage.parse(input);
      const queue = queues.named(QueueUrl);
      if (!queue.isReceipt(ReceiptHandle)) {
        throw new Ec2Error(
          'ReceiptHandleIsInvalid',
          'The input receipt handle is not a valid receipt handle.',
        );
      }
      queue.delete(ReceiptHandle);
      return {};
    },
  ],
  [
    'SendMessage',
    async (queues, input) => {
      const { QueueUrl, MessageBody } = sendMessage.parse(input);
      const MessageId = queues.named(QueueUrl).send(MessageBody);
      return { MessageId, MD5OfMessageBody: md5(MessageBody) };
    },
  ],
]);

/** The queues of an account in one region, by their URLs: the last two parts of one count. */
class QueuesByUrl {
  readonly #queues: readonly TextQueue[];
  readonly #place: SqsPlace;

  constructor(queues: readonly TextQueue[], place: SqsPlace) {
    this.#queues = queues;
    this.#place = place;
  }

  named(url: string): TextQueue {
    const [account, name] = url.split('/').slice(-2);
    const found = this.#queues.find((queue) => queue.name === name);
    if (found !== undefined && account === this.#place.account) return found;
    throw new Ec2Error('QueueDoesNotExist', 'The specified queue does not exist.');
  }

  attributesOf(queue: TextQueue): Readonly<Record<string, string>> {
    const { region, account } = this.#place;
    const { visible, inFlight } = queue.counts();
    const QueueArn = `arn:aws:sqs:${region}:${account}:${queue.name}`;
    return {
      QueueArn,
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      VisibilityTimeout: String(queue.visibility / 1000),
      Policy: JSON.stringify(writableByEvents(QueueArn)),
    };
  }
}

function writableByEvents(queue: string): object {
  const Principal = { Service: 'events.amazonaws.com' };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: queue }];
  return { Version: '2012-10-17', Statement };
}

/** Answers one request in the JSON protocol of SQS. */
export async function answerSqs(
  queues: readonly TextQueue[],
  place: SqsPlace,
  request: SqsRequest,
): Promise<Answer> {
  const action = request.target.slice(SQS_TARGET.length);
  try {
    if (!isSigned(request.authorization, 'sqs', place.region)) {
      throw new Ec2Error(
        'InvalidSecurity',
        'The request was not made over HTTPS or did not use SigV4 for signing.',
      );
    }
    const run = actions.get(action);
    if (run === undefined) throw new Ec2Error('UnsupportedOperation', `${action} is not known here.`);
    const body = await run(new QueuesByUrl(queues, place), JSON.parse(request.body), request);
    return answer(action, 200, body, {});
  } catch (error) {
    const { code, message } = refusalOf(error);
    const body = { __type: `com.amazonaws.sqs#${code}`, message };
    return answer(action, 400, body, { 'x-amzn-query-error': `${QUERY_CODES[code] ?? code};Sender` });
  }
}

/** The codes of the older protocol that SQS names besides its own. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
};

function refusalOf(error: unknown): Ec2Error {
  if (error instanceof Ec2Error) return error;
  if (error instanceof SyntaxError)
    return new Ec2Error('SerializationException', 'The request is not valid JSON.');
  if (error instanceof z.ZodError) return new Ec2Error('InvalidParameterValue', z.prettifyError(error));
  throw error;
}

function messageJson({ id, body, receipt }: ReceivedMessage<string>): object {
  return { MessageId: id, ReceiptHandle: receipt, MD5OfBody: md5(body), Body: body };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function answer(
  action: string,
  status: number,
  body: unknown,
  more: Readonly<Record<string, string>>,
): Answer {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': randomUUID(),
    ...more,
  };
  return { action, status, headers, body: JSON.stringify(body) };
}
