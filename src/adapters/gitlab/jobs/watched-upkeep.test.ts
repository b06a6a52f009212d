import { expect, it } from 'vitest';
import { PortError } from '../../../controller/errors.ts';
import { watchedUpkeep } from './watched-upkeep.ts';

it('raises an alarm for as long as a named project cannot be read', async () => {
  const now: { problem?: PortError } = {};
  const upkeep = watchedUpkeep({ problem: () => now.problem });
  const { signal } = new AbortController();
  expect(await upkeep.tend(signal)).toEqual([]);
  const doing = 'listing pending and running jobs of project acme/web';
  now.problem = new PortError({ kind: 'not-found', system: 'gitlab', doing, why: 'GitLab answered 404' });
  expect(await upkeep.tend(signal)).toEqual([
    {
      about: 'watched projects',
      why: `${doing}: GitLab answered 404; nothing is scaled in until it can be read`,
    },
  ]);
  delete now.problem;
  expect(await upkeep.tend(signal)).toEqual([]);
});
