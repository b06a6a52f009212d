import { after, type Duration, minutes } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Random } from '../random.ts';
import { Ec2Error } from './error.ts';
import { endedByFailure, stateOf, takenBack } from './instance-record.ts';
import type { Instances } from './instances.ts';

const STORM_STEP = minutes(1);

/** The notice that AWS documents for the interruption of a spot instance. */
export const INTERRUPTION_NOTICE = minutes(2);

/** What the cloud does to machines of its own accord. */
export class Interruptions {
  readonly #instances: Instances;
  readonly #timers: Timers;
  readonly #random: Random;

  constructor(instances: Instances, timers: Timers, random: Random) {
    this.#instances = instances;
    this.#timers = timers;
    this.#random = random;
  }

  /** Announces to a spot instance that it is taken, and takes it after `notice`. */
  interrupt(id: string, notice: Duration): void {
    if (this.#instances.get(id)?.market !== 'spot')
      throw new Ec2Error('Unsupported', `${id} is no spot instance: nobody interrupts it.`);
    const now = this.#timers.now();
    this.#instances.update(id, { interruption: { noticedAt: now, at: after(now, notice) } });
    this.#instances.noticed.tell({ id, notice: 'interruption' });
    this.#timers.after(notice, () => this.#instances.terminate(id, takenBack(this.#timers.now())));
  }

  /** Tells an instance that it is likely to be taken soon. */
  recommendRebalance(id: string): void {
    this.#instances.update(id, { rebalanceAt: this.#timers.now() });
    this.#instances.noticed.tell({ id, notice: 'rebalance' });
  }

  /**
   * Interrupts the share `perHour` (0 to 1) of the running spot instances in every hour, at random
   * by the seed. The answer ends it; interruptions already announced still happen.
   */
  storm(perHour: number, notice: Duration): () => void {
    const perStep = 1 - (1 - perHour) ** (STORM_STEP / minutes(60));
    const strike = (): void => {
      for (const id of this.#exposed()) if (this.#random() < perStep) this.interrupt(id, notice);
      cancel = this.#timers.after(STORM_STEP, strike);
    };
    let cancel = this.#timers.after(STORM_STEP, strike);
    return () => cancel();
  }

  /** Every machine of the zone is gone at once. */
  loseZone(zone: string): void {
    const why = endedByFailure(this.#timers.now());
    for (const record of this.#instances.all()) {
      if (record.zone === zone) this.#instances.terminate(record.id, why);
    }
  }

  #exposed(): readonly string[] {
    return this.#instances
      .all()
      .filter(
        (record) =>
          record.market === 'spot' && record.interruption === undefined && stateOf(record) === 'running',
      )
      .map(({ id }) => id);
  }
}
