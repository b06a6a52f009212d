import { gzipSync } from 'node:zlib';
import { PortError } from '../../controller/errors.ts';
import { type AgentSettings, renderAgentEnv } from './agent-env.ts';
import type { AgentFiles } from './agent-files.ts';

/** One file that the first boot writes. */
export interface BootFile {
  /** In octal, such as `0644`. */
  readonly mode: string;
  /** Absolute; letters, digits and `. / _ -`. */
  readonly path: string;
  readonly text: string;
}

/** What an instance's first boot is made of. */
export interface BootData {
  readonly agentFiles: AgentFiles;
  readonly agentEnv: AgentSettings;
  /** As `renderRunnerConfig` gives it. */
  readonly runnerConfig: string;
  /** Further files, in their order. */
  readonly files?: readonly BootFile[];
}

/** EC2 takes at most 16 KiB before base64; a little less, so that nobody has to know whether the limit itself fits. */
const LIMIT = 16_384;

/** GitLab's tokens of runners and people, keys of AWS, private keys: whoever may describe an instance reads its user data. */
const SECRET =
  /\bgl(?:rt|rtr|pat|dt|ptt|cbt)-[\w-]{8,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

function refused(pool: string, why: string, next: string): PortError {
  return new PortError({
    kind: 'refused',
    system: 'ec2',
    doing: `writing the user data of pool ${pool}`,
    why,
    next,
  });
}

/** The same bytes for the same text, on every machine: a launch template's version depends on them. */
function packed(text: string): Uint8Array {
  const bytes = gzipSync(text, { level: 9 });
  // The header names the operating system that packed it: 255 is "unknown".
  bytes[9] = 255;
  return bytes;
}

/** A word that no line of the text is. */
function endOf(text: string): string {
  const lines = new Set(text.split('\n'));
  let word = 'EOF';
  while (lines.has(word)) word += '_';
  return word;
}

function put({ mode, path, text }: BootFile): string {
  const end = endOf(text);
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `put ${mode} ${path} <<'${end}'\n${whole}${end}\n`;
}

const HEAD = `#!/bin/sh
set -eu
root=\${RUNTIDE_ROOT:-}
put() (
  umask 022
  mkdir -p "$root\${2%/*}"
  umask 077
  cat >"$root$2.new"
  chmod "$1" "$root$2.new"
  mv -f "$root$2.new" "$root$2"
)
`;

function ownFiles({ agentFiles, agentEnv, runnerConfig }: BootData): readonly BootFile[] {
  const unit = '/etc/systemd/system/runtide';
  return [
    { mode: '0755', path: '/usr/local/bin/runtide-agent', text: agentFiles.agent },
    { mode: '0644', path: `${unit}-agent.service`, text: agentFiles.agentUnit },
    { mode: '0644', path: `${unit}-runner.service`, text: agentFiles.runnerUnit },
    { mode: '0600', path: '/etc/runtide/agent.env', text: renderAgentEnv(agentEnv) },
    { mode: '0600', path: '/etc/runtide/config.toml.in', text: runnerConfig },
  ];
}

/**
 * The script of an instance's first boot, packed by gzip as cloud-init takes it: it writes the agent, its units,
 * its settings and the runner's configuration, and hands over to the agent. `RUNTIDE_ROOT`, where set, goes
 * before every path. Throws `refused` when it passes EC2's limit of 16 KiB, or when a secret stands in a file.
 */
export function renderUserData(data: BootData): Uint8Array {
  const { pool } = data.agentEnv;
  const files = [...ownFiles(data), ...(data.files ?? [])];
  const leak = files.find(({ text }) => SECRET.test(text));
  if (leak !== undefined) {
    const next =
      'keep the token of the runner in the SSM parameter that tokenParameter names, and let a hook fetch other secrets when it runs';
    throw refused(pool, `a secret stands in what becomes ${leak.path}`, next);
  }
  const script = [HEAD, ...files.map(put), 'exec "$root/usr/local/bin/runtide-agent" install\n'].join('');
  const bytes = packed(script);
  if (bytes.length < LIMIT) return bytes;
  const next =
    "shorten what the pool's instances are told (preInstall, postInstall, caFile, environment, docker.image), or put it into an image";
  throw refused(pool, `it has ${bytes.length} bytes when packed, and EC2 takes fewer than ${LIMIT}`, next);
}
