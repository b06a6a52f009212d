import type { Breach, Rule } from './rules.ts';
import { isMap, type Path, valueAt } from './tree.ts';

/** As user data refuses them at a launch: tokens of GitLab, keys of AWS, private keys. */
const SECRET =
  /\bgl(?:rt|rtr|pat|dt|ptt|cbt)-[\w-]{8,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** What becomes part of user data. */
const IN_USER_DATA = ['docker', 'environment', 'manager'];

function secretsIn(value: unknown, path: Path): readonly Path[] {
  if (typeof value === 'string') return SECRET.test(value) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsIn(item, [...path, index]));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => secretsIn(below, [...path, key]));
}

/** No secret stands in what whoever may describe an instance can read. */
export const noWrittenSecrets: Rule = (pool): readonly Breach[] =>
  IN_USER_DATA.flatMap((key) => secretsIn(valueAt(pool, [key]), [key])).map((path) => ({
    path,
    value: '[secret]',
    allowed: 'no secret: whoever may describe an instance can read it',
    mend: 'give it to jobs as a CI/CD variable in GitLab, or let a hook fetch it',
  }));
