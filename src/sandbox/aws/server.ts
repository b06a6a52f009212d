import { once } from 'node:events';
import { type HttpBindings, serve } from '@hono/node-server';
import { type Context, Hono, type Next } from 'hono';
import type { Timers } from '../../adapters/memory/clock.ts';
import { AutoScaling } from '../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import type { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import type { Queue } from '../../adapters/memory/sqs/queue.ts';
import { answerAutoScaling } from './auto-scaling/auto-scaling-wire.ts';
import { answerFaults, answerState } from './control.ts';
import { readSignature } from './credentials.ts';
import { answerEc2 } from './ec2-wire.ts';
import type { Answer, Exchange, Observe } from './exchange.ts';
import { Imds } from './imds.ts';
import { userOfPeer } from './peer.ts';
import { answerSqs, SQS_TARGET } from './sqs-wire.ts';
import { answerSsm } from './ssm-wire.ts';
import { answerSts } from './sts-wire.ts';
import type { Caller, Sts } from './sts.ts';
import { type World, Worlds } from './worlds.ts';

export interface AwsOptions {
  readonly model: Ec2;
  readonly ssm: Ssm;
  /** Over the machines of `model`; default: one that has no groups yet. */
  readonly groups?: AutoScaling;
  /** Other regions and accounts. A request reaches the one that it is signed for; default: none. */
  readonly elsewhere?: readonly World[];
  /** Gives roles and knows their credentials; default: there are no roles. */
  readonly sts?: Sts;
  /** What SQS has; default: no queues. */
  readonly queues?: readonly Queue<string>[];
  readonly timers: Timers;
  /** Hears of what the double could not answer. */
  readonly log: { error(details: object, message: string): void };
  /** Who on this machine reaches the metadata, as the bootstrap's firewall has it; default: all. */
  readonly metadataFor?: 'root' | 'all';
  /** Default: any free port. */
  readonly port?: number;
  /** Sees all traffic. */
  readonly observe?: Observe;
}

/** AWS on this machine, as the SDK speaks to it. */
export interface Aws {
  /** Endpoint of EC2, Auto Scaling, Systems Manager and SQS. */
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

function routes(options: AwsOptions): Hono<Env> {
  const { elsewhere = [], sts, timers, log, observe, metadataFor = 'all', queues = [] } = options;
  const whole = (world: World) => wholeWorld(world, timers);
  const worlds = new Worlds(whole(options), elsewhere.map(whole), sts);
  const app = new Hono<Env>();
  app.post('/', async (context) => {
    const body = await context.req.text();
    const signed = context.req.header('authorization');
    const { caller, world } = worlds.reach({
      authorization: signed,
      token: context.req.header('x-amz-security-token'),
    });
    const seen = caller === undefined || observe === undefined ? observe : seenOf(caller, observe);
    const service = readSignature(signed)?.service;
    if (sts !== undefined && service === 'sts') {
      return send(context, 'sts', body, answerSts(sts, body, caller), seen);
    }
    const here = world ?? worlds.home;
    if (service === 'autoscaling') {
      const answer = answerAutoScaling(here.groups, body, world !== undefined);
      return send(context, 'auto-scaling', body, answer, seen);
    }
    // Credentials that open nothing here are as good as none.
    const authorization = world === undefined ? undefined : signed;
    const target = context.req.header('x-amz-target');
    const request = { target: target ?? '', body, authorization };
    if (request.target.startsWith(SQS_TARGET)) {
      const asked = { ...request, signal: context.req.raw.signal };
      return send(context, 'sqs', body, await answerSqs(queues, here.model.place, asked), seen);
    }
    return target === undefined
      ? send(context, 'ec2', body, answerEc2(here.model, body, authorization), seen)
      : send(context, 'ssm', body, answerSsm(here.ssm, here.model.place, request), seen);
  });
  if (metadataFor === 'root') app.use('/imds/*', (context, next) => refuseAllButRoot(context, next));
  app.post('/imds/:instance/sandbox/poweroff', (context) => {
    const instance = context.req.param('instance');
    worlds.of(instance).model.powerOff(instance);
    return context.body(null, 204);
  });
  app.all('/imds/:instance/:path{.*}', (context) => {
    const instance = context.req.param('instance');
    const answer = worlds.of(instance).imds.answer({
      method: context.req.method,
      instance,
      path: context.req.param('path'),
      header: (name) => context.req.header(name),
    });
    return send(context, 'imds', '', answer, observe);
  });
  app.post('/sandbox/faults', async (context) => {
    const body = await context.req.text();
    return send(context, 'control', body, answerFaults(worlds.home, body), observe);
  });
  app.get('/sandbox/state', (context) => send(context, 'control', '', answerState(worlds.home), observe));
  app.onError((error, context) => {
    log.error({ error, path: context.req.path }, 'answering a request to the AWS double failed');
    return context.text('', 500);
  });
  return app;
}

/** A world with everything that it may have left out, and its metadata service. */
function wholeWorld({ model, ssm, groups: given }: World, timers: Timers) {
  const groups = given ?? new AutoScaling({ timers, ec2: model, seed: 1 });
  return { model, ssm, groups, imds: new Imds(model, groups, timers) };
}

/** Ends the connection of anybody else, where a firewall would not let it come about. */
async function refuseAllButRoot(context: Context<Env>, next: Next): Promise<Response | undefined> {
  const { socket } = context.env.incoming;
  if ((await userOfPeer(socket)) !== 0) {
    socket.destroy();
    return new Response(null, { status: 503 });
  }
  await next();
  return undefined;
}

/** Says with each exchange who asked. */
function seenOf(caller: Caller, observe: Observe): Observe {
  return (exchange) => observe({ ...exchange, caller: caller.arn });
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
