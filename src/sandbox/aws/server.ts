import { once } from 'node:events';
import { type HttpBindings, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Timers } from '../../adapters/memory/clock.ts';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import type { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { answerFaults, answerState } from './control.ts';
import { answerEc2 } from './ec2-wire.ts';
import type { Answer, Exchange, Observe } from './exchange.ts';
import { Imds } from './imds.ts';
import { answerSsm } from './ssm-wire.ts';

export interface AwsOptions {
  readonly model: Ec2;
  readonly ssm: Ssm;
  readonly timers: Timers;
  /** Hears of what the double could not answer. */
  readonly log: { error(details: object, message: string): void };
  /** Default: any free port. */
  readonly port?: number;
  /** Sees all traffic. */
  readonly observe?: Observe;
}

/** AWS on this machine, as the SDK speaks to it. */
export interface Aws {
  /** Endpoint of EC2 and of Systems Manager. */
  readonly url: string;
  /** Where the instance finds its metadata service; `/latest/…` follows. */
  imdsUrl(instanceId: string): string;
  close(): Promise<void>;
}

type Env = { Bindings: HttpBindings };

/** Starts the double on 127.0.0.1. */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const server = serve({ fetch: routes(options).fetch, port: options.port ?? 0, hostname: '127.0.0.1' });
  if (!server.listening) await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('starting the AWS double: no port was given');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    imdsUrl: (instanceId) => `${url}/imds/${instanceId}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

function routes({ model, ssm, timers, log, observe }: AwsOptions): Hono<Env> {
  const imds = new Imds(model, timers);
  const app = new Hono<Env>();
  app.post('/', async (context) => {
    const body = await context.req.text();
    const authorization = context.req.header('authorization');
    const target = context.req.header('x-amz-target');
    return target === undefined
      ? send(context, 'ec2', body, answerEc2(model, body, authorization), observe)
      : send(context, 'ssm', body, answerSsm(ssm, model.place, { target, body, authorization }), observe);
  });
  app.post('/imds/:instance/sandbox/poweroff', (context) => {
    model.powerOff(context.req.param('instance'));
    return context.body(null, 204);
  });
  app.all('/imds/:instance/:path{.*}', (context) => {
    const answer = imds.answer({
      method: context.req.method,
      instance: context.req.param('instance'),
      path: context.req.param('path'),
      header: (name) => context.req.header(name),
    });
    return send(context, 'imds', '', answer, observe);
  });
  app.post('/sandbox/faults', async (context) => {
    const body = await context.req.text();
    return send(context, 'control', body, answerFaults(model, body), observe);
  });
  app.get('/sandbox/state', (context) => send(context, 'control', '', answerState(model), observe));
  app.onError((error, context) => {
    log.error({ error, path: context.req.path }, 'answering a request to the AWS double failed');
    return context.text('', 500);
  });
  return app;
}

function send(
  context: Context<Env>,
  service: Exchange['service'],
  request: string,
  { action, status, headers, body, lost }: Answer,
  observe: Observe | undefined,
): Response {
  observe?.({ service, action, request, status, headers, body });
  if (lost !== true) return new Response(body, { status, headers });
  context.env.incoming.socket.destroy();
  return new Response(null, { status: 503 });
}
