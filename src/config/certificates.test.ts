import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { holding, mistakesOf, sample } from '../../test/support/sample-config.ts';
import { newAuthority } from '../../test/support/authority.ts';
import { readAuthorities, readCertificates } from './certificates.ts';

const ONE = '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----';
const OTHER = '-----BEGIN CERTIFICATE-----\nTUlJQw==\n-----END CERTIFICATE-----';
const KEY = '-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----';

function sources(content: string | undefined, caFile: string) {
  const tree = JSON.stringify(sample({ 'pools.linux.caFile': caFile }));
  return {
    tree,
    env: { FOLDER: 'private-folder' },
    readFile: async (path: string): Promise<Uint8Array> => {
      if (path === '/etc/runtide/runtide.yaml') return new TextEncoder().encode(tree);
      if (content === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
      expect(path).toMatch(/^\/etc\/runtide\/(?:private-folder\/)?ca\.pem$/);
      return new TextEncoder().encode(content);
    },
  };
}

describe('readCertificates', () => {
  it('keeps the certificates and nothing around them', () => {
    expect(readCertificates(`# ours\r\n${ONE.replaceAll('\n', '\r\n')}\n\nand\n${OTHER}`)).toEqual({
      value: `${ONE}\n${OTHER}\n`,
    });
  });

  it.each([
    ['it holds no certificate', ''],
    ['it holds no certificate', 'ca.pem'],
    ['it holds a private key', `${ONE}\n${KEY}`],
    ['its certificates have more than 12000 characters', ONE.replace('TUlJQg==', 'A'.repeat(13_000))],
  ])('says that %s', (why, content) => {
    expect(readCertificates(content)).toEqual({ why });
  });
});

describe('readAuthorities', () => {
  it('takes as many certificates as a system has', () => {
    const { certificate } = newAuthority();
    expect(readAuthorities(certificate.repeat(100))).toEqual({ value: certificate.repeat(100) });
  });

  it.each([
    ['it holds no certificate', ''],
    ['certificate 2 in it cannot be read', `${newAuthority().certificate}${ONE}`],
  ])('says that %s', (why, content) => {
    expect(readAuthorities(content)).toEqual({ why });
  });
});

describe('caFile', () => {
  it.each(['ca.pem', '${env:FOLDER}/ca.pem'])('loads what is in %s', async (caFile) => {
    const config = await loadConfig('/etc/runtide/runtide.yaml', holding('', sources(ONE, caFile)));
    expect(config.pools['linux']?.caFile).toBe(`${ONE}\n`);
  });

  it('shows the path, and nothing of a private key', async () => {
    const { tree, ...given } = sources(KEY, 'ca.pem');
    expect(await mistakesOf(tree, given)).toEqual([
      {
        path: 'pools.linux.caFile',
        value: '"ca.pem"',
        allowed:
          'the path of a PEM file with certificates, relative to this file, but it holds a private key',
        mend: 'write `caFile: ca.pem`',
        line: 1,
      },
    ]);
  });

  it('says what is missing, but not what a reference stands for', async () => {
    const plain = sources(undefined, 'ca.pem');
    const [missing] = await mistakesOf(plain.tree, plain);
    expect(missing?.allowed).toBe('a readable file in UTF-8: /etc/runtide/ca.pem does not exist');
    const referred = sources(undefined, '${env:FOLDER}/ca.pem');
    const found = await mistakesOf(referred.tree, referred);
    expect(found).toMatchObject([{ path: 'pools.linux.caFile', value: '"${env:FOLDER}/ca.pem"' }]);
    expect(JSON.stringify(found)).not.toContain('private-folder');
  });
});
