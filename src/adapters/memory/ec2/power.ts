import type { Timers } from '../clock.ts';
import type { ApiCalls } from './api-calls.ts';
import { Ec2Error } from './error.ts';
import { type Faults, shortageError } from './faults.ts';
import { endedByUser, type InstanceRecord, stateOf, type StateTransition } from './instance-record.ts';
import type { InstanceDirectory } from './instance-directory.ts';
import type { Instances } from './instances.ts';
import { type Quotas, QuotaUse } from './quotas.ts';

export interface PowerOptions {
  readonly timers: Timers;
  readonly api: ApiCalls;
  readonly faults: Faults;
  readonly quotas: Quotas;
  readonly instances: Instances;
  readonly directory: InstanceDirectory;
}

/** The calls that end, stop and start machines. Each takes all that it names, or none. */
export class Power {
  readonly #options: PowerOptions;

  constructor(options: PowerOptions) {
    this.#options = options;
  }

  /** Ending one again is no error. */
  terminate(ids: readonly string[]): readonly StateTransition[] {
    const { instances, timers } = this.#options;
    const records = this.#named('TerminateInstances', ids);
    return this.#change(records, ({ id }) => instances.terminate(id, endedByUser(timers.now())));
  }

  /** Stopping one again is no error. */
  stop(ids: readonly string[]): readonly StateTransition[] {
    const { instances, timers } = this.#options;
    const records = this.#named('StopInstances', ids);
    for (const record of records) checkStop(record);
    return this.#change(records, ({ id }) => instances.stop(id, endedByUser(timers.now())));
  }

  /** Starting one that runs is no error. A machine needs capacity and quota again, as if it were bought. */
  start(ids: readonly string[]): readonly StateTransition[] {
    const { instances, faults } = this.#options;
    const records = this.#named('StartInstances', ids);
    const off = records.filter((record) => !['pending', 'running'].includes(stateOf(record)));
    for (const { id, life } of off) {
      if (life.at(-1)?.state !== 'stopped') throw wrongState(id, 'started');
    }
    this.#checkSupply(off);
    return this.#change(records, ({ id }) => instances.start(id, faults.takeBoot()));
  }

  #checkSupply(starting: readonly InstanceRecord[]): void {
    const { instances, quotas, faults } = this.#options;
    const use = new QuotaUse(quotas, 'on-demand', instances.all());
    for (const record of starting) {
      const code = faults.refuses(record, record.market)?.code ?? use.use(record.instanceType);
      if (code !== undefined) throw shortageError(code);
    }
  }

  #named(action: string, ids: readonly string[]): readonly InstanceRecord[] {
    const records = this.#options.directory.named(ids).map(({ record }) => record);
    const refusal = this.#options.api.takeResources(action, records.length);
    if (refusal !== undefined) throw refusal;
    return records;
  }

  #change(
    records: readonly InstanceRecord[],
    change: (record: InstanceRecord) => void,
  ): readonly StateTransition[] {
    return records.map((record) => {
      change(record);
      const after = this.#options.instances.get(record.id) ?? record;
      return { id: record.id, previous: stateOf(record), current: stateOf(after) };
    });
  }
}

function checkStop(record: InstanceRecord): void {
  const { id, market } = record;
  if (market === 'spot') {
    throw new Ec2Error(
      'UnsupportedOperation',
      `You can't stop the Spot Instance '${id}' because it is associated with a one-time Spot Instance request.`,
    );
  }
  if (!['running', 'stopping', 'stopped'].includes(stateOf(record))) throw wrongState(id, 'stopped');
}

function wrongState(id: string, become: string): Ec2Error {
  return new Ec2Error(
    'IncorrectInstanceState',
    `The instance '${id}' is not in a state from which it can be ${become}.`,
  );
}
