import type { Instant } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { hex, type Random, seededRandom } from '../random.ts';
import { Ec2Error } from './error.ts';

export const PARAMETER_TYPES = ['String', 'SecureString'] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** One parameter of the Parameter Store. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** Cipher text where a `SecureString` was read without decryption. */
  readonly value: string;
  readonly version: number;
  readonly lastModifiedAt: Instant;
}

export interface PutParameterRequest {
  readonly name: string;
  readonly value: string;
  /** Default for a new parameter: `String`; an existing one keeps its type. */
  readonly type?: ParameterType | undefined;
  readonly overwrite?: boolean | undefined;
}

const maxValueBytes = 4096;

/** The Parameter Store of AWS Systems Manager. Refusals are `Ec2Error`s with the Parameter Store's codes. */
export class Ssm {
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #parameters = new Map<string, { readonly parameter: Parameter; readonly cipherText: string }>();

  constructor(timers: Timers, seed: number) {
    this.#timers = timers;
    this.#random = seededRandom(seed);
  }

  /** Writes a parameter and answers its version; `ParameterAlreadyExists` without `overwrite`. */
  putParameter({ name, value, type, overwrite }: PutParameterRequest): number {
    const known = this.#parameters.get(name)?.parameter;
    checkParameter(name, value);
    if (known !== undefined && overwrite !== true) {
      throw new Ec2Error(
        'ParameterAlreadyExists',
        `The parameter ${name} already exists: set overwrite to change it.`,
      );
    }
    const version = (known?.version ?? 0) + 1;
    const parameter = {
      name,
      value,
      type: type ?? known?.type ?? 'String',
      version,
      lastModifiedAt: this.#timers.now(),
    };
    this.#parameters.set(name, { parameter, cipherText: `AQICAH${hex(this.#random, 64)}` });
    return version;
  }

  /** Reads a parameter; `ParameterNotFound` where there is none. */
  getParameter(name: string, decrypt: boolean): Parameter {
    const found = this.#parameters.get(name);
    if (found === undefined) throw new Ec2Error('ParameterNotFound', '');
    const { parameter, cipherText } = found;
    return parameter.type === 'SecureString' && !decrypt ? { ...parameter, value: cipherText } : parameter;
  }

  /** Deletes a parameter; `ParameterNotFound` where there is none. */
  deleteParameter(name: string): void {
    if (!this.#parameters.delete(name)) throw new Ec2Error('ParameterNotFound', '');
  }

  /** The names of all parameters. */
  names(): readonly string[] {
    return [...this.#parameters.keys()];
  }
}

function checkParameter(name: string, value: string): void {
  if (!/^[a-zA-Z0-9_.\-/]{1,1011}$/.test(name)) {
    throw new Ec2Error(
      'ValidationException',
      `Parameter name '${name}' may hold only a-z, A-Z, 0-9 and _ . - /`,
    );
  }
  if (value === '' || new TextEncoder().encode(value).length > maxValueBytes) {
    throw new Ec2Error('ValidationException', `The value of ${name} must have 1 to ${maxValueBytes} bytes.`);
  }
}
