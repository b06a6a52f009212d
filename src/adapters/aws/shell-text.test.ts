import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { networkFiles } from './network-files.ts';
import { compactText } from './shell-text.ts';

function shipped(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../agent/${name}`, import.meta.url)), 'utf8');
}

/** The program as bash understands it: comments and layout are gone, here-documents and quotes stay. */
function understood(program: string): string {
  const input = `all() {\n${program}\n}\ndeclare -f all\n`;
  const { status, stdout, stderr } = spawnSync('bash', ['-s'], { input, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What a unit says to systemd. */
function settings(unit: string): readonly string[] {
  return unit.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('compactText', () => {
  it.each(['runtide-agent', 'bootstrap'])('leaves %s the same program, and shorter', (name) => {
    const program = shipped(name);
    const short = compactText(program);
    expect(understood(short)).toBe(understood(program));
    expect(short.length).toBeLessThan(program.length * 0.9);
    expect(short).toMatch(/^#!\/bin\/sh\nset -u\n/);
    expect(short).not.toMatch(/^# /m);
  });

  it.each(['runtide-agent.service', 'runtide-runner.service'])('leaves %s the same unit', (name) => {
    expect(settings(compactText(shipped(name)))).toEqual(settings(shipped(name)));
  });

  it('leaves no comment in the hook of the network', () => {
    const [hook] = networkFiles({ pool: 'linux', proxy: 'http://proxy:3128' });
    expect(hook?.text.match(/^ *#.*$/gm)).toEqual(['#!/bin/sh', expect.stringMatching(/^# The way out/)]);
    expect(understood(hook?.text ?? '')).toContain('network.env');
  });

  it('leaves here-documents as they are', () => {
    const program = "#!/bin/sh\ncat <<'END' >x\n# a\n\n END\nEND\n# b\ncat <<EOF || exit\n\nEOF\n\nexit\n";
    expect(compactText(program)).toBe(program.replace('# b\n', '').replace('\n\nexit', '\nexit'));
  });

  it('leaves no indentation', () => {
    expect(compactText('a() {\n  b \\\n    c\n}\n')).toBe('a() {\nb \\\nc\n}\n');
  });

  it('ends a text with a line end', () => {
    expect(compactText('#!/bin/sh\n\n# a\necho a # b\n  # c\n')).toBe('#!/bin/sh\necho a # b\n');
    expect(compactText('a')).toBe('a\n');
  });
});
