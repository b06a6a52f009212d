import type { Instant } from '../../../engine/time.ts';

/** What a project is created with. */
export interface ProjectDefinition {
  /** With its namespace, such as `acme/web`. */
  readonly path: string;
  /** Absent: `main`. It is the one protected ref. */
  readonly defaultBranch?: string;
}

export interface Project {
  readonly id: number;
  readonly path: string;
  /** The last part of its path. */
  readonly name: string;
  /** All but the last part of its path. */
  readonly namespace: string;
  readonly defaultBranch: string;
  readonly createdAt: Instant;
}

/** A project; a path without a namespace lies in the namespace `root`. */
export function newProject(id: number, createdAt: Instant, definition: ProjectDefinition): Project {
  const path = definition.path.includes('/') ? definition.path : `root/${definition.path}`;
  const split = path.lastIndexOf('/');
  return {
    id,
    path,
    name: path.slice(split + 1),
    namespace: path.slice(0, split),
    defaultBranch: definition.defaultBranch ?? 'main',
    createdAt,
  };
}
