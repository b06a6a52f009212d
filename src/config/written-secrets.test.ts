import { describe, expect, it } from 'vitest';
import { mistakesWith } from '../../test/support/sample-config.ts';
import { renderUserData } from '../adapters/aws/user-data.ts';

const POOL = 'pools.linux';
const SECRETS = [
  'glrt-t1_abcdefgh12345678',
  'glpat-abcdefgh12345678',
  'AKIAABCDEFGHIJKLMNOP',
  '-----BEGIN RSA PRIVATE KEY-----',
];

describe('a secret in what becomes user data', () => {
  it.each<[path: string, edits: (secret: string) => object]>([
    ['environment.TOKEN', (secret) => ({ environment: { TOKEN: secret } })],
    ['manager.scripts.preBuild', (secret) => ({ manager: { scripts: { preBuild: `login ${secret}` } } })],
    [
      'manager.configToml.runner.labels.x',
      (secret) => ({ manager: { configToml: { runner: { labels: { x: secret } } } } }),
    ],
    [
      'docker.services[0].environment.KEY',
      (secret) => ({
        executor: 'docker',
        docker: { image: 'alpine:3', services: [{ name: 'x', environment: { KEY: secret } }] },
      }),
    ],
  ])('is a mistake at %s, and is not shown', async (path, edits) => {
    for (const secret of SECRETS) {
      const pool = Object.fromEntries(
        Object.entries(edits(secret)).map(([key, value]) => [`${POOL}.${key}`, value]),
      );
      const mistakes = await mistakesWith(pool);
      expect(mistakes).toMatchObject([{ value: '[secret]' }]);
      expect(`${POOL}.${path}`).toContain(mistakes[0]?.path);
      expect(JSON.stringify(mistakes)).not.toContain(secret);
    }
  });

  it.each(SECRETS)('would be refused at a launch as well: %s', (secret) => {
    const bootData = {
      agentFiles: { agent: '', agentUnit: '', runnerUnit: '' },
      agentEnv: {
        pool: 'linux',
        region: 'eu-central-1',
        gitlabUrl: 'https://gitlab.example.com',
        tokens: { parameters: ['/a'], use: 'all' },
      },
      runnerConfig: secret,
    } as const;
    expect(() => renderUserData(bootData)).toThrow(/a secret stands in/);
  });

  it('is no word that only looks like one', async () => {
    expect(await mistakesWith({ [`${POOL}.environment`]: { NOTE: 'glrt-x, AKIA and PRIVATE KEY' } })).toEqual(
      [],
    );
  });
});
