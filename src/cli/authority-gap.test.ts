import { expect, it } from 'vitest';
import { newAuthority } from '../../test/support/authority.ts';
import { type Edits, holding, sample } from '../../test/support/sample-config.ts';
import { loadConfig } from '../config/load.ts';
import { authorityGap } from './authority-gap.ts';

const { certificate } = newAuthority();

async function gap(edits: Edits): Promise<string | undefined> {
  const file = JSON.stringify(sample(edits));
  const readFile = async (path: string) =>
    new TextEncoder().encode(path.endsWith('.pem') ? certificate : file);
  const config = await loadConfig('runtide.yaml', holding(file, { readFile }));
  const pool = config.pools['linux'];
  if (pool === undefined) throw new Error('no pool');
  return authorityGap(config, pool);
}

const OWN = { 'gitlab.url': 'https://gitlab.example.com', 'gitlab.caFile': 'ca.pem' };

it('is there where Runtide alone trusts the authority of GitLab', async () => {
  expect(await gap(OWN)).toContain(
    'its runners reach GitLab only where their image trusts the same authority',
  );
});

it.each<[string, Edits]>([
  ['no authority is named', { 'gitlab.url': 'https://gitlab.example.com' }],
  ['the pool names one too', { ...OWN, 'pools.linux.caFile': 'ca.pem' }],
  ['GitLab is spoken to without TLS', { ...OWN, 'gitlab.url': 'http://gitlab.example.com' }],
])('is not there where %s', async (_name, edits) => {
  expect(await gap(edits)).toBeUndefined();
});
