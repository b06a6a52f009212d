/** A project whose jobs count. */
export interface WatchedProject {
  readonly id: number;
  /** For people: its path, or its id where the configuration names it by that. */
  readonly name: string;
  /** Whether the configuration names the project itself, and not only a group that it lies in. */
  readonly named: boolean;
}
