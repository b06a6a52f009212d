import { limitsOf } from '../../src/adapters/aws/aws-call.ts';
import { MachineChecks } from '../../src/adapters/aws/machine-checks.ts';
import { readParameter } from '../../src/adapters/aws/parameters.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import type { LaunchRequest } from '../../src/controller/ports.ts';
import type { Market } from '../../src/engine/pool.ts';
import { instant, seconds } from '../../src/engine/time.ts';
import type { GuardedAccount } from './guarded-account.ts';

const signal = new AbortController().signal;

/** For tests: a launch of pool `linux` in all subnets. */
export async function launchIn(account: GuardedAccount, market: Market = 'spot'): Promise<LaunchRequest> {
  return {
    launchId: `linux-${market}`,
    pool: 'linux',
    count: 2,
    offerings: defaultPlace.subnets.map(({ id }) => ({ instanceType: 'm7i.large', subnet: id, market })),
    slots: 1,
    generation: 'g1',
    template: await account.fleet.prepare('linux', signal),
  };
}

/** Looks at the machines as `runtide check` does. */
async function check(account: GuardedAccount, { offerings }: LaunchRequest): Promise<void> {
  const pool = {
    installation: account.installation,
    name: 'linux',
    tags: {},
    machines: account.machines(),
    subnets: defaultPlace.subnets.map(({ id }) => id),
    offerings,
    typesAreNamed: true,
  };
  const findings = await new MachineChecks(account.ec2, pool, () => limitsOf(signal, seconds(10))).run();
  const wrong = findings.filter(({ ok }) => !ok).map(({ detail }) => detail);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/** For tests: everything that Runtide does in an account, once: answers with the instances that it launched. */
export async function session(
  account: GuardedAccount,
  parameters: readonly string[],
  market: Market = 'spot',
): Promise<readonly string[]> {
  const { fleet, clock, model } = account;
  for (const name of parameters) {
    account.parameters.putParameter({ name, value: 'glrt-example', type: 'SecureString' });
    await readParameter(account.ssm, name, signal, seconds(10));
  }
  const request = await launchIn(account, market);
  const { launched } = await fleet.launch(request, signal);
  await check(account, request);
  account.renew();
  await fleet.prepare('linux', signal);
  await clock.advance(seconds(120));
  await fleet.list(signal);
  const ids = launched.map(({ id }) => id);
  for (const { id } of launched) {
    await fleet.drain([id], 'idle', instant(clock.now()), signal);
    await fleet.console(id, signal);
  }
  await fleet.terminate(ids, signal);
  const alive = ids.filter((id) => {
    const record = model.instance(id);
    return record !== undefined && stateOf(record) === 'running';
  });
  if (alive.length > 0) throw new Error(`still running: ${alive.join(', ')}`);
  return ids;
}
