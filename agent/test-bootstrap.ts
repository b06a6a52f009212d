import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const BOOTSTRAP = fileURLToPath(new URL('bootstrap', import.meta.url));
export const RUNNER = '#!/bin/sh\necho "Version:      18.3.0"\n';

/** Settings with everything in them. */
export const FULL = {
  RUNTIDE_REGISTRY_MIRROR: 'https://mirror.example',
  RUNTIDE_ECR_REGISTRIES:
    '111122223333.dkr.ecr.eu-central-1.amazonaws.com,444455556666.dkr.ecr.us-east-1.amazonaws.com',
  RUNTIDE_IMAGES: `alpine:3,registry.example/a/b@sha256:${'0'.repeat(64)}`,
  RUNTIDE_PACKAGES: 'jq,zip',
} as const;

/** All that the bootstrap may use on a machine that has nothing yet, besides its shell. */
const TOOLS = 'sh cat chmod cp cut grep ln mkdir mv rm sed sha256sum tail tee tr'.split(' ');

/** Each notes its call; the file `<name>-fails` makes a program fail with the words in it. */
const NOTED = `#!/bin/sh
name=\${0##*/}
echo "$name $*" >>"$RUNTIDE_ROOT/calls"
if [ -e "$RUNTIDE_ROOT/$name-fails" ]; then
  cat "$RUNTIDE_ROOT/$name-fails" >&2
  exit 1
fi
`;

/** Brings the programs of the packages that it is asked for. */
const PACKAGES = `
for word; do
  case $word in
    docker | docker.io) set -- docker ;;
    nftables) set -- nft ;;
    awscli-2) set -- aws ;;
    curl | git) set -- "$word" ;;
    amazon-ecr-credential-helper) set -- docker-credential-ecr-login ;;
    *) continue ;;
  esac
  cp "$RUNTIDE_ROOT/$1" "$RUNTIDE_ROOT/bin/$1"
done
`;

/** Writes the file \`download\` to where it is told. */
const CURL = `
until [ "$1" = -o ]; do shift; done
cat "$RUNTIDE_ROOT/download" >"$2"
`;

const AFTER: Readonly<Record<string, string>> = {
  dnf: PACKAGES,
  // With the file `mirrors-away` no mirror answers until an install has failed.
  'apt-get': `if [ -e "$RUNTIDE_ROOT/mirrors-away" ]; then
  case " $* " in *' update '*) exit 0 ;; esac
  rm "$RUNTIDE_ROOT/mirrors-away"
  echo 'E: Unable to locate package git' >&2
  exit 100
fi
case " $* " in *' awscli '*) echo "Package 'awscli' has no candidate" >&2; exit 100 ;; esac${PACKAGES}`,
  curl: CURL,
  systemctl: '[ "$1" != cat ] || exit 1\n',
  // The user of the jobs, as far as there is one.
  id: '[ -e "$RUNTIDE_ROOT/user" ]\n',
  useradd: ': >"$RUNTIDE_ROOT/user"\n',
  nft: 'cat >"$RUNTIDE_ROOT/rules"\n',
  iptables: 'case " $* " in *" -C "*) exit 1 ;; esac\n',
  docker: 'printf "HOME=%s\\nHTTPS_PROXY=%s\\n" "$HOME" "${HTTPS_PROXY:-}" >"$RUNTIDE_ROOT/docker-env"\n',
};

const NAMES = [
  ...'dnf apt-get curl git nft aws docker docker-credential-ecr-login systemctl id useradd chown sleep snap'.split(
    ' ',
  ),
  ...'update-ca-trust update-ca-certificates cloud-init iptables ip6tables amazon-cloudwatch-agent'.split(
    ' ',
  ),
];

const PRESENT = 'systemctl id useradd chown sleep cloud-init'.split(' ');

const OF_SYSTEM = {
  al2023: ['dnf', 'curl', 'update-ca-trust'],
  ubuntu: ['apt-get', 'curl', 'snap', 'update-ca-certificates'],
} as const;

export type TestSystem = keyof typeof OF_SYSTEM;

/** The path of a program, or undefined where there is none. */
export function programPath(name: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** The SHA-256 of a text, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A machine in a temporary folder, fresh from its distribution, and the shipped bootstrap. */
export class TestImage implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'runtide-bootstrap-'));
  readonly #shell: readonly string[];

  constructor(system: TestSystem = 'al2023', shell: readonly string[] = ['/bin/sh']) {
    this.#shell = shell;
    mkdirSync(this.path('bin'));
    for (const tool of TOOLS) {
      const path = shell[0]?.endsWith('busybox') === true ? shell[0] : programPath(tool);
      if (path === undefined) throw new Error(`preparing a machine: ${tool} is not on PATH`);
      symlinkSync(path, this.path(`bin/${tool}`));
    }
    for (const name of NAMES) this.write(name, NOTED + (AFTER[name] ?? ''), 0o755);
    for (const name of [...PRESENT, ...OF_SYSTEM[system]]) this.add(name);
    this.write('download', RUNNER);
    this.write('etc/machine-id', 'baked\n');
    this.configure({});
  }

  path(name: string): string {
    return join(this.root, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** A file's text; empty where there is none. */
  read(name: string): string {
    return this.has(name) ? readFileSync(this.path(name), 'utf8') : '';
  }

  write(name: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    chmodSync(this.path(name), mode);
  }

  /** Puts one of the known programs on PATH. */
  add(name: string): void {
    symlinkSync(this.path(name), this.path(`bin/${name}`));
  }

  /** The files that hold a text, from the root. */
  filesWith(text: string): readonly string[] {
    return readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .filter((name) => this.read(name).includes(text));
  }

  /** Every call of a program that is not a mere tool, in order. */
  calls(): readonly string[] {
    return this.read('calls').trim().split('\n');
  }

  forgetCalls(): void {
    rmSync(this.path('calls'), { force: true });
  }

  configure(settings: Readonly<Record<string, string>>): void {
    const all = {
      RUNTIDE_RUNNER_VERSION: '18.3.0',
      RUNTIDE_RUNNER_SHA256: sha256(RUNNER),
      RUNTIDE_RUNNER_URL: 'https://releases.example/v18.3.0/gitlab-runner-linux-amd64',
      ...settings,
    };
    const lines = Object.entries(all).map(([key, value]) => `${key}=${value}`);
    this.write('etc/runtide/bootstrap.env', `# made by a test\n\n${lines.join('\n')}`);
  }

  /** Runs the bootstrap, or another text of it, to its end and answers with its exit code. */
  run(command: string, bootstrap = BOOTSTRAP): number | null {
    const [program = '/bin/sh', ...words] = this.#shell;
    const { status, stderr } = spawnSync(program, [...words, bootstrap, command], {
      env: { PATH: this.path('bin'), RUNTIDE_ROOT: this.root },
      encoding: 'utf8',
    });
    appendFileSync(this.path('stderr'), stderr);
    return status;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Runs what must fail with 1, and answers with what the console says. */
export function failure(image: TestImage, command: string): string {
  expect(image.run(command)).toBe(1);
  return image.read('console.log');
}
