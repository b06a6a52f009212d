import { ARCHITECTURES } from '../bootstrap/architecture.ts';
import type { BootstrapSettings } from '../bootstrap/bootstrap-settings.ts';
import { readBootstrap } from '../bootstrap/bootstrap-text.ts';
import { type ImageRecipe, imageRecipe, type ImageWish, type RenderedFile } from './image-recipe.ts';
import { SYSTEMS } from './platform.ts';

export const BOOTSTRAP = await readBootstrap();
export const SHA256 = '0123456789abcdef'.repeat(4);
export const SETTINGS: BootstrapSettings = {
  runner: { version: '18.3.0', sha256: SHA256 },
  docker: true,
  metadataFor: 'root',
  ecrRegistries: [],
  images: [],
  packages: [],
  direct: [],
};
const WISH: ImageWish = {
  system: 'al2023',
  architecture: 'amd64',
  settings: SETTINGS,
  certificates: [],
  hooks: { pre: [], post: [] },
};
export const HOOK = '#!/bin/sh\necho "${HOME}" %{if} \\ \'$(id)\'\n';
export const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
/** Every kind of image. */
export const PLATFORMS = SYSTEMS.flatMap((system) =>
  ARCHITECTURES.map((architecture) => ({ system, architecture })),
);
/** A hook and a certificate of the operator's. */
export const FULL = {
  certificates: [{ name: 'company.pem', text: CERTIFICATE }],
  hooks: { pre: [{ name: 'first', text: HOOK }], post: [{ name: 'last.sh', text: HOOK }] },
} as const;

/** A recipe of the sample wish, changed in these parts. */
export function recipe(wish: Partial<ImageWish> = {}): ImageRecipe {
  return imageRecipe({ ...WISH, ...wish }, BOOTSTRAP);
}

/** The text of a rendered file; empty where there is none. */
export function textOf(files: readonly RenderedFile[], path: string): string {
  return files.find((file) => file.path === path)?.text ?? '';
}

/** The public parameters of the distributors. */
export const BASES: Readonly<Record<string, string>> = {
  'al2023 amd64': '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  'al2023 arm64': '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
  'ubuntu-24.04 amd64': '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
  'ubuntu-24.04 arm64': '/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id',
};
