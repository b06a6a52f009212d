import tls from 'node:tls';
import { Agent, type Dispatcher, fetch as fetchThrough, ProxyAgent } from 'undici';
import { ProxyFailure } from './proxy-failure.ts';
import type { Fetch } from './transport.ts';

export interface ConnectionOptions {
  /** Certificates in PEM that are trusted besides those of the system. */
  readonly authorities?: string;
  /** Address of an http(s) proxy, with user information where it asks for it. */
  readonly proxy?: string;
}

/** The way to GitLab. */
export interface Connection extends AsyncDisposable {
  readonly fetch: Fetch;
}

/**
 * The connection that a configuration asks for: Node's own `fetch` where it asks for nothing. A proxy is asked for
 * a tunnel to an https GitLab, and carries the requests themselves to one with http. Disposing it waits for calls
 * under way. Throws where the certificates cannot be read.
 */
export function connect({ authorities, proxy }: ConnectionOptions): Connection {
  if (authorities === undefined && proxy === undefined) {
    return { fetch, [Symbol.asyncDispose]: async () => undefined };
  }
  const trust = trusting(authorities);
  const dispatcher = proxy === undefined ? new Agent({ connect: trust }) : through(new URL(proxy), trust);
  return {
    fetch: async (url, init) => {
      try {
        return await answerOf(fetchThrough(url, { ...init, headers: [...init.headers], dispatcher }));
      } catch (error) {
        throw proxy === undefined ? error : (proxyFailure(new URL(proxy), error) ?? error);
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}

interface Trust {
  readonly secureContext?: tls.SecureContext;
  readonly allowH2: false;
}

/** Made once: parsing all authorities of the system at every connection takes longer than the call. */
function trusting(authorities: string | undefined): Trust {
  if (authorities === undefined) return { allowH2: false };
  const ca = [...tls.getCACertificates('default'), authorities];
  return { secureContext: tls.createSecureContext({ ca }), allowH2: false };
}

function through(proxy: URL, trust: Trust): Dispatcher {
  const { username, password } = proxy;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return new ProxyAgent({
    // What the package itself says of a failure must not hold user information.
    uri: proxy.origin,
    ...(username !== '' && { token: `Basic ${Buffer.from(user).toString('base64')}` }),
    requestTls: trust,
    proxyTls: trust,
  });
}

async function answerOf(answering: ReturnType<typeof fetchThrough>): Promise<Response> {
  const { status, statusText, headers, body } = await answering;
  return new Response(body, { status, statusText, headers: [...headers] });
}

/** Nobody but the proxy is connected to, so that whatever fails before the first byte is its failure. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_CONN',
  'UND_ERR_PRX_TLS',
]);

function proxyFailure(proxy: URL, error: unknown): ProxyFailure | undefined {
  const { origin } = proxy;
  for (let at = error; at instanceof Error; at = at.cause) {
    const [, status] =
      /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((407)\)/
        .exec(at.message)
        ?.filter((part) => part !== undefined) ?? [];
    if (status !== undefined) {
      return new ProxyFailure(`the proxy ${origin} answered ${status}`, Number(status), error);
    }
    if ('code' in at && typeof at.code === 'string' && UNREACHED.has(at.code)) {
      return new ProxyFailure(`no answer from the proxy ${origin} (${at.code})`, undefined, error);
    }
  }
  return undefined;
}
