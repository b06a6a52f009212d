import type { Command } from 'commander';
import { openLog } from '../../runtimes/daemon/log.ts';
import { runDaemon } from '../../runtimes/daemon/run.ts';
import { listenForShutdown } from '../../runtimes/daemon/shutdown.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { packageVersion } from '../../version.ts';
import { configCommand, type ConfigOptions } from '../options.ts';

/** `runtide up`: the daemon, until it is told to stop. */
export function upCommand(): Command {
  return configCommand(
    'up',
    'Run the daemon until SIGINT or SIGTERM; SIGHUP loads the configuration again',
  ).action(async ({ config, json }: ConfigOptions) => {
    const log = openLog({ json: json === true, level: 'info' });
    const shutdown = listenForShutdown((message) => log.line({ level: 'info', message, fields: {} }));
    await runDaemon({ file: config, clock: systemClock, log, shutdown, version: packageVersion() });
  });
}
