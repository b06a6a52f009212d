import * as sdk from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { startAwsDouble } from '../../../test/support/aws-double.ts';
import { mistakesInJson } from '../../../test/support/sdk-json.ts';
import { until } from '../../../test/support/until.ts';
import { seconds } from '../../engine/time.ts';

async function refusalOf(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => 'no error',
    (error: unknown) =>
      error instanceof sdk.SQSServiceException && [
        error.name,
        error.$metadata.httpStatusCode,
        error.$metadata.requestId,
      ],
  );
}

const id = expect.stringMatching(/^[0-9a-f-]{36}$/);

describe('a queue', () => {
  it('gives a message again until it is deleted', async () => {
    await using double = await startAwsDouble();
    const { clock, sqs, queueUrl: QueueUrl } = double;
    await sqs.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody: 'äöü' }));
    const receive = async () =>
      (await sqs.send(new sdk.ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 60 }))).Messages;
    const first = await receive();
    expect(first).toEqual([
      { MessageId: id, ReceiptHandle: expect.any(String), MD5OfBody: expect.any(String), Body: 'äöü' },
    ]);
    expect(await receive()).toBeUndefined();
    await clock.advance(seconds(60));
    const [again] = (await receive()) ?? [];
    expect(again?.Body).toBe('äöü');
    const forget = (ReceiptHandle = '') =>
      sqs.send(new sdk.DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    await forget(first?.[0]?.ReceiptHandle);
    expect(double.queue.counts()).toEqual({ visible: 0, inFlight: 1 });
    await forget(again?.ReceiptHandle);
    expect(double.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    await forget(again?.ReceiptHandle);
  });

  it('lets who asks wait for a message, or for nothing', async () => {
    await using double = await startAwsDouble();
    const { clock, sqs, queue, queueUrl: QueueUrl } = double;
    const poll = () =>
      sqs.send(new sdk.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }));
    const [first, second] = [poll(), poll()];
    await until(() => queue.waiting === 2);
    queue.send('one');
    await clock.advance(seconds(0));
    const served = await Promise.race([first, second]);
    expect(served.Messages?.map(({ Body }) => Body)).toEqual(['one']);
    await clock.advance(seconds(20));
    const bodies = (await Promise.all([first, second])).map(({ Messages }) => Messages?.[0]?.Body);
    expect(new Set(bodies)).toEqual(new Set(['one', undefined]));
  });

  it('forgets who has hung up', async () => {
    await using double = await startAwsDouble();
    const { sqs, queue, queueUrl: QueueUrl } = double;
    const abort = new AbortController();
    const gone = sqs.send(new sdk.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: abort.signal,
    });
    await until(() => queue.waiting === 1);
    abort.abort();
    await expect(gone).rejects.toThrow(/abort/i);
    await until(() => queue.waiting === 0);
    queue.send('kept');
    expect(queue.counts()).toEqual({ visible: 1, inFlight: 0 });
  });

  it('tells what it holds, and who may write into it', async () => {
    await using double = await startAwsDouble();
    const { sqs, queue, queueUrl: QueueUrl } = double;
    queue.send('one');
    const read = async (...AttributeNames: sdk.QueueAttributeName[]) =>
      (await sqs.send(new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes;
    expect(await read('ApproximateNumberOfMessages')).toEqual({ ApproximateNumberOfMessages: '1' });
    expect(await read('All')).toMatchObject({
      QueueArn: 'arn:aws:sqs:eu-central-1:123456789012:events',
      ApproximateNumberOfMessagesNotVisible: '0',
      VisibilityTimeout: '30',
      Policy: expect.stringContaining('events.amazonaws.com'),
    });
  });

  it('refuses by name', async () => {
    await using double = await startAwsDouble();
    const { aws, sqs, queueUrl: QueueUrl } = double;
    const receive = (input: Partial<sdk.ReceiveMessageCommandInput>) =>
      refusalOf(sqs.send(new sdk.ReceiveMessageCommand({ QueueUrl, ...input })));
    expect(await receive({ QueueUrl: `${QueueUrl}x` })).toEqual(['QueueDoesNotExist', 400, id]);
    expect(await receive({ QueueUrl: `${aws.url}/111122223333/events` })).toEqual([
      'QueueDoesNotExist',
      400,
      id,
    ]);
    expect(await receive({ WaitTimeSeconds: 21 })).toEqual(['InvalidParameterValue', 400, id]);
    const strange = new sdk.DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' });
    expect(await refusalOf(sqs.send(strange))).toEqual(['ReceiptHandleIsInvalid', 400, id]);
    expect(await refusalOf(sqs.send(new sdk.PurgeQueueCommand({ QueueUrl })))).toEqual([
      'UnsupportedOperation',
      400,
      id,
    ]);
    const unsigned = await fetch(aws.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
    });
    expect([unsigned.status, await unsigned.json()]).toMatchObject([
      400,
      { __type: 'com.amazonaws.sqs#InvalidSecurity' },
    ]);
  });
});

describe("the check of answers against the SDK's model", () => {
  it('passes what the SDK knows, and finds the rest', () => {
    expect(mistakesInJson('ReceiveMessage', '{"Messages":[{"Body":"x","Attributes":{"a":"b"}}]}')).toEqual(
      [],
    );
    expect(mistakesInJson('ReceiveMessage', '{}')).toEqual([]);
    expect(mistakesInJson('DeleteMessage', '{"a":1}')).toEqual(['DeleteMessage.a: unknown member']);
    expect(mistakesInJson('ReceiveMessage', '{"Messages":[{"Body":1,"Id":"x"}]}')).toEqual([
      'ReceiveMessage.Messages[].Body: 1 is no string',
      'ReceiveMessage.Messages[].Id: unknown member',
    ]);
    expect(mistakesInJson('ReceiveMessage', '{"Messages":{}}')).toEqual(['ReceiveMessage.Messages: no list']);
    expect(mistakesInJson('GetQueueAttributes', '{"Attributes":{"Policy":{}}}')).toEqual([
      'GetQueueAttributes.Attributes.Policy: {} is no string',
    ]);
    expect(() => mistakesInJson('Nothing', '{}')).toThrow('no such operation');
  });
});
