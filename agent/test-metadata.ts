import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const META_DATA = '/latest/meta-data/';

/** How one path answers; `hang` never does. */
export type MetadataAnswer = 'hang' | { readonly status: number; readonly body: string };

/** An instance metadata service, version 2 only: nothing without a token. */
export class TestMetadata {
  readonly #server: Server;
  readonly #answers = new Map<string, MetadataAnswer>();
  readonly #asked: string[] = [];
  #issued = 0;
  #token = '';
  #everything: MetadataAnswer | undefined;

  private constructor(instance: string) {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.set('instance-id', instance);
  }

  static async start(instance: string): Promise<TestMetadata> {
    const metadata = new TestMetadata(instance);
    await metadata.restart(0);
    return metadata;
  }

  /** Listens, on a free port for 0. */
  async restart(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('reading the port: not listening');
    return `http://127.0.0.1:${String(address.port)}`;
  }

  /** How many tokens were given out. */
  get tokens(): number {
    return this.#issued;
  }

  set(path: string, body: string): void {
    this.#answers.set(path, { status: 200, body });
  }

  fail(path: string, answer: MetadataAnswer): void {
    this.#answers.set(path, answer);
  }

  /** Every metadata path answers so, until called with nothing. */
  failAll(answer?: MetadataAnswer): void {
    this.#everything = answer;
  }

  /** How often a path was asked for. */
  asked(path: string): number {
    return this.#asked.filter((asked) => asked === path).length;
  }

  /** Makes every token that was given out worthless. */
  forgetTokens(): void {
    this.#token = '';
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '';
    if (url === '/latest/api/token') {
      const ttl = request.headers['x-aws-ec2-metadata-token-ttl-seconds'];
      if (request.method !== 'PUT' || ttl === undefined) return reply(response, 400, '');
      this.#issued += 1;
      this.#token = `metadata-token-${String(this.#issued)}`;
      return reply(response, 200, this.#token);
    }
    const path = url.slice(META_DATA.length);
    this.#asked.push(path);
    if (request.headers['x-aws-ec2-metadata-token'] !== this.#token) return reply(response, 401, '');
    const answer = this.#everything ?? this.#answers.get(path) ?? { status: 404, body: '<html>404</html>' };
    if (answer !== 'hang') reply(response, answer.status, answer.body);
  }
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
}
