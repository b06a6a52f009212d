import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderImageBuilder } from './image-builder.ts';
import type { ImageWish, RenderedFile } from './image-recipe.ts';
import {
  BASES,
  BOOTSTRAP,
  CERTIFICATE,
  FULL,
  HOOK,
  PLATFORMS,
  recipe,
  SETTINGS,
  SHA256,
  textOf,
} from './test-wish.ts';

type Properties = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null;
}

/** What stands at a path of keys; undefined where there is nothing. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function template(files: readonly RenderedFile[]): unknown {
  return parse(textOf(files, 'runtide-image.yaml'));
}

function dataOf(whole: unknown): string {
  return String(at(whole, 'Resources', 'Component', 'Properties', 'Data'));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The commands of a phase of the component, in order. */
function commandsOf(data: string, phase: string): readonly string[] {
  const component: unknown = parse(data);
  return list(at(component, 'phases'))
    .filter((one) => at(one, 'name') === phase)
    .flatMap((one) => list(at(one, 'steps')))
    .flatMap((one) => list(at(one, 'inputs', 'commands')).map(String));
}

/** The files that the first command writes. */
function written(command: string): Readonly<Record<string, string>> {
  const puts = command.matchAll(/^put \d{4} (\S+) <<'EOF'\n(.+)\nEOF$/gm);
  return Object.fromEntries(
    [...puts].map(([, path = '', packed = '']) => [
      path,
      gunzipSync(Buffer.from(packed, 'base64')).toString(),
    ]),
  );
}

describe.each(PLATFORMS)('an Image Builder pipeline for $system on $architecture', (platform) => {
  const whole = template(renderImageBuilder(recipe({ ...platform, ...FULL })));
  const properties = (name: string) => at(whole, 'Resources', name, 'Properties');
  const data = dataOf(whole);

  it('has all the resources of a pipeline', () => {
    const resources = at(whole, 'Resources');
    const types = isObject(resources) ? Object.values(resources).map((one) => at(one, 'Type')) : [];
    expect(types).toEqual([
      'AWS::IAM::Role',
      'AWS::IAM::InstanceProfile',
      'AWS::ImageBuilder::Component',
      'AWS::ImageBuilder::ImageRecipe',
      'AWS::ImageBuilder::InfrastructureConfiguration',
      'AWS::ImageBuilder::DistributionConfiguration',
      'AWS::ImageBuilder::ImagePipeline',
      'AWS::IAM::Role',
      'AWS::ImageBuilder::LifecyclePolicy',
    ]);
  });

  it("starts from the distributor's latest image of that architecture", () => {
    const base = BASES[`${platform.system} ${platform.architecture}`];
    const device = platform.system === 'al2023' ? '/dev/xvda' : '/dev/sda1';
    expect(properties('Recipe')).toMatchObject({
      ParentImage: `ssm:${base ?? 'none'}`,
      BlockDeviceMappings: [{ DeviceName: device, Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
    });
    expect(properties('Infrastructure')).toMatchObject({
      InstanceMetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    });
  });

  it('writes every file, byte for byte, and then runs the bootstrap', () => {
    const [write = '', ...then] = commandsOf(data, 'build');
    expect(written(write)).toEqual({
      '/usr/local/sbin/runtide-bootstrap': BOOTSTRAP,
      '/etc/runtide/bootstrap.env': expect.stringContaining(`RUNTIDE_RUNNER_SHA256=${SHA256}\n`),
      '/etc/runtide/ca.d/company.crt': CERTIFICATE,
      '/etc/runtide/hooks.d/pre/01-first': HOOK,
      '/etc/runtide/hooks.d/post/01-last.sh': HOOK,
    });
    expect(then).toEqual(['/usr/local/sbin/runtide-bootstrap image']);
  });

  it('is a component that Image Builder knows, and tries the image', () => {
    expect(data).toMatch(/^schemaVersion: 1\.0$/m);
    expect(data.length).toBeLessThanOrEqual(16_000);
    // Image Builder would take it for a variable.
    expect(data).not.toContain('{{');
    expect(commandsOf(data, 'test').join('\n')).toMatch(/Version: \*18\.3\.0[^]*169\.254\.169\.254/);
  });
});

function named(wish: Partial<ImageWish>): unknown {
  return at(template(renderImageBuilder(recipe(wish))), 'Resources', 'Recipe', 'Properties', 'Name');
}

function policies(ecrRegistries: readonly string[]): string {
  const whole = template(renderImageBuilder(recipe({ settings: { ...SETTINGS, ecrRegistries } })));
  return JSON.stringify(at(whole, 'Resources', 'BuildRole'));
}

describe('an Image Builder pipeline', () => {
  it('says on each image what it is, and from what it was made', () => {
    const whole = template(renderImageBuilder(recipe({ architecture: 'arm64' })));
    const [distribution] = list(at(whole, 'Resources', 'Distribution', 'Properties', 'Distributions'));
    expect(at(distribution, 'AmiDistributionConfiguration', 'AmiTags')).toEqual({
      'runtide:image': 'image-builder',
      'runtide:source': BASES['al2023 arm64'],
      'runtide:system': 'al2023',
      'runtide:architecture': 'arm64',
      'runtide:runner-version': '18.3.0',
    });
  });

  it('deletes old images only where it is told to, and none that was used lately', () => {
    const whole = template(renderImageBuilder(recipe()));
    expect(at(whole, 'Parameters', 'KeepImages', 'Default')).toBe(0);
    for (const name of ['Lifecycle', 'LifecycleRole']) {
      expect(at(whole, 'Resources', name, 'Condition')).toBe('HasKeep');
    }
    expect(at(whole, 'Conditions', 'HasKeep')).toEqual({
      'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'KeepImages' }, 0] }],
    });
    expect(at(whole, 'Resources', 'Lifecycle', 'Properties')).toMatchObject({
      ResourceType: 'AMI_IMAGE',
      PolicyDetails: [
        {
          Action: { Type: 'DELETE', IncludeResources: { Amis: true, Snapshots: true } },
          Filter: { Type: 'COUNT', Value: { Ref: 'KeepImages' } },
          ExclusionRules: { Amis: { LastLaunched: { Unit: 'WEEKS', Value: 26 } } },
        },
      ],
      ResourceSelection: {
        Recipes: [
          {
            Name: at(whole, 'Resources', 'Recipe', 'Properties', 'Name'),
            SemanticVersion: at(whole, 'Resources', 'Recipe', 'Properties', 'Version'),
          },
        ],
      },
    });
  });

  it('names another content by another name, and the same by the same', () => {
    expect(named({})).toEqual(named({}));
    expect(named({ architecture: 'arm64' })).not.toEqual(named({}));
    expect(named({ settings: { ...SETTINGS, packages: ['jq'] } })).not.toEqual(named({}));
  });

  it('may read ECR only where a registry is named', () => {
    expect(policies([])).not.toContain('ContainerRegistry');
    expect(policies(['111122223333.dkr.ecr.eu-central-1.amazonaws.com'])).toContain(
      'AmazonEC2ContainerRegistryReadOnly',
    );
  });

  it('does not try a firewall that is not wanted', () => {
    const open = recipe({ settings: { ...SETTINGS, metadataFor: 'all' } });
    const tests = commandsOf(dataOf(template(renderImageBuilder(open))), 'test');
    expect(tests.join('\n')).not.toContain('169.254.169.254');
  });

  it('is refused when the component grows too large', () => {
    const noise = Array.from({ length: 6000 }, (_, index) => ((index * 7919) % 65_521).toString(36)).join('');
    const wish = { hooks: { pre: [{ name: 'noise', text: `#!${noise}` }], post: [] } };
    expect(() => renderImageBuilder(recipe(wish))).toThrow(
      /writing the component of Image Builder: it has \d+ characters, and Image Builder takes 16000; leave out hooks/,
    );
  });
});
