import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { ConfigError } from './mistakes.ts';
import { holding, sample } from '../../test/support/sample-config.ts';
import { isMap } from './tree.ts';

const HIDDEN = 'hunter2';
const SECRET_KEYS = ['gitlab.token', 'gitlab.proxy', 'webhook.token', 'webhook.signingToken'];
const TOP =
  'installation gitlab webhook aws status pollInterval state log tags prices budget maxInstances pools pools.linux pools.other';
const BELOW =
  'gitlab.url gitlab.projects gitlab.caFile gitlab.rotation aws.region aws.endpoints status.listen log.level';
const POOL =
  'runner sizes sizes.small tags docker cache proxy caFile environment max idle idle.time schedules budget projectCaps instances instances.types ' +
  'instances.requirements instances.image instances.template instances.market instances.volume instances.region';
const PLACES = [...`${TOP} ${BELOW}`.split(' '), ...POOL.split(' ').map((key) => `pools.linux.${key}`)];
const env = { HIDDEN: `${HIDDEN} from the environment` };

/** Loads a text; answers with all that may be printed about it. */
async function printed(text: string): Promise<string> {
  try {
    const config = await loadConfig('runtide.yaml', holding(text, { env }));
    return `${inspect(config, { depth: 20, showHidden: true })} ${JSON.stringify(config)}`;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `${error.message} ${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)}`;
  }
}

/** Any JSON value in which every text carries the marker. */
const hiddenValue = fc.oneof(fc.string().map(hide), fc.jsonValue({ maxDepth: 3 }).map(hide));

function hide(value: unknown): unknown {
  if (typeof value === 'string') return `${value}${HIDDEN}${value}`;
  if (Array.isArray(value)) return value.map(hide);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [`${key}${HIDDEN}`, hide(below)]));
}

describe('loadConfig, given anything', () => {
  it('throws nothing but ConfigError for any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (value) => {
        expect(await printed(JSON.stringify(value))).toContain('mistake');
      }),
      { numRuns: 200 },
    );
  });

  it('throws nothing but ConfigError for any text', async () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!x ',
      '|',
      '#',
      '${env:A}',
      '\t',
      '? ',
      '<<',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        expect(await printed(pieces.join(''))).toContain('mistake');
      }),
      { numRuns: 300 },
    );
  });

  it('throws nothing but ConfigError when anything stands at a known key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PLACES), fc.jsonValue({ maxDepth: 3 }), async (path, value) => {
        expect(await printed(JSON.stringify(sample({ [path]: value })))).not.toContain(HIDDEN);
      }),
      { numRuns: 300 },
    );
  });

  it('never prints a secret, whatever else is wrong', async () => {
    const place = fc.constantFrom(...SECRET_KEYS);
    const wrong = fc.constantFrom<Record<string, unknown>>(
      {},
      { installation: 'X' },
      { 'aws.regoin': 1 },
      { pools: [] },
    );
    await fc.assert(
      fc.asyncProperty(place, hiddenValue, wrong, async (path, value, edits) => {
        expect(await printed(JSON.stringify(sample({ ...edits, [path]: value })))).not.toContain(HIDDEN);
      }),
      { numRuns: 300 },
    );
  });

  it('never prints what a reference to a secret stands for', async () => {
    const around = fc.constantFrom('', 'x', '"', '$', '$${', ' ', '${', '//@');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SECRET_KEYS), around, around, async (path, before, behind) => {
        const text = JSON.stringify(sample({ [path]: `${before}\${env:HIDDEN}${behind}`, state: '' }));
        expect(await printed(text)).not.toContain(HIDDEN);
      }),
    );
  });

  it('never prints what a reference stands for, wherever it is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PLACES), fc.constantFrom('', 'x'), async (path, before) => {
        const wrong = path === 'state' ? { log: 1 } : { state: '' };
        const text = JSON.stringify(sample({ ...wrong, [path]: `${before}\${env:HIDDEN}` }));
        expect(await printed(text)).not.toContain(HIDDEN);
      }),
    );
  });
});
