const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(ALPHABET.length);
const LENGTH = 12;
const HEX_DIGITS = 17;

const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;
const RANDOM_SYSTEM_ID = /^r_([0-9a-zA-Z]{12})$/;

/**
 * The system id under which an instance's manager shows in GitLab: `r_` and the hex digits of the
 * EC2 instance id as a number in 12 base-62 characters. An old id of 8 digits counts as if it were
 * filled up with zeros to 17.
 *
 * Throws `RangeError` for what is no instance id.
 */
export function systemIdOf(instanceId: string): string {
  const digits = INSTANCE_ID.exec(instanceId)?.[1];
  if (digits === undefined) {
    throw new RangeError(
      `naming the manager of instance ${JSON.stringify(instanceId)}: not i- and 8 or 17 lower-case hex digits; pass the id as EC2 gives it`,
    );
  }
  return `r_${encode(BigInt(`0x${digits}`))}`;
}

/**
 * The instance (an id of 17 hex digits) that a system id names, or undefined where it cannot be one
 * of ours. One in eleven random ids of foreign managers reads as an instance id too: look the
 * answer up before acting on it.
 */
export function instanceIdOf(systemId: string): string | undefined {
  if (read.has(systemId)) return read.get(systemId);
  if (read.size >= MOST_READ) read.clear();
  const instance = decoded(systemId);
  read.set(systemId, instance);
  return instance;
}

/** Every pass reads the same ones again. Only speed depends on it. */
const read = new Map<string, string | undefined>();
const MOST_READ = 20_000;

function decoded(systemId: string): string | undefined {
  const digits = RANDOM_SYSTEM_ID.exec(systemId)?.[1];
  if (digits === undefined) return undefined;
  const hex = decode(digits).toString(16).padStart(HEX_DIGITS, '0');
  return hex.length > HEX_DIGITS ? undefined : `i-${hex}`;
}

function encode(value: bigint): string {
  let rest = value;
  let text = '';
  while (text.length < LENGTH) {
    text = ALPHABET.charAt(Number(rest % BASE)) + text;
    rest /= BASE;
  }
  return text;
}

function decode(text: string): bigint {
  return Array.from(text).reduce((value, digit) => value * BASE + BigInt(ALPHABET.indexOf(digit)), 0n);
}
