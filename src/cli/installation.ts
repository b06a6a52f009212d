import { type Adapters, composeAdapters } from '../compose/adapters.ts';
import type { Config } from '../config/schema.ts';
import { loadDaemonConfig } from '../runtimes/daemon/run.ts';
import { systemClock } from '../runtimes/system-clock.ts';
import { packageVersion } from '../version.ts';
import { complain } from './options.ts';

/** A configuration and the adapters that it asks for, for commands that look without a daemon. */
export interface Installation {
  readonly config: Config;
  readonly adapters: Adapters;
}

/** Loads the configuration and builds its adapters. Throws `ConfigError` for mistakes in it. */
export async function openInstallation(file: string): Promise<Installation> {
  const config = await loadDaemonConfig(file);
  const parts = { clock: systemClock, version: packageVersion(), note: complain };
  return { config, adapters: await composeAdapters(config, parts) };
}
