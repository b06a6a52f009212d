import { HookArrivals } from '../../adapters/gitlab/hooks/hook-arrivals.ts';
import { AccessToken } from '../../adapters/gitlab/token/access-token.ts';
import type { WebhookEvent } from '../../adapters/gitlab/webhook/webhook-event.ts';
import { composeAdapters } from '../../compose/adapters.ts';
import { composeController } from '../../compose/controller.ts';
import { composeEvents } from '../../compose/events.ts';
import { composeMetricUpkeep } from '../../compose/metrics.ts';
import { composeWebhook } from '../../compose/webhook.ts';
import { openState, type State } from '../../compose/state.ts';
import { readConfigParameter } from '../../compose/config-parameter.ts';
import { compareConfigs } from '../../config/changes.ts';
import { environment } from '../../config/environment.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import type { ControllerEvent } from '../../controller/events.ts';
import type { Clock } from '../../controller/ports.ts';
import { HookEvidence } from '../../controller/hook-evidence.ts';
import { listen } from '../../controller/listen.ts';
import { PublishedTotals } from '../../controller/metric-upkeep.ts';
import { Notices } from '../../controller/notices.ts';
import { Concerns, runUpkeep, type Upkeep } from '../../controller/upkeep.ts';
import type { PassReport } from '../../controller/reconcile.ts';
import { runPasses, Wakes } from '../../controller/wakes.ts';
import { milliseconds, minutes, seconds } from '../../engine/time.ts';
import { measurementsOf } from '../../status/measurements.ts';
import { StatusBoard } from '../../status/model.ts';
import { statusRoutes } from '../../status/routes.ts';
import { eventLine, type Line, type Log, webhookLine } from './log.ts';
import { quietly } from './quiet.ts';
import { type Listening, serve } from './server.ts';
import type { Shutdown } from './shutdown.ts';

/** Wakes that come faster than this share a pass. */
const SPACING = seconds(1);
/** Without a pass for this many sweeps the process is not healthy. */
const UNHEALTHY_SWEEPS = 4;
const FLOOD_INTERVAL = seconds(1);
/** A round of a chore that takes longer is given up, and tried again later. */
const UPKEEP_LIMIT = minutes(5);

export interface DaemonOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly shutdown: Shutdown;
  readonly version: string;
}

/** What is made anew when the configuration is loaded again. */
interface Composition {
  readonly config: Config;
  readonly controller: ReturnType<typeof composeController>;
  readonly webhook: ReturnType<typeof composeWebhook>;
  readonly upkeeps: readonly Upkeep[];
}

/** Loads the configuration as every command does. */
export function loadDaemonConfig(file: string): Promise<Config> {
  return loadConfig(file, { env: environment(), readParameter: readConfigParameter });
}

/** One daemon: two servers and the loop of passes, from start to the shutdown signal. */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const config = await loadDaemonConfig(options.file);
  options.log.setLevel(config.log.level);
  await using resources = new AsyncDisposableStack();
  const state = resources.use(openState(config.state));
  const daemon = new Daemon(options, config, { state, resources });
  await daemon.compose(config);
  const listeners = await daemon.listen(config);
  for (const listener of listeners) resources.use(listener);
  options.shutdown.onHangup(() => {
    daemon.reload().catch(() => undefined);
  });
  await daemon.run();
}

class Daemon {
  readonly #options: DaemonOptions;
  readonly #state: State;
  readonly #resources: AsyncDisposableStack;
  readonly #wakes = new Wakes();
  readonly #notices = new Notices();
  readonly #concerns = new Concerns();
  readonly #hooks = new HookEvidence();
  readonly #arrivals: HookArrivals;
  readonly #board: StatusBoard;
  readonly #published = new PublishedTotals();
  readonly #noteQuietly: (kind: string, line: Line) => void;
  readonly #token: AccessToken;
  #config: Config;
  #composition: Composition | undefined;
  /** The pass that is under way, or the last one. */
  #passing: Promise<PassReport> | undefined;
  #deciding = false;

  constructor(
    options: DaemonOptions,
    config: Config,
    { state, resources }: { readonly state: State; readonly resources: AsyncDisposableStack },
  ) {
    const { clock, log } = options;
    this.#options = options;
    this.#config = config;
    this.#state = state;
    this.#arrivals = new HookArrivals(clock);
    this.#resources = resources;
    this.#token = new AccessToken(config.gitlab.token.reveal());
    this.#board = new StatusBoard(config.installation, clock.now());
    this.#noteQuietly = quietly((line) => log.line(line), { now: () => clock.now(), every: FLOOD_INTERVAL });
  }

  /** Builds adapters, controller and webhook for a configuration; the next pass uses them. */
  async compose(config: Config): Promise<void> {
    const { clock, version } = this.#options;
    const adapters = await composeAdapters(config, {
      clock,
      version,
      token: this.#token,
      note: (message) => this.#note(message),
      hookWatch: { arrivals: this.#arrivals, agree: () => this.#hooks.agree(clock.now()) },
    });
    // A pass may still use the one before, so that all are closed at the end alone.
    this.#resources.use(adapters.connection);
    const recorder = { record: (event: ControllerEvent) => this.#record(event) };
    const kept = { notices: this.#notices, concerns: this.#concerns, hooks: this.#hooks };
    this.#composition = {
      config,
      controller: composeController(config, adapters, { clock, ...this.#state, recorder, ...kept }),
      upkeeps: [
        ...adapters.upkeeps,
        ...composeMetricUpkeep(config, {
          clock,
          measure: () => measurementsOf(this.#board.status(clock.now())),
          published: this.#published,
        }),
      ],
      webhook: composeWebhook(config, {
        clock,
        wake: (ref) => this.#wakes.add(ref),
        note: (event) => this.#noteWebhook(event),
        jobs: adapters.jobs,
      }),
    };
    this.#config = config;
  }

  /** Opens the webhook's and the status API's servers. */
  async listen(config: Config): Promise<readonly Listening[]> {
    const { clock, log, version } = this.#options;
    const listeners: Listening[] = [];
    if (config.webhook !== undefined) {
      const handle = (request: Request, remote: string) => this.#answerWebhook(request, remote);
      listeners.push(await serve(handle, config.webhook.listen, 'webhooks'));
    }
    const routes = statusRoutes({
      board: this.#board,
      now: () => clock.now(),
      startedAt: clock.now(),
      decisions: (limit) => this.#state.store.decisions(limit),
      unhealthyAfter: () => milliseconds(this.#config.pollInterval * UNHEALTHY_SWEEPS + config.aws.timeout),
    });
    listeners.push(await serve((request) => routes.fetch(request), config.status.listen, 'the status API'));
    const urls = listeners.map(({ url }) => url);
    log.line({
      level: 'info',
      message: `runtide ${version} is up: status at ${urls.at(-1)}`,
      fields: { ...(urls.length > 1 && { webhook: `${urls[0]}/webhook` }), pools: Object.keys(config.pools) },
    });
    return listeners;
  }

  /** Runs passes until shutdown, and listens to the events of AWS where there is a queue of them. */
  async run(): Promise<void> {
    const { clock, log, shutdown } = this.#options;
    const listening = this.#listenToEvents();
    const tending = this.#tend();
    await runPasses({
      clock,
      wakes: this.#wakes,
      pass: async (wake) => {
        const startedAt = clock.now();
        this.#passing = this.#composition?.controller.pass(wake, shutdown.signal);
        const report = await this.#passing;
        this.#deciding = report?.pass === 'acted';
        if (report !== undefined) this.#board.passed(report, startedAt, clock.now());
      },
      pollInterval: () => this.#config.pollInterval,
      spacing: SPACING,
      signal: shutdown.signal,
    });
    await Promise.all([listening, tending]);
    log.line({
      level: 'info',
      message: 'runtide has stopped; instances keep running and are found again',
      fields: {},
    });
  }

  /** Loads the configuration again: all of it applies at the next pass, or, after a mistake, nothing. */
  async reload(): Promise<void> {
    const { log, file } = this.#options;
    try {
      const after = await loadDaemonConfig(file);
      const changes = compareConfigs(this.#config, after);
      const late = changes.filter(({ applies }) => applies === 'restart').map(({ path }) => path);
      if (late.length > 0)
        throw new Error(`${late.join(', ')} can only change at a restart: restart, or undo it`);
      await this.compose(after);
      // A pass that is under way still decides by the old one: what is said here is to be true.
      await this.#passing;
      log.setLevel(after.log.level);
      for (const { path, from, to, applies } of changes) {
        log.line({ level: 'info', message: `${path} changed`, fields: { from, to, applies } });
      }
      log.line({ level: 'info', message: `configuration reloaded: ${changes.length} changes`, fields: {} });
      this.#wakes.addSweep();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.line({ level: 'error', message: 'configuration not reloaded, the old one stays', fields: { why } });
    }
  }

  async #tend(): Promise<void> {
    const { clock, shutdown } = this.#options;
    await runUpkeep({
      clock,
      upkeeps: () => this.#composition?.upkeeps ?? [],
      concerns: this.#concerns,
      recorder: { record: (event) => this.#record(event) },
      deciding: () => this.#deciding,
      limit: UPKEEP_LIMIT,
      signal: shutdown.signal,
    });
  }

  async #listenToEvents(): Promise<void> {
    const { clock, shutdown } = this.#options;
    const source = composeEvents(this.#config, {
      timeout: () => this.#config.aws.timeout,
      note: (message) => this.#note(message),
    });
    if (source === undefined) return;
    await listen({
      clock,
      source,
      notices: this.#notices,
      wakes: this.#wakes,
      recorder: { record: (event) => this.#record(event) },
      deciding: () => this.#deciding,
      heard: (failure) => this.#board.heardNotices(clock.now(), failure),
      signal: shutdown.signal,
    });
  }

  async #answerWebhook(request: Request, remote: string): Promise<Response> {
    const { webhook } = this.#composition ?? {};
    if (new URL(request.url).pathname !== '/webhook' || webhook === undefined) {
      return Response.json({ error: 'not found; webhooks go to /webhook' }, { status: 404 });
    }
    return webhook(request, remote);
  }

  #noteWebhook(event: WebhookEvent): void {
    this.#arrivals.note(event);
    const because = event.outcome === 'accepted' ? '' : `: ${event.because}`;
    this.#board.webhook(`${event.outcome}${because}`);
    this.#noteQuietly(`${event.outcome}${because}`, webhookLine(event));
  }

  #note(message: string): void {
    this.#options.log.line({ level: 'warn', message, fields: {} });
  }

  #record(event: ControllerEvent): void {
    this.#board.record(event);
    this.#options.log.line(eventLine(event));
  }
}
