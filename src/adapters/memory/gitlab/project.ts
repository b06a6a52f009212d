import type { Instant } from '../../../engine/time.ts';
import { fitsPattern } from './ref-pattern.ts';

/** What a project is created with. */
export interface ProjectDefinition {
  /** With its namespace, such as `acme/web`. */
  readonly path: string;
  /** Absent: `main`. */
  readonly defaultBranch?: string;
  /** Names or patterns such as `release/*`. Absent: the default branch. */
  readonly protectedBranches?: readonly string[];
  /** Names or patterns such as `v*`. Absent: none. */
  readonly protectedTags?: readonly string[];
}

/** One project; read it through `Project`. */
export interface ProjectRecord {
  readonly id: number;
  path: string;
  /** The last part of its path. */
  readonly name: string;
  /** All but the last part of its path. */
  namespace: string;
  /** The ids of the groups that it lies in, nearest first. */
  groups: readonly number[];
  readonly defaultBranch: string;
  /** There is no repository: these are the default branch and those that pipelines ran for. */
  readonly branches: Set<string>;
  protectedBranches: readonly string[];
  protectedTags: readonly string[];
  /** An archived project is read only: no new pipeline, no retry. */
  archived: boolean;
  readonly createdAt: Instant;
}

export type Project = Readonly<Omit<ProjectRecord, 'branches'>> & { readonly branches: ReadonlySet<string> };

/** What may be changed later; `namespace` moves it into another group. */
export type ProjectChange = Partial<
  Pick<Project, 'namespace' | 'protectedBranches' | 'protectedTags' | 'archived'>
>;

/** A project that lies in no group yet; a path without a namespace lies in the namespace `root`. */
export function newProject(id: number, createdAt: Instant, definition: ProjectDefinition): ProjectRecord {
  const path = definition.path.includes('/') ? definition.path : `root/${definition.path}`;
  const split = path.lastIndexOf('/');
  const defaultBranch = definition.defaultBranch ?? 'main';
  return {
    id,
    path,
    name: path.slice(split + 1),
    namespace: path.slice(0, split),
    groups: [],
    defaultBranch,
    branches: new Set([defaultBranch]),
    protectedBranches: definition.protectedBranches ?? [defaultBranch],
    protectedTags: definition.protectedTags ?? [],
    archived: false,
    createdAt,
  };
}

/** Whether a branch, or a tag, of the project is protected. */
export function isProtected(project: Project, ref: string, tag: boolean): boolean {
  const patterns = tag ? project.protectedTags : project.protectedBranches;
  return patterns.some((pattern) => fitsPattern(ref, pattern));
}
