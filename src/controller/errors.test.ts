import { expect, it } from 'vitest';
import { isPortError, PortError } from './errors.ts';

it('a port error names what, why and what next', () => {
  const error = new PortError({
    kind: 'unauthorized',
    system: 'gitlab',
    doing: 'listing jobs of acme/web',
    why: '401 Unauthorized',
    next: 'give the token read_api',
    requestId: '01ABC',
  });
  expect(isPortError(error, 'unauthorized')).toBe(true);
  expect(isPortError(error, 'fenced')).toBe(false);
  expect(error.message).toBe(
    'listing jobs of acme/web: 401 Unauthorized (request 01ABC); give the token read_api',
  );
});
