import { existsSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { closest } from '../../config/spelling.ts';
import { policyOf } from '../../config/policy.ts';
import { FAMILIES, knownAutoscaler, type OwnContender, pattern, USUAL } from '../../simulator/autoscalers.ts';
import { loadNames } from '../named-config.ts';

/** A policy of the operator's: a name for it, and the configuration that it stands in. */
export interface PolicyFile {
  readonly name: string;
  readonly file: string;
}

/** What is simulated where nothing else is said. */
const DEFAULT_FILE = 'runtide.yaml';

/** For `--policy`: a name and a file. */
export function policyFile(text: string, before: readonly PolicyFile[] = []): readonly PolicyFile[] {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || file === undefined)
    throw new InvalidArgumentError('It must be a name and a file, such as thrifty=thrifty.yaml.');
  if (name === 'yours' || before.some((one) => one.name === name) || knownAutoscaler(name) !== undefined)
    throw new InvalidArgumentError(`The name "${name}" is taken; choose another one.`);
  return [...before, { name, file }];
}

/** For `--against`: names with commas between them, or "all" or "none". */
export function against(text: string): readonly string[] {
  if (text === 'all') return USUAL;
  if (text === 'none') return [];
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  for (const name of names) if (knownAutoscaler(name) === undefined) throw unknown(name);
  return names;
}

function unknown(name: string): InvalidArgumentError {
  const near = closest(name, [...USUAL, ...FAMILIES.map((family) => family.name)]);
  const meant = near === undefined ? '' : `, did you mean ${near}?`;
  const all = FAMILIES.map(pattern).join(', ');
  return new InvalidArgumentError(`There is no "${name}"${meant} There are all, none, ${all}.`);
}

/** The operator's policies: the configuration's as "yours", where there is one, and those of the files. */
export async function ownContenders(
  config: string | undefined,
  policies: readonly PolicyFile[],
): Promise<readonly OwnContender[]> {
  const named = config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  const files = [...(named === undefined ? [] : [{ name: 'yours', file: named }]), ...policies];
  return Promise.all(
    files.map(async ({ name, file }): Promise<OwnContender> => {
      const { config: loaded } = await loadNames(file);
      // Which runner a pool has is nothing that a simulation could ask.
      return {
        kind: 'own',
        name,
        policy: policyOf(loaded, { runners: () => [1] }),
        pollInterval: loaded.pollInterval,
        webhooks: loaded.webhook !== undefined,
      };
    }),
  );
}
