import { describe, expect, it } from 'vitest';
import { answer, failure, type Reply, type Script } from '../../../test/support/scripted-aws.ts';
import { described, listing, withFleet } from '../../../test/support/scripted-fleet.ts';

const NEVER = new AbortController().signal;
const NOTICED = '2026-01-05T09:30:00.000Z';

function spot(number: number, state = 'running'): string {
  return described(`i-${number}`, { state, lifecycle: 'spot', spotRequest: `sir-${number}` });
}

/** An answer that names requests of which EC2 takes the instances. */
function taken(numbers: readonly number[], next = ''): Reply {
  const items = numbers.map(
    (number) =>
      `<item><spotInstanceRequestId>sir-${number}</spotInstanceRequestId><state>closed</state>` +
      `<status><code>instance-terminated-no-capacity</code><updateTime>${NOTICED}</updateTime></status></item>`,
  );
  return answer(
    'DescribeSpotInstanceRequests',
    `<spotInstanceRequestSet>${items.join('')}</spotInstanceRequestSet><nextToken>${next}</nextToken>`,
  );
}

/** Lists the reservations under a script, so often. */
async function lists(reservations: string, script: Script, times = 1) {
  const { value, aws, notes } = await withFleet(
    { DescribeInstances: () => listing(reservations), ...script },
    async (fleet) => {
      let last = await fleet.list(NEVER);
      for (let more = 1; more < times; more++) last = await fleet.list(NEVER);
      return last;
    },
  );
  return {
    taken: value.flatMap(({ id, interruption }) =>
      interruption === undefined ? [] : [[id, interruption.at]],
    ),
    listed: value.length,
    asked: aws.of('DescribeSpotInstanceRequests'),
    notes,
  };
}

function valuesOf(form: URLSearchParams | undefined, filter: number): readonly string[] {
  return [...(form ?? [])].flatMap(([key, value]) =>
    key.startsWith(`Filter.${filter}.Value.`) ? [value] : [],
  );
}

describe('spot requests', () => {
  it('tell which instances are taken, and since when', async () => {
    const seen = await lists(spot(1) + spot(2) + described('i-3'), {
      DescribeSpotInstanceRequests: () => taken([2]),
    });
    expect(seen.taken).toEqual([['i-2', Date.parse(NOTICED)]]);
    expect(seen.listed).toBe(3);
    expect(seen.asked).toHaveLength(1);
    expect(valuesOf(seen.asked[0], 1)).toEqual(['sir-1', 'sir-2']);
    expect(valuesOf(seen.asked[0], 2)).toEqual([
      'marked-for-termination',
      'marked-for-stop',
      'instance-terminated-no-capacity',
      'instance-terminated-by-price',
      'instance-stopped-no-capacity',
      'instance-stopped-by-price',
    ]);
  });

  it.each([
    ['there are no instances', ''],
    ['none is a spot instance', described('i-1')],
    [
      'the spot instances are ending already',
      spot(1, 'shutting-down') + spot(2, 'terminated') + spot(3, 'stopped'),
    ],
    ['an instance has no request', described('i-1', { lifecycle: 'spot', spotRequest: '' })],
  ])('are not asked for where %s', async (_what, reservations) => {
    expect((await lists(reservations, {})).asked).toEqual([]);
  });

  it('are asked for in calls of 200, each to its last page', async () => {
    const many = Array.from({ length: 450 }, (_, index) => spot(index)).join('');
    const seen = await lists(many, {
      DescribeSpotInstanceRequests: (_call, nth) =>
        nth === 1 ? taken([250], 'more') : taken(nth === 2 ? [251] : []),
    });
    expect(seen.asked.map((form) => valuesOf(form, 1).length)).toEqual([200, 200, 200, 50]);
    expect(seen.asked.map((form) => form.get('NextToken'))).toEqual([null, null, 'more', null]);
    expect(seen.taken.map(([id]) => id)).toEqual(['i-250', 'i-251']);
  });

  it('that cannot be read lose nothing of the listing, and that is said once, and when it is over', async () => {
    const seen = await lists(
      spot(1),
      {
        DescribeSpotInstanceRequests: (_call, nth) =>
          nth < 3 ? failure('UnauthorizedOperation', 'not allowed', 403) : taken([1]),
      },
      5,
    );
    expect(seen.taken).toEqual([['i-1', Date.parse(NOTICED)]]);
    expect(seen.asked).toHaveLength(5);
    expect(seen.notes).toEqual([
      expect.stringMatching(
        /^which spot instances EC2 takes back is not known, .*: looking which spot instances EC2 takes back: UnauthorizedOperation: .*; allow the named action/,
      ),
      'EC2 says again which spot instances it takes back',
    ]);
  });

  it('that are no list mark nothing', async () => {
    const seen = await lists(spot(1), {
      DescribeSpotInstanceRequests: () => answer('DescribeSpotInstanceRequests', ''),
    });
    expect([seen.listed, seen.taken]).toEqual([1, []]);
    expect(seen.notes[0]).toContain('the answer lacks the list');
  });

  it('without a time count from the launch', async () => {
    const { taken: marked } = await lists(spot(1), {
      DescribeSpotInstanceRequests: () =>
        answer(
          'DescribeSpotInstanceRequests',
          '<spotInstanceRequestSet><item><spotInstanceRequestId>sir-1</spotInstanceRequestId></item><item/></spotInstanceRequestSet>',
        ),
    });
    expect(marked).toEqual([['i-1', Date.UTC(2026, 0, 5, 8)]]);
  });
});

function gone(code: string, how: string): string {
  return described('i-1', { state: 'shutting-down', lifecycle: 'spot', reason: [code, how] });
}

describe('an instance that EC2 has taken', () => {
  it.each([
    [
      'Server.SpotInstanceTermination',
      'Service initiated (2026-01-05 09:32:00 GMT)',
      Date.UTC(2026, 0, 5, 9, 32),
    ],
    ['Server.SpotInstanceShutdown', 'Service initiated', Date.UTC(2026, 0, 5, 8)],
  ])('is known by the reason %s of its state', async (code, how, at) => {
    expect((await lists(gone(code, how), {})).taken).toEqual([['i-1', at]]);
  });

  it('is not one that somebody ended', async () => {
    const how = 'User initiated (2026-01-05 09:32:00 GMT)';
    expect((await lists(gone('Client.UserInitiatedShutdown', how), {})).taken).toEqual([]);
  });
});
