import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { inspect, promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Authority, newAuthority } from '../../../../test/support/authority.ts';
import { type LocalProxyOptions, startProxy } from '../../../../test/support/local-proxy.ts';
import { isPortError, type PortError } from '../../../controller/errors.ts';
import { systemClock } from '../../../runtimes/system-clock.ts';
import { GitLabClient } from './client.ts';
import { connect, type ConnectionOptions } from './connection.ts';

const resources: AsyncDisposable[] = [];

afterEach(async () => {
  for (const resource of resources.splice(0).toReversed()) await resource[Symbol.asyncDispose]();
});

const PAGE: RequestListener = (request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({ name: `${request.method} ${request.url}`, token: request.headers['private-token'] }),
  );
};

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.push({
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The address of a GitLab whose certificate the authority has signed. */
async function secureGitLab(authority: Authority, ip?: string): Promise<string> {
  const identity = authority.identity(ip === undefined ? {} : { ip });
  return `https://127.0.0.1:${await listening(createTlsServer(identity, PAGE))}`;
}

async function plainGitLab(): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(PAGE))}`;
}

async function proxy(options: LocalProxyOptions = {}) {
  const started = await startProxy(options);
  resources.push(started);
  return started;
}

function read(url: string, options: ConnectionOptions) {
  const connection = connect(options);
  resources.push(connection);
  const client = new GitLabClient({
    url,
    token: () => 'glpat-secret',
    clock: systemClock,
    version: '1.2.3',
    fetch: connection.fetch,
  });
  const { signal } = new AbortController();
  return client.get(
    { doing: 'reading the thing', needs: 'the scope read_api', path: '/thing', signal },
    z.object({ name: z.string(), token: z.string() }),
  );
}

async function failure(running: Promise<unknown>): Promise<PortError> {
  const error: unknown = await running.catch((thrown: unknown) => thrown);
  if (isPortError(error)) return error;
  throw new Error('expected a failure');
}

const FOUND = { name: 'GET /api/v4/thing', token: 'glpat-secret' };

describe('a private authority', () => {
  it('is trusted when it is named', async () => {
    const authority = newAuthority();
    const url = await secureGitLab(authority);
    expect(await read(url, { authorities: authority.certificate })).toEqual(FOUND);
  });

  it('is one of several in the file', async () => {
    const [one, other] = [newAuthority(), newAuthority()];
    const url = await secureGitLab(other);
    expect(await read(url, { authorities: `${one.certificate}${other.certificate}` })).toEqual(FOUND);
  });

  it.each([
    ['nothing is named', () => ({})],
    ['another is named', () => ({ authorities: newAuthority().certificate })],
  ])('is not trusted when %s, and the error says what to name', async (_name, options) => {
    const error = await failure(read(await secureGitLab(newAuthority()), options()));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE\); name the file .* in `gitlab\.caFile`$/);
  });

  it('does not make a certificate of another host good', async () => {
    const authority = newAuthority();
    const url = await secureGitLab(authority, '127.0.0.2');
    const error = await failure(read(url, { authorities: authority.certificate }));
    expect(error.message).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID\); write `gitlab\.url` with a name/);
  });

  it('joins those that Node trusts otherwise', async () => {
    const [system, other] = [newAuthority(), newAuthority()];
    const url = await secureGitLab(system);
    await using folder = await mkdtempDisposable(join(tmpdir(), 'runtide-authority-'));
    const file = join(folder.path, 'system.pem');
    await writeFile(file, system.certificate);
    const script = `
      import { connect } from ${JSON.stringify(import.meta.resolve('./connection.ts'))};
      await using connection = connect({ authorities: ${JSON.stringify(other.certificate)} });
      const init = { method: 'GET', headers: new Headers(), body: null, redirect: 'manual', signal: AbortSignal.timeout(20_000) };
      const answer = await connection.fetch(new URL(${JSON.stringify(`${url}/thing`)}), init);
      process.stdout.write((await answer.json()).name);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: file },
    });
    expect(stdout).toBe('GET /thing');
  });
});

describe('a proxy', () => {
  it('carries requests to a GitLab with http', async () => {
    const between = await proxy();
    const url = await plainGitLab();
    expect(await read(url, { proxy: `http://${between.host}` })).toEqual(FOUND);
    expect(between.asked).toEqual([`GET ${url}/api/v4/thing`]);
  });

  it('makes a tunnel to a GitLab with https, whose authority holds behind it', async () => {
    const authority = newAuthority();
    const between = await proxy();
    const url = await secureGitLab(authority);
    expect(await read(url, { proxy: `http://${between.host}`, authorities: authority.certificate })).toEqual(
      FOUND,
    );
    expect(between.asked).toEqual([`CONNECT ${new URL(url).host}`]);
  });

  it('does not make an unknown authority behind it good', async () => {
    const between = await proxy();
    const error = await failure(
      read(await secureGitLab(newAuthority()), { proxy: `http://${between.host}` }),
    );
    expect(error.message).toMatch(/VERIFY_LEAF_SIGNATURE.*`gitlab\.caFile`/);
  });

  it('may itself be spoken to in TLS, with the same authorities', async () => {
    const authority = newAuthority();
    const between = await proxy({ identity: authority.identity() });
    const url = await secureGitLab(authority);
    expect(await read(url, { proxy: `https://${between.host}`, authorities: authority.certificate })).toEqual(
      FOUND,
    );
  });

  it('is told user and password, also with signs that an address writes otherwise', async () => {
    const between = await proxy({ user: 'run@tide:p/ss' });
    const given = `http://run%40tide:p%2Fss@${between.host}`;
    const authority = newAuthority();
    expect(await read(await plainGitLab(), { proxy: given })).toEqual(FOUND);
    expect(
      await read(await secureGitLab(authority), { proxy: given, authorities: authority.certificate }),
    ).toEqual(FOUND);
  });

  it.each([
    ['http', plainGitLab],
    ['https', () => secureGitLab(newAuthority())],
  ])('that wants another password is named, for %s, and its password is not', async (_scheme, gitLab) => {
    const between = await proxy({ user: 'right:one' });
    const error = await failure(read(await gitLab(), { proxy: `http://me:hunter2@${between.host}` }));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(
      `reading the thing: the proxy http://${between.host} answered 407; write user and password of the proxy into \`gitlab.proxy\``,
    );
    const shown = inspect(error, { depth: 20, showHidden: true });
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain(Buffer.from('me:hunter2').toString('base64'));
  });

  it('that makes no tunnel is named', async () => {
    const between = await proxy({ refuses: 403 });
    const error = await failure(
      read(await secureGitLab(newAuthority()), { proxy: `http://${between.host}` }),
    );
    expect(error.message).toMatch(/the proxy .* answered 403; let the proxy through to GitLab/);
  });

  it('that is not there is named', async () => {
    const error = await failure(read('https://gitlab.example', { proxy: 'http://127.0.0.1:1' }));
    expect(error.message).toBe(
      'reading the thing: no answer from the proxy http://127.0.0.1:1 (ECONNREFUSED); check `gitlab.proxy` and the network between here and the proxy',
    );
  });
});
