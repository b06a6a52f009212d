import type { Instant } from '../../../engine/time.ts';
import type { Group, Groups } from './groups.ts';
import {
  newProject,
  type Project,
  type ProjectChange,
  type ProjectDefinition,
  type ProjectRecord,
} from './project.ts';

/** All projects and the groups that they lie in. */
export class Projects {
  readonly #groups: Groups;
  readonly #nextId: () => number;
  readonly #now: () => Instant;
  readonly #byId = new Map<number, ProjectRecord>();
  readonly #byPath = new Map<string, ProjectRecord>();

  constructor(groups: Groups, nextId: () => number, now: () => Instant) {
    this.#groups = groups;
    this.#nextId = nextId;
    this.#now = now;
  }

  /** Throws when there is one of that path. */
  add(definition: ProjectDefinition): Project {
    const project = newProject(this.#nextId(), this.#now(), definition);
    this.#byId.set(project.id, project);
    this.#settle(project);
    return project;
  }

  /** By id or by path. */
  find(which: number | string): ProjectRecord | undefined {
    return typeof which === 'number' ? this.#byId.get(which) : this.#byPath.get(which);
  }

  /** All projects, oldest first. */
  all(): ProjectRecord[] {
    return [...this.#byId.values()];
  }

  /** The projects of a group, and of those below it where asked, oldest first. */
  of(group: Group, subgroups: boolean): Project[] {
    return this.all().filter(({ groups }) =>
      subgroups ? groups.includes(group.id) : groups[0] === group.id,
    );
  }

  /** Applies what `change` names. */
  change(project: ProjectRecord, change: ProjectChange): void {
    project.protectedBranches = change.protectedBranches ?? project.protectedBranches;
    project.protectedTags = change.protectedTags ?? project.protectedTags;
    project.archived = change.archived ?? project.archived;
    if (change.namespace === undefined) return;
    const before = project.path;
    project.namespace = change.namespace;
    project.path = `${change.namespace}/${project.name}`;
    if (project.path === before) return;
    this.#settle(project);
    this.#byPath.delete(before);
  }

  remove(project: Project): void {
    this.#byId.delete(project.id);
    this.#byPath.delete(project.path);
  }

  #settle(project: ProjectRecord): void {
    if (this.#byPath.has(project.path)) {
      throw new Error(`settling a project: there is another one at ${project.path}; use another path`);
    }
    project.groups = this.#groups.lineOf(this.#groups.at(project.namespace));
    this.#byPath.set(project.path, project);
  }
}
