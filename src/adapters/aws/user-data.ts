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

/** GitLab's tokens of runners and people: whoever may describe an instance reads its user data. */
const TOKEN = /\bgl(?:rt|rtr|pat|dt|ptt|cbt)-[\w-]{8,}/;

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
function packed(text: string): string {
  const bytes = gzipSync(text, { level: 9 });
  // The header names the operating system that packed it: 255 is "unknown".
  bytes[9] = 255;
  return bytes.toString('base64');
}

function put(mode: string, path: string, text: string): string {
  return `put ${mode} ${path} <<'EOF'\n${packed(text)}\nEOF\n`;
}

const HEAD = `#!/bin/sh
set -eu
root=\${RUNTIDE_ROOT:-}
put() (
  umask 022
  mkdir -p "$root\${2%/*}"
  umask 077
  base64 -d | gzip -d >"$root$2.new"
  chmod "$1" "$root$2.new"
  mv -f "$root$2.new" "$root$2"
)
`;

/**
 * The script of an instance's first boot: it writes the agent, its units, its settings and the runner's
 * configuration, and hands over to the agent. `RUNTIDE_ROOT`, where set, goes before every path.
 * Throws `refused` when it passes EC2's limit of 16 KiB, or when a token stands in the settings.
 */
export function renderUserData({ agentFiles, agentEnv, runnerConfig, files = [] }: BootData): string {
  const env = renderAgentEnv(agentEnv);
  if (TOKEN.test(env) || TOKEN.test(runnerConfig)) {
    const next = 'keep the token in the SSM parameter that tokenParameter names';
    throw refused(agentEnv.pool, 'a GitLab token stands in it', next);
  }
  const script = [
    HEAD,
    put('0755', '/usr/local/bin/runtide-agent', agentFiles.agent),
    put('0644', '/etc/systemd/system/runtide-agent.service', agentFiles.agentUnit),
    put('0644', '/etc/systemd/system/runtide-runner.service', agentFiles.runnerUnit),
    put('0600', '/etc/runtide/agent.env', env),
    put('0600', '/etc/runtide/config.toml.in', runnerConfig),
    ...files.map(({ mode, path, text }) => put(mode, path, text)),
    'exec "$root/usr/local/bin/runtide-agent" install\n',
  ].join('');
  const size = Buffer.byteLength(script);
  if (size < LIMIT) return script;
  const next =
    "shorten what the pool's instances are told (docker.image, environment, caFile, gitlab.url, tokenParameter)";
  throw refused(agentEnv.pool, `it has ${size} bytes, and EC2 takes fewer than ${LIMIT}`, next);
}
