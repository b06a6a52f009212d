/** Where a machine of docker+machine is in its life. */
export type MachineState = 'idle' | 'acquired' | 'creating' | 'used' | 'removing';

/** How many machines are in each state. */
export type Counters = Record<MachineState, number>;

/** What bounds the machines of one `[runners.machine]`; 0 means no bound, but for `idleCount`. */
export interface Limits {
  /** `IdleCount`; 0: machines are made within jobs. */
  readonly idleCount: number;
  /** `IdleCountMin`. */
  readonly idleCountMin: number;
  /** `IdleScaleFactor`, of the machines in use. */
  readonly idleScaleFactor: number;
  /** `MaxGrowthRate`: machines being made at the same time. */
  readonly maxGrowthRate: number;
  /** The runner's `limit`: machines in all states. */
  readonly limit: number;
}

export function noMachines(): Counters {
  return { idle: 0, acquired: 0, creating: 0, used: 0, removing: 0 };
}

export function total({ idle, acquired, creating, used, removing }: Counters): number {
  return idle + acquired + creating + used + removing;
}

/** Whether there are as many machines for jobs to come as there should be, or more. */
export function idleExceeded(counters: Counters, limits: Limits): boolean {
  const { idleCount, idleCountMin, idleScaleFactor } = limits;
  const available = counters.acquired + counters.creating + counters.idle;
  if (available >= idleCount) return true;
  const least = Math.max(idleCountMin, idleScaleFactor > 0 ? 1 : 0);
  const scaled = Math.trunc(counters.used * idleScaleFactor);
  return available >= least && idleScaleFactor > 0 && available >= scaled;
}

/** Whether one more machine may be made; `onDemand`: within a job. */
export function canCreate(counters: Counters, limits: Limits, onDemand: boolean): boolean {
  const { maxGrowthRate, limit, idleCount } = limits;
  if (maxGrowthRate > 0 && counters.creating >= maxGrowthRate) return false;
  if (limit > 0 && total(counters) >= limit) return false;
  return (onDemand && idleCount <= 0) || !idleExceeded(counters, limits);
}
