import process from 'node:process';
import { type Command, Option } from 'commander';
import { openStateBeside } from '../../compose/state.ts';
import { type DrainRequest, drainRequestOf } from '../../engine/instruction.ts';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { readDeciding } from '../daemon-status.ts';
import { drainable, type Found } from '../drain-checks.ts';
import { configCommand, type ConfigOptions } from '../options.ts';
import { watching } from '../watching.ts';

interface DrainOptions extends ConfigOptions {
  readonly shrink?: true;
  readonly wait?: true;
}

function lineOf({ pool, instance }: Found, how: DrainRequest['how']): string {
  const jobs = instance.busySlots > 0 ? ', after its jobs' : '';
  return how === 'shrink'
    ? `${instance.id}: leaves ${pool.pool} now${jobs}`
    : `${instance.id}: leaves ${pool.pool} in its turn${jobs}, as the surge and minAvailable of the pool let it`;
}

/** `runtide drain`: has single instances leave. */
export function drainCommand(): Command {
  return configCommand('drain', 'Have instances leave, drained: their jobs end first')
    .argument('<instance...>', 'their ids')
    .addOption(new Option('--replace', 'in turn, with another in its place (default)').conflicts('shrink'))
    .addOption(new Option('--shrink', 'now, whatever stays'))
    .option('--wait', 'wait until they are gone')
    .action(async (ids: readonly string[], { config: file, json, shrink, wait }: DrainOptions) => {
      const how = shrink === true ? 'shrink' : 'replace';
      const config = await loadDaemonConfig(file);
      using store = openStateBeside(config.state);
      const status = await readDeciding(config);
      const found = drainable(ids, how, { status, written: await store.instructions() });
      const say = (line: string): void => {
        if (json !== true) process.stdout.write(`${line}\n`);
      };
      for (const one of found) {
        await store.instruct({ kind: 'drain', instance: one.instance.id, at: systemClock.now(), how });
        say(lineOf(one, how));
      }
      const gone = new Set<string>();
      if (wait === true) {
        await watching({
          config,
          goesOn: 'watched no more: they leave all the same; "runtide status" shows them',
          look: async () => {
            const written = await store.instructions();
            for (const { instance } of found) {
              if (gone.has(instance.id) || drainRequestOf(written, instance.id) !== undefined) continue;
              gone.add(instance.id);
              say(`${instance.id}: gone`);
            }
            return gone.size === found.length;
          },
        });
      }
      const instances = found.map(({ pool, instance: { id } }) => ({
        instance: id,
        pool: pool.pool,
        how,
        gone: gone.has(id),
      }));
      if (json === true) process.stdout.write(`${JSON.stringify({ instances }, null, 2)}\n`);
    });
}
