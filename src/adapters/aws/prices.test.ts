import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  answer,
  failure,
  type Reply,
  scriptedAws,
  type ScriptedAws,
  type Script,
} from '../../../test/support/scripted-aws.ts';
import { instant, seconds } from '../../engine/time.ts';
import { ec2Client } from './clients.ts';
import { pricingClient, readOnDemandPrices, readSpotPrices } from './prices.ts';

const NOW = instant(Date.parse('2026-11-21T06:00:00.000Z'));
const PRODUCTS = 'GetProducts';
const region = 'eu-central-1';

type Price = Readonly<Record<string, string>>;

function dimension(pricePerUnit: Price, nth: number) {
  return [`SKU.TERM.RATE${nth}`, { unit: pricePerUnit['unit'] ?? 'Hrs', pricePerUnit }];
}

/** One entry of the price list, as AWS sends it: JSON in a text. */
function product(...prices: readonly Price[]): string {
  return JSON.stringify({
    product: { productFamily: 'Compute Instance', attributes: { regionCode: region }, sku: 'SKU' },
    terms: { OnDemand: { 'SKU.TERM': { priceDimensions: Object.fromEntries(prices.map(dimension)) } } },
  });
}

function page(products: readonly string[], next?: string): Reply {
  const token = next === undefined ? {} : { NextToken: next };
  return { status: 200, body: JSON.stringify({ FormatVersion: 'aws_v1', PriceList: products, ...token }) };
}

/** What a call of the Pricing API asked for. */
const question = z.object({
  NextToken: z.string().optional(),
  Filters: z.array(z.object({ Type: z.string(), Field: z.string(), Value: z.string() })),
});

function asked(body: string): z.infer<typeof question> {
  return question.parse(JSON.parse(body));
}

function typeAskedFor(body: string): string {
  return asked(body).Filters.find(({ Field }) => Field === 'instanceType')?.Value ?? '';
}

/** A client that asks the double. */
function pricingOf({ access }: ScriptedAws) {
  const { credentials, endpoints } = access;
  return pricingClient({
    region,
    ...(credentials !== undefined && { credentials }),
    ...(endpoints?.ec2 !== undefined && { endpoint: endpoints.ec2 }),
  });
}

async function onDemand(script: Script, types: readonly string[], timeout = seconds(10)) {
  await using aws = await scriptedAws(script);
  const { signal } = new AbortController();
  const prices = await readOnDemandPrices(pricingOf(aws), { region, types }, signal, timeout);
  return { prices: Object.fromEntries(prices), calls: aws.calls };
}

describe('readOnDemandPrices', () => {
  it('asks for plain Linux instances of each type in the region', async () => {
    const { prices, calls } = await onDemand(
      {
        [PRODUCTS]: ({ body }) =>
          page([product({ USD: typeAskedFor(body) === 'm7i.large' ? '0.1208000000' : '0.1018000000' })]),
      },
      ['m7i.large', 'c7i.large'],
    );
    expect(prices).toEqual({ 'm7i.large': 0.1208, 'c7i.large': 0.1018 });
    expect(calls.map(({ body }) => asked(body).Filters)).toEqual(
      ['m7i.large', 'c7i.large'].map((type) => [
        { Type: 'TERM_MATCH', Field: 'regionCode', Value: region },
        { Type: 'TERM_MATCH', Field: 'instanceType', Value: type },
        { Type: 'TERM_MATCH', Field: 'operatingSystem', Value: 'Linux' },
        { Type: 'TERM_MATCH', Field: 'preInstalledSw', Value: 'NA' },
        { Type: 'TERM_MATCH', Field: 'tenancy', Value: 'Shared' },
        { Type: 'TERM_MATCH', Field: 'capacitystatus', Value: 'Used' },
      ]),
    );
  });

  it('reads every page', async () => {
    const { prices, calls } = await onDemand(
      { [PRODUCTS]: (_call, nth) => (nth === 0 ? page([], 'more') : page([product({ USD: '0.5' })])) },
      ['m7i.large'],
    );
    expect(prices).toEqual({ 'm7i.large': 0.5 });
    expect(calls.map(({ body }) => asked(body).NextToken)).toEqual([undefined, 'more']);
  });

  it.each<[string, readonly string[]]>([
    ['AWS does not sell in the region', []],
    ['costs nothing', [product({ USD: '0.0000000000' })]],
    ['is sold in another currency', [product({ CNY: '0.7' })]],
    ['is sold by another unit', [product({ USD: '1', unit: 'Quantity' })]],
    ['has no on-demand terms', [JSON.stringify({ product: {}, terms: { Reserved: {} } })]],
  ])('leaves out a type that %s', async (_what, products) => {
    const { prices } = await onDemand({ [PRODUCTS]: () => page(products) }, ['m7i.large']);
    expect(prices).toEqual({});
  });

  it('takes the highest of several', async () => {
    const products = [product({ USD: '0.1' }, { USD: '0.3' }), product({ USD: '0.2' })];
    const { prices } = await onDemand({ [PRODUCTS]: () => page(products) }, ['m7i.large']);
    expect(prices).toEqual({ 'm7i.large': 0.3 });
  });

  it.each([
    ['AccessDeniedException', 400, 'unauthorized', 'IAM policy'],
    ['ExpiredTokenException', 400, 'unauthorized', 'renew the AWS credentials'],
    ['ThrottlingException', 400, 'throttled', ''],
    ['InvalidParameterException', 400, 'refused', ''],
    ['InternalErrorException', 500, 'unavailable', ''],
  ])('turns %s into a failure of the port', async (code, status, kind, next) => {
    const reply = { status, body: JSON.stringify({ __type: code, message: 'the words of AWS' }) };
    await expect(onDemand({ [PRODUCTS]: () => reply }, ['m7i.large'])).rejects.toMatchObject({
      name: 'PortError',
      kind,
      message: expect.stringMatching(
        new RegExp(
          `^reading the on-demand price of m7i.large in eu-central-1: ${code}: the words of AWS \\(request request-1\\).*${next}`,
        ),
      ),
    });
  });

  it.each<[string, Reply, string]>([
    ['has no list', { status: 200, body: '{}' }, 'the answer lacks the list (request request-1)'],
    ['holds no JSON', page(['<html>']), 'the answer lacks the terms of a product'],
    ['holds something else', page(['{"terms":{"OnDemand":5}}']), 'the answer lacks the terms of a product'],
    ['is no answer of AWS', { status: 200, body: '<html>' }, 'is not one of AWS'],
  ])('refuses an answer that %s', async (_what, reply, why) => {
    await expect(onDemand({ [PRODUCTS]: () => reply }, ['m7i.large'])).rejects.toMatchObject({
      kind: 'invalid-answer',
      message: expect.stringContaining(why),
    });
  });

  it.each<[string, Reply, string]>([
    ['silence', 'silence', 'no answer within the time-out'],
    ['a broken connection', 'hang-up', 'check the network'],
  ])('takes %s as unreachable', async (_what, reply, why) => {
    await expect(onDemand({ [PRODUCTS]: () => reply }, ['m7i.large'], seconds(0.2))).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining(why),
    });
  });

  it('asks nothing more once it is told to stop', async () => {
    await using aws = await scriptedAws({});
    const stopped = readOnDemandPrices(
      pricingOf(aws),
      { region, types: ['m7i.large'] },
      AbortSignal.abort(),
      seconds(10),
    );
    await expect(stopped).rejects.toMatchObject({ kind: 'unreachable' });
    expect(aws.calls).toEqual([]);
  });
});

describe('pricingClient', () => {
  it.each([
    ['us-west-2', 'us-east-1'],
    ['sa-east-1', 'us-east-1'],
    ['eu-west-3', 'eu-central-1'],
    ['ap-northeast-1', 'ap-south-1'],
    ['cn-north-1', 'cn-northwest-1'],
  ])('for %s asks in %s, where there is an endpoint', async (of, where) => {
    expect(await pricingClient({ region: of }).config.region()).toBe(where);
  });
});

interface Change {
  readonly type: string;
  readonly zone: string;
  readonly price: string;
  readonly time?: string;
}

function history(changes: readonly Change[], next = ''): Reply {
  const items = changes.map(
    ({ type, zone, price, time = '2026-11-21T05:00:00.000Z' }) =>
      `<item><instanceType>${type}</instanceType><productDescription>Linux/UNIX</productDescription>` +
      `<spotPrice>${price}</spotPrice><timestamp>${time}</timestamp><availabilityZone>${zone}</availabilityZone></item>`,
  );
  return answer(
    'DescribeSpotPriceHistory',
    `<spotPriceHistorySet>${items.join('')}</spotPriceHistorySet><nextToken>${next}</nextToken>`,
  );
}

async function spot(script: Script, types: readonly string[]) {
  await using aws = await scriptedAws(script);
  const { signal } = new AbortController();
  const prices = await readSpotPrices(ec2Client(aws.access), { region, types }, NOW, signal, seconds(10));
  return {
    prices: Object.fromEntries([...prices].map(([name, zones]) => [name, Object.fromEntries(zones)])),
    forms: aws.of('DescribeSpotPriceHistory'),
  };
}

describe('readSpotPrices', () => {
  it('asks for what holds now, and answers by type and zone', async () => {
    const { prices, forms } = await spot(
      {
        DescribeSpotPriceHistory: () =>
          history([
            { type: 'm7i.large', zone: 'eu-central-1a', price: '0.041200' },
            { type: 'm7i.large', zone: 'eu-central-1b', price: '0.050000' },
            { type: 'c7i.large', zone: 'eu-central-1a', price: '0.033000' },
          ]),
      },
      ['m7i.large', 'c7i.large'],
    );
    expect(prices).toEqual({
      'm7i.large': { 'eu-central-1a': 0.0412, 'eu-central-1b': 0.05 },
      'c7i.large': { 'eu-central-1a': 0.033 },
    });
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      StartTime: '2026-11-21T06:00:00Z',
      'ProductDescription.1': 'Linux/UNIX',
      'Filter.1.Name': 'instance-type',
      'Filter.1.Value.1': 'm7i.large',
      'Filter.1.Value.2': 'c7i.large',
    });
  });

  it('reads every page', async () => {
    const { prices, forms } = await spot(
      {
        DescribeSpotPriceHistory: (_call, nth) =>
          nth === 0
            ? history([{ type: 'm7i.large', zone: 'a', price: '0.1' }], 'more')
            : history([{ type: 'm7i.large', zone: 'b', price: '0.2' }]),
      },
      ['m7i.large'],
    );
    expect(prices).toEqual({ 'm7i.large': { a: 0.1, b: 0.2 } });
    expect(forms.map((form) => form.get('NextToken'))).toEqual([null, 'more']);
  });

  it('takes the last price of a zone, in whichever order they come', async () => {
    const early = { type: 'm7i.large', zone: 'a', price: '0.1', time: '2026-11-20T05:00:00.000Z' };
    const late = { type: 'm7i.large', zone: 'a', price: '0.2', time: '2026-11-21T05:00:00.000Z' };
    for (const changes of [
      [early, late],
      [late, early],
    ]) {
      const { prices } = await spot({ DescribeSpotPriceHistory: () => history(changes) }, ['m7i.large']);
      expect(prices).toEqual({ 'm7i.large': { a: 0.2 } });
    }
  });

  it('leaves out what has no price', async () => {
    const odd = { type: 'm7i.large', zone: 'a', price: 'none' };
    const { prices } = await spot(
      { DescribeSpotPriceHistory: () => history([odd, { ...odd, price: '0' }]) },
      ['m7i.large', 'm99.large'],
    );
    expect(prices).toEqual({});
  });

  it('asks for a hundred types at a time', async () => {
    const types = Array.from({ length: 250 }, (_, nth) => `m${nth}.large`);
    const { forms } = await spot({ DescribeSpotPriceHistory: () => history([]) }, types);
    const named = forms.map((form) => [...form].filter(([key]) => key.startsWith('Filter.1.Value')).length);
    expect(named).toEqual([100, 100, 50]);
  });

  it('asks nothing for no types', async () => {
    expect(await spot({}, [])).toEqual({ prices: {}, forms: [] });
  });

  it.each([
    [failure('UnauthorizedOperation', 'not allowed', 403), 'unauthorized', 'IAM policy'],
    [failure('RequestLimitExceeded', 'too fast', 503), 'throttled', 'too fast'],
    [answer('DescribeSpotPriceHistory', ''), 'invalid-answer', 'the answer lacks the list'],
  ])('fails as the port does: %#', async (reply, kind, why) => {
    await expect(spot({ DescribeSpotPriceHistory: () => reply }, ['m7i.large'])).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(
        new RegExp(`^reading spot prices of m7i.large in eu-central-1: .*${why}`),
      ),
    });
  });
});
