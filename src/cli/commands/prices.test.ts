import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { sample } from '../../../test/support/sample-config.ts';
import { answer, failure, type Script, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { readPriceBook } from '../../offers/price-book.ts';

const PRODUCTS = 'GetProducts';
const TYPES = ['c7i.large', 'm7i.large'];
/** Every run is a process of its own, and some tests need three. */
const PROCESSES = { timeout: 120_000 };

const PRODUCT = {
  terms: { OnDemand: { a: { priceDimensions: { b: { unit: 'Hrs', pricePerUnit: { USD: '0.1208' } } } } } },
};
const ON_DEMAND = JSON.stringify({ FormatVersion: 'aws_v1', PriceList: [JSON.stringify(PRODUCT)] });
const NO_PRODUCT = JSON.stringify({ FormatVersion: 'aws_v1', PriceList: [] });

/** An AWS that sells the first of the types on demand, and the second on both markets. */
const AWS: Script = {
  [PRODUCTS]: () => ({ status: 200, body: ON_DEMAND }),
  DescribeSpotPriceHistory: () =>
    answer(
      'DescribeSpotPriceHistory',
      '<spotPriceHistorySet><item><instanceType>m7i.large</instanceType><spotPrice>0.05</spotPrice>' +
        '<timestamp>2026-11-21T05:00:00.000Z</timestamp><availabilityZone>eu-central-1a</availabilityZone></item></spotPriceHistorySet>',
    ),
};

interface Workplace {
  readonly folder: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  readonly file: (name: string) => Promise<string>;
}

/** Runs in a folder of its own that holds a configuration, against an AWS that answers as scripted. */
async function inFolder<T>(script: Script, use: (place: Workplace) => Promise<T>): Promise<T> {
  await using aws = await scriptedAws(script);
  const url = aws.access.endpoints?.ec2 ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'runtide-prices-'));
  const text = JSON.stringify(
    sample({ 'aws.endpoints': { ec2: url }, 'pools.linux.instances.types': TYPES.toReversed() }),
  );
  const env = {
    AWS_ENDPOINT_URL_PRICING: url,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  try {
    await writeFile(join(folder, 'runtide.yaml'), text);
    return await use({
      folder,
      run: (...args) => runtide(['prices', ...args], { cwd: folder, env }),
      file: (name) => readFile(join(folder, name), 'utf8'),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('runtide prices refresh', PROCESSES, () => {
  it('writes what AWS says of every type in the configuration, and what it lacks', async () => {
    await inFolder(AWS, async ({ folder, run, file }) => {
      const { code, stdout, stderr } = await run('refresh');
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'eu-central-1 has no spot price of c7i.large; the bundled one stays in use\n',
      });
      expect(stdout).toMatch(/^prices\.json: prices of 2 types in eu-central-1, read 20\d\d-.*Z\n$/);
      expect(await readdir(folder)).toEqual(['prices.json', 'runtide.yaml']);
      const book = readPriceBook(JSON.parse(await file('prices.json')));
      expect(book).toMatchObject({
        region: 'eu-central-1',
        onDemand: new Map(TYPES.map((name) => [name, 0.1208])),
        spot: new Map([['m7i.large', new Map([['eu-central-1a', 0.05]])]]),
      });
    });
  });

  it('answers in JSON, and writes where it is told', async () => {
    const script = { ...AWS, [PRODUCTS]: () => ({ status: 200, body: NO_PRODUCT }) };
    await inFolder(script, async ({ run, file }) => {
      const { code, stdout, stderr } = await run('refresh', '-o', 'other.json', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        file: 'other.json',
        region: 'eu-central-1',
        readAt: expect.stringMatching(/^20\d\d-/),
        types: TYPES,
        missing: { onDemand: TYPES, spot: ['c7i.large'] },
      });
      expect(stderr).toContain('eu-central-1 has no on-demand price of c7i.large, m7i.large;');
      expect(JSON.parse(await file('other.json'))).toMatchObject({ onDemand: {} });
    });
  });

  it('leaves the file as it was when AWS refuses', async () => {
    const script = { ...AWS, DescribeSpotPriceHistory: () => failure('UnauthorizedOperation', 'no', 403) };
    await inFolder(script, async ({ folder, run, file }) => {
      await writeFile(join(folder, 'prices.json'), 'before');
      const { code, stdout, stderr } = await run('refresh');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^reading spot prices of c7i\.large, m7i\.large in eu-central-1: UnauthorizedOperation: no \(request request-1\); allow /,
      );
      expect(await file('prices.json')).toBe('before');
    });
  });

  it('says which file it could not write, and leaves nothing beside it', async () => {
    await inFolder(AWS, async ({ folder, run }) => {
      const { code, stderr } = await run('refresh', '-o', join(folder, 'nowhere', 'prices.json'));
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^writing the prices to .*nowhere\/prices\.json: .*; name another file with --output\n$/,
      );
      expect(await readdir(folder)).toEqual(['runtide.yaml']);
    });
  });
});

describe('runtide prices show', PROCESSES, () => {
  it('shows the bundled prices of the configuration, and what was read since', async () => {
    await inFolder(AWS, async ({ run }) => {
      const before = await run('show');
      await run('refresh');
      const after = await run('show', '-p', 'prices.json');
      expect([before.code, after.code, before.stderr, after.stderr]).toEqual([0, 0, '', '']);
      expect(before.stdout).toMatch(
        /^type +vCPU +GiB .*\nc7i\.large +2 +4 +amd64 +0\.08925 \(us-east-1, 2026-07-20\).*\nm7i\.large +2 +8 .*\n$/,
      );
      expect(before.stdout).toContain('0.03226 (estimated, us-east-1, 2025-06-28)');
      expect(after.stdout).toMatch(
        /\nm7i\.large .* 0\.12080 \(eu-central-1, 20[\d-]+\) +0\.05000 \(eu-central-1, 20[\d-]+\) +15-20%\n/,
      );
    });
  });

  it('shows the prices that the configuration names', async () => {
    await inFolder(AWS, async ({ folder, run, file }) => {
      await run('refresh');
      const text = JSON.stringify({
        ...Object(JSON.parse(await file('runtide.yaml'))),
        prices: 'prices.json',
      });
      await writeFile(join(folder, 'runtide.yaml'), text);
      const { code, stdout, stderr } = await run('show');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\nm7i\.large .* 0\.12080 \(eu-central-1, .* 0\.05000 \(eu-central-1, /);
    });
  });

  it('needs no configuration for types that are named', async () => {
    const { code, stdout, stderr } = await runtide(['prices', 'show', 'm7i.large', 'm99.large', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      region: 'us-east-1',
      types: [
        {
          instanceType: 'm7i.large',
          facts: { vcpu: 2, memoryMiB: 8192 },
          onDemand: { usdPerHour: 0.1008, asOf: '2026-07-20', basis: 'price-list' },
          spot: { usdPerHour: 0.032256, basis: 'typical-saving' },
        },
        { instanceType: 'm99.large', facts: null, onDemand: null, spot: null },
      ],
    });
  });

  it('says that a file is of another region', async () => {
    await inFolder(AWS, async ({ folder, run }) => {
      const other = { region: 'eu-west-1', readAt: '2026-11-21', currency: 'USD', onDemand: {}, spot: {} };
      await writeFile(join(folder, 'other.json'), JSON.stringify(other));
      const { code, stderr } = await run('show', '--prices', 'other.json');
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'the file holds prices of eu-west-1, and `aws.region` is eu-central-1: it is left out\n',
      });
    });
  });

  it.each([
    ['is not there', undefined, 'ENOENT'],
    ['holds no JSON', 'prices', 'is not valid JSON'],
    ['holds something else', '[]', 'it is no map; make it anew with "runtide prices refresh"'],
  ])('refuses a file that %s', async (_what, text, why) => {
    await inFolder(AWS, async ({ folder, run }) => {
      if (text !== undefined) await writeFile(join(folder, 'odd.json'), text);
      const { code, stdout, stderr } = await run('show', '-p', 'odd.json');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^reading the prices in odd\.json: /);
      expect(stderr).toContain(why);
    });
  });
});

describe('a misuse of runtide prices ends with 2', PROCESSES, () => {
  it.each([
    [['nope'], "error: unknown command 'nope'\n(runtide prices --help lists its commands)\n"],
    [
      ['refresh', '--nope'],
      "error: unknown option '--nope'\n(runtide prices refresh --help lists its options)\n",
    ],
    [
      ['refresh', '--region', 'europe'],
      "error: option '--region <name>' argument 'europe' is invalid. It is no AWS region, such as eu-west-1.\n(runtide prices refresh --help lists its options)\n",
    ],
    [
      ['show', '-p'],
      "error: option '-p, --prices <file>' argument missing\n(runtide prices show --help lists its options)\n",
    ],
  ])('%j', async (args, stderr) => {
    expect(await runtide(['prices', ...args])).toEqual({ code: 2, stdout: '', stderr });
  });
});
