import { describe, expect, it } from 'vitest';
import { failure, type ReceivedCall, type Script } from '../../../test/support/scripted-aws.ts';
import { described, listing, TAGS, withFleet } from '../../../test/support/scripted-fleet.ts';

const NEVER = new AbortController().signal;

function idsIn(call: ReceivedCall): string[] {
  return [...call.form].filter(([key]) => key.startsWith('InstanceId.')).map(([, id]) => id);
}

function thousand(page: number): string {
  return Array.from({ length: 1000 }, (_, index) => described(`i-${page * 1000 + index}`)).join('');
}

describe('list', () => {
  it('reads what EC2 and the tags say, over all pages', async () => {
    const spot = { subnet: 'subnet-1', lifecycle: 'spot' };
    const drained = new Map([...TAGS, ['runtide:drain', 'idle@2026-01-05T09:00:00.000Z']]);
    const { value, aws } = await withFleet(
      {
        DescribeInstances: (_call, nth) =>
          nth === 0
            ? listing(described('i-1', spot), 'more')
            : listing(described('i-2', { tags: drained, state: 'stopping' })),
      },
      (fleet) => fleet.list(NEVER),
    );
    const shared = {
      pool: 'linux',
      launchId: 'l-1',
      slots: 2,
      generation: 'g1',
      launchedAt: Date.UTC(2026, 0, 5, 8),
    };
    expect(value).toEqual([
      {
        ...shared,
        id: 'i-1',
        state: 'running',
        offering: { instanceType: 'm7i.large', subnet: 'subnet-1', market: 'spot' },
      },
      {
        ...shared,
        id: 'i-2',
        state: 'stopping',
        offering: { instanceType: 'm7i.large', market: 'on-demand' },
        drain: { because: 'idle', at: Date.UTC(2026, 0, 5, 9) },
      },
    ]);
    const [first, second] = aws.of('DescribeInstances');
    expect(Object.fromEntries(first ?? [])).toMatchObject({
      'Filter.1.Name': 'tag:runtide:installation',
      'Filter.1.Value.1': 'acme',
      'Filter.2.Name': 'instance-state-name',
      MaxResults: '1000',
    });
    expect([...(first ?? [])].map(([, text]) => text)).not.toContain('terminated');
    expect(second?.get('NextToken')).toBe('more');
  });

  it('reads ten thousand instances', async () => {
    const { value } = await withFleet(
      { DescribeInstances: (_call, nth) => listing(thousand(nth), nth < 9 ? `page-${nth + 1}` : undefined) },
      (fleet) => fleet.list(NEVER),
    );
    expect(new Set(value.map(({ id }) => id)).size).toBe(10_000);
  });

  it('leaves out what it cannot read, and says so once', async () => {
    const unreadable = new Map([...TAGS].filter(([key]) => key !== 'runtide:slots'));
    const { value, notes } = await withFleet(
      { DescribeInstances: () => listing(described('i-1') + described('i-2', { tags: unreadable })) },
      async (fleet) => [await fleet.list(NEVER), await fleet.list(NEVER)],
    );
    expect(value.map((instances) => instances.map(({ id }) => id))).toEqual([['i-1'], ['i-1']]);
    expect(notes).toEqual([
      'instance i-2 is left out: tag runtide:slots is missing; end it by hand, or mend its tags',
    ]);
  });

  it('is empty for an empty list only', async () => {
    const { value } = await withFleet({ DescribeInstances: () => listing('') }, (fleet) => fleet.list(NEVER));
    expect(value).toEqual([]);
    await expect(
      withFleet({ DescribeInstances: () => ({ status: 200, body: '' }) }, (fleet) => fleet.list(NEVER)),
    ).rejects.toMatchObject({ kind: 'invalid-answer' });
  });

  it('fails as a whole when a page fails', async () => {
    const script: Script = {
      DescribeInstances: (_call, nth) =>
        nth === 0 ? listing(described('i-1'), 'more') : failure('RequestLimitExceeded', 'slow down', 503),
    };
    await expect(withFleet(script, (fleet) => fleet.list(NEVER))).rejects.toMatchObject({
      kind: 'throttled',
      message: expect.stringContaining(
        'installation acme: RequestLimitExceeded: slow down (request request-2)',
      ),
    });
  });

  it('stops between pages when the caller aborts', async () => {
    const caller = new AbortController();
    const script: Script = {
      DescribeInstances: () => {
        caller.abort();
        return listing(described('i-1'), 'more');
      },
    };
    await expect(withFleet(script, (fleet) => fleet.list(caller.signal))).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });
});

describe('find', () => {
  it('asks in batches, without the ids that EC2 does not know', async () => {
    const ids = Array.from({ length: 450 }, (_, index) => `i-${index}`);
    const unknown = new Set(['i-3', 'i-5', 'i-449']);
    const { value, aws } = await withFleet(
      {
        DescribeInstances: (call) => {
          const asked = idsIn(call);
          const missing = asked.filter((id) => unknown.has(id));
          if (missing.length === 0) return listing(asked.map((id) => described(id)).join(''));
          return failure(
            'InvalidInstanceID.NotFound',
            `The instance IDs '${missing.join(', ')}' do not exist`,
          );
        },
      },
      (fleet) => fleet.find(ids, NEVER),
    );
    expect(value.map(({ id }) => id)).toEqual(ids.filter((id) => !unknown.has(id)));
    expect(aws.calls).toHaveLength(5);
    expect(aws.of('DescribeInstances')[0]?.has('MaxResults')).toBe(false);
  });

  it('answers terminated instances, and leaves out those without tags in silence', async () => {
    const gone = listing(
      described('i-1', { state: 'terminated' }) + described('i-2', { state: 'terminated', tags: new Map() }),
    );
    const { value, notes } = await withFleet({ DescribeInstances: () => gone }, (fleet) =>
      fleet.find(['i-1', 'i-2'], NEVER),
    );
    expect(value).toMatchObject([{ id: 'i-1', state: 'terminated' }]);
    expect(notes).toEqual([]);
  });

  it('asks nothing for nobody', async () => {
    const { value, aws } = await withFleet({}, (fleet) => fleet.find([], NEVER));
    expect(value).toEqual([]);
    expect(aws.calls).toHaveLength(0);
  });

  it('gives up when EC2 names none of the batch', async () => {
    const script: Script = {
      DescribeInstances: () => failure('InvalidInstanceID.NotFound', "'i-9' is not there"),
    };
    await expect(withFleet(script, (fleet) => fleet.find(['i-1', 'i-2'], NEVER))).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});
