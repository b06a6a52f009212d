import { describe, expect, it } from 'vitest';
import { installFiles } from './install-files.ts';

describe('installFiles', () => {
  it('are none where nothing is said', () => {
    expect(installFiles({})).toEqual([]);
  });

  it('are a hook before and one after, after those of Runtide', () => {
    expect(installFiles({ preInstall: 'echo pre', postInstall: '#!/usr/bin/python3\nprint(1)\n' })).toEqual([
      { mode: '0755', path: '/etc/runtide/hooks.d/pre/50-pool', text: '#!/bin/sh\nset -e\necho pre' },
      { mode: '0755', path: '/etc/runtide/hooks.d/post/50-pool', text: '#!/usr/bin/python3\nprint(1)\n' },
    ]);
  });

  it('are the bootstrap without its layout, and its settings', () => {
    const bootstrap = { program: '#!/bin/sh\n# why\necho\n', settings: 'RUNTIDE_DOCKER=no\n' };
    expect(installFiles({ bootstrap })).toEqual([
      { mode: '0755', path: '/usr/local/sbin/runtide-bootstrap', text: '#!/bin/sh\necho\n' },
      { mode: '0644', path: '/etc/runtide/bootstrap.env', text: 'RUNTIDE_DOCKER=no\n' },
    ]);
  });
});
