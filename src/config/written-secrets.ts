import type { Breach, Rule } from './rules.ts';
import { endsOf, valueAt } from './tree.ts';

/** As user data refuses them at a launch: tokens of GitLab, keys of AWS, private keys. */
const SECRET =
  /\bgl(?:rt|rtr|pat|dt|ptt|cbt)-[\w-]{8,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** What becomes part of user data. */
const IN_USER_DATA = ['docker', 'environment', 'manager'];

/** No secret stands in what whoever may describe an instance can read. */
export const noWrittenSecrets: Rule = (pool): readonly Breach[] =>
  IN_USER_DATA.flatMap((key) => endsOf(valueAt(pool, [key]), [key]))
    .filter(([, value]) => typeof value === 'string' && SECRET.test(value))
    .map(([path]) => ({
      path,
      value: '[secret]',
      allowed: 'no secret: whoever may describe an instance can read it',
      mend: 'give it to jobs as a CI/CD variable in GitLab, or let a hook fetch it',
    }));
