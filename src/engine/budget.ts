/** What may be spent, in dollars. What runs is never touched; what is reached takes away what may be bought. */
export interface Budget {
  /** What the instances together may cost an hour. */
  readonly hour?: number;
  /** What they may have cost since midnight. */
  readonly day?: number;
  /** What they may have cost since the first of the month. */
  readonly month?: number;
  /** Whose midnight; of the IANA database. */
  readonly timeZone: string;
  /** The share of any limit, 0 to 1, from which nothing is bought to be idle. */
  readonly idleUntil: number;
  /** The share of any limit, 0 to 1, from which only spot is bought. */
  readonly onDemandUntil: number;
}
