import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { Command, Option } from 'commander';
import { ARCHITECTURES, type Architecture } from '../../bootstrap/architecture.ts';
import { BootstrapError } from '../../bootstrap/bootstrap-error.ts';
import type { BootstrapSettings } from '../../bootstrap/bootstrap-settings.ts';
import { readBootstrap } from '../../bootstrap/bootstrap-text.ts';
import { ImageError } from '../../image/image-error.ts';
import { renderImageBuilder } from '../../image/image-builder.ts';
import {
  type ImageRecipe,
  imageRecipe,
  type ImageWish,
  type NamedText,
  type RenderedFile,
} from '../../image/image-recipe.ts';
import { renderPacker } from '../../image/packer.ts';
import { type System, SYSTEMS } from '../../image/platform.ts';

const FORMATS = ['packer', 'image-builder'] as const;
type Format = (typeof FORMATS)[number];

interface ImageOptions {
  readonly os: System;
  readonly arch: Architecture;
  readonly format: Format;
  readonly runnerVersion: string;
  readonly runnerSha256: string;
  readonly runnerUrl?: string;
  readonly output: string;
  readonly docker: boolean;
  readonly openMetadata?: true;
  readonly registryMirror?: string;
  readonly ecrRegistry: readonly string[];
  readonly pull: readonly string[];
  readonly package: readonly string[];
  readonly proxy?: string;
  readonly direct: readonly string[];
  readonly logGroup?: string;
  readonly ca: readonly string[];
  readonly preInstall: readonly string[];
  readonly postInstall: readonly string[];
}

const RENDERERS: Readonly<Record<Format, (recipe: ImageRecipe) => readonly RenderedFile[]>> = {
  packer: renderPacker,
  'image-builder': renderImageBuilder,
};

const NEXT: Readonly<Record<Format, string>> = {
  packer: 'packer init . && packer build -var region=REGION .',
  'image-builder':
    'aws cloudformation deploy --template-file runtide-image.yaml --stack-name NAME --capabilities CAPABILITY_IAM',
};

function settingsOf(options: ImageOptions): BootstrapSettings {
  const { runnerVersion, runnerSha256, runnerUrl, registryMirror, proxy, logGroup } = options;
  return {
    runner: {
      version: runnerVersion,
      sha256: runnerSha256,
      ...(runnerUrl !== undefined && { url: runnerUrl }),
    },
    docker: options.docker,
    metadataFor: options.openMetadata === true ? 'all' : 'root',
    ecrRegistries: options.ecrRegistry,
    images: options.pull,
    packages: options.package,
    direct: options.direct,
    ...(registryMirror !== undefined && { registryMirror }),
    ...(proxy !== undefined && { proxy }),
    ...(logGroup !== undefined && { logGroup }),
  };
}

async function read(path: string): Promise<NamedText> {
  try {
    return { name: basename(path), text: await readFile(path, 'utf8') };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`reading ${path} for the image: ${why}; name a file that can be read`, { cause: error });
  }
}

async function wishOf(options: ImageOptions): Promise<ImageWish> {
  const [certificates, pre, post] = await Promise.all(
    [options.ca, options.preInstall, options.postInstall].map((paths) => Promise.all(paths.map(read))),
  );
  return {
    system: options.os,
    architecture: options.arch,
    settings: settingsOf(options),
    certificates: certificates ?? [],
    hooks: { pre: pre ?? [], post: post ?? [] },
  };
}

async function rendered(options: ImageOptions): Promise<readonly RenderedFile[]> {
  return RENDERERS[options.format](imageRecipe(await wishOf(options), await readBootstrap()));
}

async function write(folder: string, files: readonly RenderedFile[]): Promise<void> {
  for (const { path, text } of files) {
    const place = join(folder, path);
    try {
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`writing ${place}: ${why}; name another folder with --output`, { cause: error });
    }
  }
}

/** An option that takes several values. */
function several(flags: string, description: string): Option {
  return new Option(flags, description).default([]);
}

/** `runtide image`: what builds an image for instances, by Packer or EC2 Image Builder. */
export function imageCommand(): Command {
  return new Command('image')
    .description(
      'Write what builds an image for instances: a Packer template, or an EC2 Image Builder pipeline',
    )
    .addOption(new Option('--os <name>', 'the distribution').choices(SYSTEMS).makeOptionMandatory())
    .addOption(new Option('--arch <name>', 'the processor').choices(ARCHITECTURES).makeOptionMandatory())
    .addOption(new Option('--format <name>', 'what builds it').choices(FORMATS).makeOptionMandatory())
    .requiredOption('--runner-version <version>', 'the version of gitlab-runner, such as 18.3.0')
    .requiredOption(
      '--runner-sha256 <digits>',
      'the SHA-256 of its binary, from release.sha256 of that release',
    )
    .option('--runner-url <url>', "where the binary is; GitLab's own place where nothing is said")
    .requiredOption('-o, --output <folder>', 'where to write it')
    .option('--no-docker', 'leave Docker out')
    .addOption(several('--pull <image...>', 'container images to have before the first job'))
    .option('--registry-mirror <url>', 'a mirror of Docker Hub')
    .addOption(several('--ecr-registry <host...>', 'ECR registries that the role of the instance opens'))
    .addOption(several('--package <name...>', 'further packages of the distribution'))
    .option('--proxy <url>', 'the way out to the network, without user and password')
    .addOption(several('--direct <host...>', 'what is reached without the proxy'))
    .addOption(several('--ca <file...>', 'certificates of private authorities to trust, in PEM'))
    .addOption(several('--pre-install <file...>', 'scripts to run before anything is installed'))
    .addOption(several('--post-install <file...>', 'scripts to run after everything is installed'))
    .option('--log-group <name>', 'a CloudWatch log group for the logs of instances')
    .option('--open-metadata', 'let every user read the instance metadata, and with it the role')
    .action(async (options: ImageOptions, command: Command) => {
      const files = await rendered(options).catch((error: unknown) => {
        if (!(error instanceof ImageError || error instanceof BootstrapError)) throw error;
        return command.error(`error: ${error.message}`);
      });
      await write(options.output, files);
      process.stdout.write(
        `${files.map(({ path }) => join(options.output, path)).join('\n')}\nnext, in ${options.output}: ${NEXT[options.format]}\n`,
      );
    });
}
