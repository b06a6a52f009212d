/** How many jobs one project may count for, running ones included. */
export interface ProjectCaps {
  /** Of every project that is not named; absent: as many as it has. */
  readonly others?: number;
  /** By project id. */
  readonly of: Readonly<Record<number, number>>;
}

/** How many jobs of the project may count; infinite where there is no cap. */
export function capOf(caps: ProjectCaps | undefined, project: number): number {
  return caps?.of[project] ?? caps?.others ?? Number.POSITIVE_INFINITY;
}
