import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runtide } from '../../../test/support/command-line.ts';

const SHA256 = 'ab'.repeat(32);
const RELEASE = ['--runner-version', '18.3.0', '--runner-sha256', SHA256];

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'runtide-image-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('runtide image', { timeout: 60_000 }, () => {
  it('writes a Packer template with the files beside it', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'tools.sh'), '#!/bin/sh\necho tools\n');
      await writeFile(join(folder, 'company.pem'), '-----BEGIN CERTIFICATE-----\nMIIB\n');
      const output = join(folder, 'image');
      const kind = ['--os', 'al2023', '--arch', 'arm64', '--format', 'packer', ...RELEASE, '-o', output];
      const inside = [
        '--pull',
        'alpine:3',
        'node:24',
        '--pull',
        'redis:8',
        '--ca',
        join(folder, 'company.pem'),
      ];
      const hooks = ['--post-install', join(folder, 'tools.sh')];
      const { code, stdout, stderr } = await runtide(['image', ...kind, ...inside, ...hooks]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('packer build -var region=REGION .\n');
      expect(await readFile(join(output, 'files/etc/runtide/bootstrap.env'), 'utf8')).toBe(
        [
          'RUNTIDE_RUNNER_VERSION=18.3.0',
          `RUNTIDE_RUNNER_SHA256=${SHA256}`,
          'RUNTIDE_RUNNER_URL=https://gitlab-runner-downloads.s3.amazonaws.com/v18.3.0/binaries/gitlab-runner-linux-arm64',
          'RUNTIDE_DOCKER=yes',
          'RUNTIDE_METADATA_FOR=root',
          'RUNTIDE_IMAGES=alpine:3,node:24,redis:8',
          '',
        ].join('\n'),
      );
      expect(await readFile(join(output, 'files/etc/runtide/hooks.d/post/01-tools.sh'), 'utf8')).toBe(
        '#!/bin/sh\necho tools\n',
      );
      expect(await readFile(join(output, 'runtide.pkr.hcl'), 'utf8')).toContain(
        '/etc/runtide/ca.d/company.crt',
      );
    }));

  it('writes a CloudFormation template', () =>
    inFolder(async (folder) => {
      const args = ['--os', 'ubuntu-24.04', '--arch', 'amd64', '--format', 'image-builder', ...RELEASE];
      const { code, stdout } = await runtide(['image', ...args, '-o', folder, '--no-docker']);
      expect(code).toBe(0);
      expect(stdout).toContain(
        `${join(folder, 'runtide-image.yaml')}\nnext, in ${folder}: aws cloudformation`,
      );
      const template: unknown = parse(await readFile(join(folder, 'runtide-image.yaml'), 'utf8'));
      expect(template).toHaveProperty('Resources.Pipeline');
    }));

  it.each([
    [['--os', 'debian'], 2, 'Allowed choices are al2023, ubuntu-24.04.'],
    [['--runner-sha256', 'ABC'], 2, 'the SHA-256 of gitlab-runner is "ABC"; name the 64 small hex digits'],
    [['--runner-version', 'latest'], 2, 'the version of gitlab-runner is "latest"; name one such as 18.3.0'],
    [['--ca', '/does/not/exist'], 1, 'reading /does/not/exist for the image: ENOENT'],
  ])('refuses %j', (args, expected, said) =>
    inFolder(async (folder) => {
      const all = ['--os', 'al2023', '--arch', 'amd64', '--format', 'packer', ...RELEASE, '-o', folder];
      const { code, stdout, stderr } = await runtide(['image', ...all, ...args]);
      expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
      expect(stderr).toContain(said);
    }),
  );

  it('names the options that it cannot do without', async () => {
    const { code, stderr } = await runtide(['image']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/required option '--os <name>' not specified/);
  });
});
