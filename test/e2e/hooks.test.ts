import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openSandbox } from '../support/watched-sandbox.ts';
import { webhookOf } from '../support/webhook-requests.ts';

it('the daemon looks after its webhooks, and says which are missing', async () => {
  await using sandbox = await openSandbox();
  const { url } = webhookOf(sandbox);
  await sandbox.restart([['webhook', 'url'], `${url}/elsewhere`]);
  const alarm = await eventually('it has raised the alarm', async () =>
    (await sandbox.log()).find(({ msg }) => msg.startsWith('alarm: ') && msg.includes('missing webhooks')),
  );
  expect(alarm.msg).toContain(`${url}/elsewhere in project acme/web`);
  expect(alarm.msg).toContain('runtide hooks install');
  const before = (await sandbox.log()).length;
  await sandbox.restart([['webhook', 'url'], url]);
  await eventually('it has read the webhooks again', async () => {
    const lines = (await sandbox.log()).slice(before);
    return sandbox.exchanges.filter(({ path }) => path.endsWith('/hooks')).length >= 2 && lines.length > 0;
  });
  const { totals } = await eventually('and passed on', async () => {
    const status = await sandbox.status();
    return status.totals.passes >= 3 && status;
  });
  expect(totals.passes).toBeGreaterThanOrEqual(3);
  expect((await sandbox.log()).slice(before).filter(({ msg }) => msg.startsWith('alarm: '))).toEqual([]);
});
