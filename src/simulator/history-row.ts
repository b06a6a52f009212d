/** One job of a history file, as it is written there. */
export interface HistoryRow {
  /** Of the file, from 1; a row over several lines begins there. */
  readonly line: number;
  /** By the names of their columns, in small letters; what is empty is not in it. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** What is wrong with a file, and where. */
export interface HistoryMistake {
  readonly line: number;
  /** The column's name; absent: the whole row is meant. */
  readonly column?: string;
  readonly problem: string;
}

/** A file's rows, and those that are none. */
export interface HistoryRows {
  readonly rows: readonly HistoryRow[];
  readonly mistakes: readonly HistoryMistake[];
}
