import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { API_TOKEN } from '../../../test/support/gitlab-double.ts';
import { type HookWorld, hookWorld, SECRETS } from '../../../test/support/hook-world.ts';
import { type Edits, sample } from '../../../test/support/sample-config.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-hooks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `runtide hooks` against the double, for these projects; it never shows a secret. */
async function run(world: HookWorld, args: readonly string[], edits: Edits = {}): Promise<Ended> {
  const file = join(folder, 'runtide.yaml');
  const config = sample({
    'gitlab.url': world.double.url,
    'gitlab.token': '${env:GITLAB_TOKEN}',
    'gitlab.projects': ['acme/web', 'acme/gone', 'acme/api'],
    webhook: { url: world.url, token: '${env:WEBHOOK_TOKEN}', signingToken: '${env:SIGNING_TOKEN}' },
    ...edits,
  });
  writeFileSync(file, stringify(config));
  const env = {
    GITLAB_TOKEN: API_TOKEN,
    WEBHOOK_TOKEN: SECRETS.token,
    SIGNING_TOKEN: SECRETS.signingToken,
  };
  const ended = await runtide(['hooks', ...args, '-c', file], { env });
  for (const secret of Object.values(env)) expect(`${ended.stdout}${ended.stderr}`).not.toContain(secret);
  return ended;
}

async function acme(): Promise<HookWorld> {
  const world = await hookWorld();
  world.gitlab.addProject({ path: 'acme/api' });
  return world;
}

const GONE =
  /^FAILED {4}project acme\/gone: listing the webhooks of project acme\/gone: GitLab answered 404: 404 Project Not Found \(request \w+\); check that it exists/;

describe('runtide hooks', () => {
  it('installs, shows and removes, and goes on where one project fails', async () => {
    await using world = await acme();
    const installed = await run(world, ['install']);
    expect([installed.code, installed.stderr]).toEqual([1, '']);
    expect(installed.stdout.split('\n')).toEqual([
      'created   project acme/web, webhook 1',
      expect.stringMatching(GONE),
      'created   project acme/api, webhook 2',
      '2 webhooks created, 0 webhooks updated, 0 webhooks as they were; 1 FAILED',
      '',
    ]);
    expect(world.gitlab.hooks.find(1)?.settings).toMatchObject({ name: 'Runtide acme', ...SECRETS });

    const both = { 'gitlab.projects': ['acme/web', 'acme/api'] };
    await world.api('PUT', '/projects/1/hooks/1', { url: world.url, token: '' });
    for (let failures = 0; failures < 4; failures += 1) world.gitlab.hooks.failed(2);
    const shown = await run(world, ['status'], both);
    expect([shown.code, shown.stderr]).toEqual([1, '']);
    expect(shown.stdout.split('\n')).toEqual([
      'differs   project acme/web, webhook 1: it has no token',
      expect.stringMatching(
        /^paused {4}project acme\/api, webhook 2: GitLab sends nothing until 2026-\S+Z after/,
      ),
      '2 of 2 webhooks do not work',
      '',
    ]);

    const listed = await run(world, ['remove'], both);
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^would go {2}project acme\/web, webhook 1\n.*\n2 webhooks; nothing was removed/,
      ),
    });
    expect(world.gitlab.hooks.all()).toHaveLength(2);
    const removed = await run(world, ['remove', '--yes'], both);
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringMatching(/\n2 webhooks removed\n$/) });
    expect(world.gitlab.hooks.all()).toEqual([]);
  });

  it('answers programs in JSON, and waits where GitLab asks for it', async () => {
    await using world = await acme();
    const both = { 'gitlab.projects': ['acme/web', 'acme/api'] };
    world.double.faults.set({ kind: 'rate-limit', retryAfter: 0, times: 3 });
    const installed = await run(world, ['install', '--json'], both);
    expect(installed).toMatchObject({ code: 0, stderr: 'GitLab asks to slow down: waiting 0 s\n' });
    expect(JSON.parse(installed.stdout)).toEqual({
      url: world.url,
      ok: true,
      webhooks: [
        { place: 'project acme/web', state: 'created', webhook: 1, ok: true },
        { place: 'project acme/api', state: 'created', webhook: 2, ok: true },
      ],
    });
    const shown = await run(world, ['status', '--json'], both);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      ok: true,
      webhooks: [{ state: 'ok' }, { state: 'ok' }],
    });
  });

  it('says what is missing without an address', async () => {
    await using world = await acme();
    const { code, stderr } = await run(world, ['install'], { 'webhook.url': undefined });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^looking for the address of the webhook in \S+: there is none; set `webhook.url`/,
    );
  });
});
