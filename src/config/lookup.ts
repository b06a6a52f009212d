import { dirname, resolve } from 'node:path';
import { type Reference, referenceText } from './template.ts';

/** Where the values behind references come from. */
export interface Sources {
  /** What `${env:NAME}` stands for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file, given its absolute path; the disk where nothing is said. */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  /** Reads an SSM parameter, decrypted. Its errors are shown: they must not contain the value. */
  readonly readParameter: (name: string, region: string, endpoint?: string) => Promise<string>;
}

/** Where SSM parameters are read from; a text says why they cannot be. */
export type ParameterStore = { readonly region: string; readonly endpoint?: string } | string;

/** A reference that stands for nothing: what was looked for, and what to do. */
export class Unresolvable {
  readonly allowed: string;
  readonly mend: string;

  constructor(allowed: string, mend: string) {
    this.allowed = allowed;
    this.mend = mend;
  }
}

/** Answers what a reference stands for. */
export type Lookup = (reference: Reference) => Promise<string | Unresolvable>;

/** Looks references up, each one once. Files are relative to the configuration file. */
export function lookupIn(
  file: string,
  sources: Sources & Required<Pick<Sources, 'readFile'>>,
  store: ParameterStore,
): Lookup {
  const asked = new Map<string, Promise<string | Unresolvable>>();
  const ask = async (reference: Reference): Promise<string | Unresolvable> => {
    if (reference.source === 'env') return fromEnvironment(reference.name, sources.env);
    if (reference.source === 'file')
      return fromFile(resolve(dirname(file), reference.name), sources.readFile);
    return fromParameter(reference.name, store, sources.readParameter);
  };
  return (reference) => {
    const key = referenceText(reference);
    const answer = asked.get(key) ?? ask(reference);
    asked.set(key, answer);
    return answer;
  };
}

function fromEnvironment(name: string, env: Sources['env']): string | Unresolvable {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined) return value;
  return new Unresolvable(
    `an environment variable that is set: ${name} is not`,
    `set ${name} in the environment of Runtide`,
  );
}

async function fromFile(
  path: string,
  readFile: (path: string) => Promise<Uint8Array>,
): Promise<string | Unresolvable> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    return text.replace(/[\r\n]+$/, '');
  } catch (error) {
    return new Unresolvable(
      `a readable file in UTF-8: ${path} ${whyUnreadable(error)}`,
      'write the file, or name another (relative to the configuration file)',
    );
  }
}

async function fromParameter(
  name: string,
  store: ParameterStore,
  readParameter: Sources['readParameter'],
): Promise<string | Unresolvable> {
  if (typeof store === 'string') {
    return new Unresolvable('`aws.region` must be known before SSM can be asked', store);
  }
  try {
    return await readParameter(name, store.region, store.endpoint);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'for an unknown reason';
    return new Unresolvable(
      `a readable SSM parameter in ${store.region}: ${name} could not be read: ${why}`,
      'create the parameter, or allow Runtide ssm:GetParameter and kms:Decrypt on it',
    );
  }
}

/** Why a file cannot be read, in words. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof TypeError) return 'is not UTF-8';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS.get(code) ?? `cannot be read${code === '' ? '' : ` (${code})`}`;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EISDIR', 'is a directory'],
  ['EACCES', 'may not be read by this user'],
  ['EPERM', 'may not be read by this user'],
]);
