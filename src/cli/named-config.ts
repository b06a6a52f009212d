import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfigParameter } from '../compose/config-parameter.ts';
import { environment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import type { Sources } from '../config/lookup.ts';
import { ConfigError } from '../config/mistakes.ts';
import type { Config } from '../config/schema.ts';

/** A configuration, and the names of the SSM parameters that it takes values from. */
export interface NamedConfig {
  readonly config: Config;
  readonly parameters: ReadonlySet<string>;
}

/**
 * Stands for every value behind a reference: it is a fit secret, and fits no key that names something in AWS, so
 * that a file whose references are all secrets loads without them.
 */
const STAND_IN = `whsec_${btoa('what AWS names is read without secrets!')}+/+/`;

/** Loads the configuration with something else behind its references, and notes the parameters that it names. */
async function loadWith(file: string, sources: Sources): Promise<NamedConfig> {
  const parameters = new Set<string>();
  const readParameter: Sources['readParameter'] = (name, region, endpoint) => {
    parameters.add(name);
    return sources.readParameter(name, region, endpoint);
  };
  return { config: await loadConfig(file, { ...sources, readParameter }), parameters };
}

/** Sources in which every reference stands for the same. */
function standIns(file: string): Sources {
  const itself = resolve(file);
  return {
    env: new Proxy<Record<string, string>>(
      {},
      { get: () => STAND_IN, getOwnPropertyDescriptor: () => ({ value: STAND_IN, configurable: true }) },
    ),
    readFile: async (path) => (path === itself ? readFile(path) : new TextEncoder().encode(STAND_IN)),
    readParameter: async () => STAND_IN,
  };
}

/**
 * The configuration as far as it names things: without its secrets. Only where other keys are references as well
 * are they all looked up. Throws `ConfigError`.
 */
export async function loadNames(file: string): Promise<NamedConfig> {
  try {
    return await loadWith(file, standIns(file));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return loadWith(file, { env: environment(), readParameter: readConfigParameter });
  }
}
