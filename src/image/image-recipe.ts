import type { Architecture } from '../bootstrap/architecture.ts';
import { type BootstrapSettings, renderBootstrapSettings } from '../bootstrap/bootstrap-settings.ts';
import { ImageError } from './image-error.ts';
import { type Platform, platformOf, type System } from './platform.ts';

/** A file of the operator's, by its name and its text. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** What an image is wanted to be. */
export interface ImageWish {
  readonly system: System;
  readonly architecture: Architecture;
  readonly settings: BootstrapSettings;
  /** Certificates of private authorities, in PEM. */
  readonly certificates: readonly NamedText[];
  /** Scripts that run before anything is installed, and after everything is; in this order. */
  readonly hooks: { readonly pre: readonly NamedText[]; readonly post: readonly NamedText[] };
}

/** A file on the machine that becomes the image. */
export interface MachineFile {
  readonly path: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly text: string;
}

/** An image, decided in all parts: what is left is the tool that builds it. */
export interface ImageRecipe {
  readonly platform: Platform;
  readonly settings: BootstrapSettings;
  /** The bootstrap first. */
  readonly files: readonly MachineFile[];
}

/** A file that a tool is given, with its path below the folder that is written. */
export interface RenderedFile {
  readonly path: string;
  readonly text: string;
}

export const BOOTSTRAP_PATH = '/usr/local/sbin/runtide-bootstrap';

/** Tokens of GitLab, keys of AWS and private keys: an image is copied and shared. */
const SECRET =
  /\bgl(?:rt|rtr|pat|dt|ptt|cbt)-[\w-]{8,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

const PLAIN_NAME = /^[\w.-]+$/;

function machineFile(folder: string, mode: string, { name, text }: NamedText): MachineFile {
  if (!PLAIN_NAME.test(name)) {
    throw new ImageError(
      `putting ${JSON.stringify(name)} into the image: the name has characters other than letters, digits and _ . -; rename the file`,
    );
  }
  return { path: `/etc/runtide/${folder}/${name}`, mode, text };
}

function certificate({ name, text }: NamedText): MachineFile {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ImageError(`putting ${name} into the image: it holds no certificate in PEM; convert it`);
  }
  // Ubuntu takes no other ending.
  return machineFile('ca.d', '0644', { name: `${name.replace(/\.(?:crt|pem|cer)$/, '')}.crt`, text });
}

function hooksIn(folder: string, hooks: readonly NamedText[]): readonly MachineFile[] {
  return hooks.map(({ name, text }, index) => {
    if (!text.startsWith('#!')) {
      throw new ImageError(
        `putting the hook ${name} into the image: it does not start with #!; say what runs it`,
      );
    }
    const place = String(index + 1).padStart(2, '0');
    return machineFile(`hooks.d/${folder}`, '0755', { name: `${place}-${name}`, text });
  });
}

/** Makes a recipe of a wish and of the bootstrap's text. Throws for what must or could not be in an image. */
export function imageRecipe(wish: ImageWish, bootstrap: string): ImageRecipe {
  const { settings, certificates, hooks } = wish;
  const files = [
    { path: BOOTSTRAP_PATH, mode: '0755', text: bootstrap },
    {
      path: '/etc/runtide/bootstrap.env',
      mode: '0644',
      text: renderBootstrapSettings(settings, wish.architecture),
    },
    ...certificates.map(certificate),
    ...hooksIn('pre', hooks.pre),
    ...hooksIn('post', hooks.post),
  ];
  for (const { path, text } of files) {
    if (SECRET.test(text)) {
      throw new ImageError(
        `putting ${path} into the image: a secret stands in it; fetch it on the instance when it boots`,
      );
    }
  }
  return { platform: platformOf(wish.system, wish.architecture), settings, files };
}
