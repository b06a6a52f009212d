import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, removeEntries } from './config.ts';
import { systemIdBeside } from './system-id.ts';

const ENTRY = `[[runners]]
name = "one"
url = "https://gitlab.example/ci/"
token = "glrt-secret"
executor = "shell"
`;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-config-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function written(text: string): string {
  const file = join(folder, 'config.toml');
  writeFileSync(file, text);
  return file;
}

describe('configuration', () => {
  it('is read with the usual values of GitLab', () => {
    expect(readConfig(written(`concurrent = 4\n${ENTRY}`))).toEqual({
      concurrent: 4,
      checkInterval: 3000,
      shutdownTimeout: 30_000,
      runners: [
        {
          name: 'one',
          url: 'https://gitlab.example',
          token: 'glrt-secret',
          limit: 0,
          outputLimit: 4096 * 1024,
        },
      ],
    });
  });

  it.each([
    [ENTRY, /concurrent is missing or less than 1/],
    [`concurrent = 0\n${ENTRY}`, /concurrent is missing or less than 1/],
    [`concurrent = 1\n${ENTRY.replace('"shell"', '"docker"')}`, /executor is not "shell"/],
    [`concurrent = 1\n${ENTRY.replace('https://gitlab.example/ci/', '')}`, /url is no address/],
    [`concurrent = 1\n${ENTRY.replace('glrt-secret', '')}`, /token is missing/],
    ['concurrent = 1\ntoken = "glrt-secret\n', /Invalid TOML/],
  ])('is refused with the reason: %j', (text, reason) => {
    const file = written(text);
    expect(() => readConfig(file)).toThrow(reason);
    expect(() => readConfig(file)).not.toThrow(/glrt-secret/);
  });

  it('is written without the entries that are gone', () => {
    const file = written(`concurrent = 4\n${ENTRY}${ENTRY.replace('glrt-secret', 'glrt-other')}`);
    removeEntries(file, (token) => token === 'glrt-secret');
    expect(readConfig(file).runners.map(({ token }) => token)).toEqual(['glrt-other']);
    removeEntries(file, () => true);
    expect(readFileSync(file, 'utf8')).not.toContain('runners');
    expect(readConfig(file).concurrent).toBe(4);
  });
});

describe('system id', () => {
  it('is read from beside the configuration', () => {
    writeFileSync(join(folder, '.runner_system_id'), 'r_0123456789ab\n');
    expect(systemIdBeside(join(folder, 'config.toml'))).toBe('r_0123456789ab');
  });

  it('is made up once where there is none that is valid', () => {
    writeFileSync(join(folder, '.runner_system_id'), 'nonsense');
    const made = systemIdBeside(join(folder, 'config.toml'));
    expect(made).toMatch(/^r_[0-9a-zA-Z]{12}$/);
    expect(systemIdBeside(join(folder, 'config.toml'))).toBe(made);
  });
});
