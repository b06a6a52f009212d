import type { Finding } from './diagnosis.ts';
import { parseTemplate } from './template.ts';
import { type Path, valueAt } from './tree.ts';

const TOKEN: Path = ['gitlab', 'token'];
const PARAMETER: Path = ['gitlab', 'rotation', 'parameter'];

/**
 * The access token is read from the parameter that a new one is written to: else the new one would be lost with the
 * process. Where it is read from stands in the file alone, before references are resolved.
 */
export function rotationFindings(written: unknown, resolved: unknown): readonly Finding[] {
  const [token, parameter] = [valueAt(written, TOKEN), valueAt(resolved, PARAMETER)];
  if (typeof token !== 'string' || typeof parameter !== 'string') return [];
  const [piece, ...more] = parseTemplate(token) ?? [];
  const isRead = typeof piece === 'object' && piece.source === 'ssm' && piece.name === parameter;
  if (isRead && more.length === 0) return [];
  return [
    {
      path: PARAMETER,
      allowed: 'the SSM parameter that `gitlab.token` is read from, as ${ssm:NAME} and nothing else',
      mend: 'put the token into that parameter, and write its name at both keys: `token: ${ssm:/runtide/gitlab-token}`',
    },
  ];
}
