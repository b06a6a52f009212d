import { Ec2Error } from '../../adapters/memory/ec2/error.ts';

/**
 * The parameters of one request in AWS's query protocol: `Name`, `Structure.Name` and, in EC2's form of it,
 * `List.1`, in that of other services `List.member.1`. It remembers what was read, so that a parameter that nobody understands is refused instead of ignored.
 */
export class QueryParameters {
  readonly #all: ReadonlyMap<string, string>;
  readonly #prefix: string;
  readonly #read: Set<string>;

  private constructor(all: ReadonlyMap<string, string>, prefix: string, read: Set<string>) {
    this.#all = all;
    this.#prefix = prefix;
    this.#read = read;
  }

  static parse(body: string): QueryParameters {
    return new QueryParameters(new Map(new URLSearchParams(body)), '', new Set(['Action', 'Version']));
  }

  text(name: string): string | undefined {
    const key = this.#prefix + name;
    this.#read.add(key);
    return this.#all.get(key);
  }

  /** As `text`; `MissingParameter` where it is absent. */
  required(name: string): string {
    return this.#present(name, this.text(name));
  }

  requiredInteger(name: string): number {
    return this.#present(name, this.integer(name));
  }

  requiredBoolean(name: string): boolean {
    return this.#present(name, this.boolean(name));
  }

  requiredOneOf<T extends string>(name: string, known: readonly T[]): T {
    return this.#present(name, this.oneOf(name, known));
  }

  integer(name: string): number | undefined {
    return this.#number(name, /^-?[0-9]+$/, 'an integer');
  }

  decimal(name: string): number | undefined {
    return this.#number(name, /^-?[0-9]+(\.[0-9]+)?$/, 'a number');
  }

  boolean(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') throw this.#invalid(name, value, 'true or false');
    return value === 'true';
  }

  /** As `text`; refuses what is not among `known`. */
  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = known.find((one) => one === value);
    if (found === undefined) throw this.#invalid(name, value, known.join(', '));
    return found;
  }

  /** The members of a structure; undefined where it has none. */
  structure(name: string): QueryParameters | undefined {
    const prefix = `${this.#prefix}${name}.`;
    const present = [...this.#all.keys()].some((key) => key.startsWith(prefix));
    return present ? new QueryParameters(this.#all, prefix, this.#read) : undefined;
  }

  /** The texts of a list, in order. */
  texts(name: string): readonly string[] {
    return this.#numbers(name).map((number) => this.required(`${name}.${number}`));
  }

  /** The structures of a list, in order. */
  list(name: string): readonly QueryParameters[] {
    return this.#numbers(name).flatMap((number) => this.structure(`${name}.${number}`) ?? []);
  }

  /** As `texts`, where the items of a list are `Name.member.1` and an empty one is `Name=`; undefined where it is absent. */
  memberTexts(name: string): readonly string[] | undefined {
    return this.#hasMembers(name) ? this.texts(`${name}.member`) : undefined;
  }

  /** As `list`, where the items of a list are `Name.member.1` and an empty one is `Name=`; undefined where it is absent. */
  members(name: string): readonly QueryParameters[] | undefined {
    return this.#hasMembers(name) ? this.list(`${name}.member`) : undefined;
  }

  /** Refuses the request when it holds anything that was not read, or is only a dry run. */
  finish(): void {
    const dryRun = this.boolean('DryRun');
    const unknown = [...this.#all.keys()].find((key) => !this.#read.has(key));
    if (unknown !== undefined) {
      throw new Ec2Error('UnknownParameter', `The parameter ${unknown} is not recognized`);
    }
    if (dryRun === true) {
      throw new Ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
    }
  }

  #present<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw new Ec2Error('MissingParameter', `The request must contain the parameter ${this.#prefix}${name}`);
  }

  #hasMembers(name: string): boolean {
    return this.structure(`${name}.member`) !== undefined || this.oneOf(name, ['']) !== undefined;
  }

  #number(name: string, form: RegExp, expected: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!form.test(value)) throw this.#invalid(name, value, expected);
    return Number(value);
  }

  #numbers(name: string): readonly number[] {
    const prefix = `${this.#prefix}${name}.`;
    const found = new Set<number>();
    for (const key of this.#all.keys()) {
      const number = key.startsWith(prefix)
        ? /^([1-9][0-9]*)(\.|$)/.exec(key.slice(prefix.length))?.[1]
        : undefined;
      if (number !== undefined) found.add(Number(number));
    }
    return [...found].toSorted((a, b) => a - b);
  }

  #invalid(name: string, value: string, expected: string): Ec2Error {
    return new Ec2Error(
      'InvalidParameterValue',
      `Value (${value}) for parameter ${this.#prefix}${name} is invalid. Expecting ${expected}.`,
    );
  }
}
