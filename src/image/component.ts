import { gzipSync } from 'node:zlib';
import { Scalar, stringify } from 'yaml';
import { ImageError } from './image-error.ts';
import { BOOTSTRAP_PATH, type ImageRecipe, type MachineFile } from './image-recipe.ts';

/** EC2 Image Builder takes at most so many characters in a template. */
const LIMIT = 16_000;

const PUT = `set -eu
put() {
  mkdir -p "\${2%/*}"
  base64 -d | gzip -d >"$2.new"
  chmod "$1" "$2.new"
  mv -f "$2.new" "$2"
}
`;

function put({ path, mode, text }: MachineFile): string {
  const packed = gzipSync(text, { level: 9 });
  // The header names the operating system that packed it: 255 is "unknown".
  packed[9] = 255;
  return `put ${mode} ${path} <<'EOF'\n${packed.toString('base64')}\nEOF\n`;
}

function step(name: string, commands: readonly string[]) {
  return { name, action: 'ExecuteBash', inputs: { commands } };
}

function runnerCheck({ settings }: ImageRecipe): string {
  return `/usr/local/bin/gitlab-runner --version | grep -q '^Version: *${settings.runner.version}$'`;
}

/** What an instance of the image must be like: Image Builder boots one and tries. */
function tests(recipe: ImageRecipe): readonly string[] {
  const closed = '! runuser -u nobody -- curl -s -o /dev/null --max-time 5 http://169.254.169.254/';
  return [
    'set -eu',
    runnerCheck(recipe),
    'test -s /etc/machine-id',
    // A failing command behind ! does not end the shell by itself.
    ...(recipe.settings.metadataFor === 'root' ? [`if ${closed}; then :; else exit 1; fi`] : []),
  ];
}

/**
 * A component of EC2 Image Builder that makes the image and tests it, as YAML. Throws when it passes Image
 * Builder's limit.
 */
export function renderComponent(recipe: ImageRecipe, name: string): string {
  // Image Builder knows version 1.0, not 1.
  const schemaVersion = new Scalar(1);
  schemaVersion.minFractionDigits = 1;
  const document = {
    name,
    description: `GitLab Runner ${recipe.settings.runner.version} for Runtide`,
    schemaVersion,
    phases: [
      {
        name: 'build',
        steps: [
          step('WriteFiles', [PUT + recipe.files.map(put).join('')]),
          step('Bootstrap', [`${BOOTSTRAP_PATH} image`]),
        ],
      },
      { name: 'validate', steps: [step('CheckRunner', [runnerCheck(recipe)])] },
      { name: 'test', steps: [step('TryInstance', [tests(recipe).join('\n')])] },
    ],
  };
  const text = stringify(document, { lineWidth: 0 });
  if (text.length <= LIMIT) return text;
  throw new ImageError(
    `writing the component of Image Builder: it has ${text.length} characters, and Image Builder takes ${LIMIT}; leave out hooks or certificates, or build with Packer`,
  );
}
