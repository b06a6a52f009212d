import { compactText } from './shell-text.ts';
import type { BootFile } from './user-data.ts';

/** What an instance runs and installs when it boots, besides its agent. */
export interface InstallSettings {
  /** A script that runs before anything is installed. */
  readonly preInstall?: string;
  /** A script that runs after everything is installed. */
  readonly postInstall?: string;
  /** Absent: the image has it all. */
  readonly bootstrap?: {
    /** The bootstrap itself. */
    readonly program: string;
    /** Its settings file. */
    readonly settings: string;
  };
}

/** A snippet is run by the shell, up to its first command that fails. */
function hook(when: 'pre' | 'post', script: string | undefined): readonly BootFile[] {
  if (script === undefined) return [];
  const text = script.startsWith('#!') ? script : `#!/bin/sh\nset -e\n${script}`;
  return [{ mode: '0755', path: `/etc/runtide/hooks.d/${when}/50-pool`, text }];
}

/** The files of the hooks and of the bootstrap; the agent runs them, in the order of their names. */
export function installFiles({ preInstall, postInstall, bootstrap }: InstallSettings): readonly BootFile[] {
  const hooks = [...hook('pre', preInstall), ...hook('post', postInstall)];
  if (bootstrap === undefined) return hooks;
  const { program, settings } = bootstrap;
  return [
    ...hooks,
    { mode: '0755', path: '/usr/local/sbin/runtide-bootstrap', text: compactText(program) },
    { mode: '0644', path: '/etc/runtide/bootstrap.env', text: settings },
  ];
}
