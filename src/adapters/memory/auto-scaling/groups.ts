import { Ec2Error } from '../ec2/error.ts';
import type { Group } from './group.ts';
import type { Member } from './member.ts';
import { validationError } from './refusals.ts';

/** All groups of the account, and which of them each member belongs to. */
export class Groups {
  readonly #all = new Map<string, Group>();
  readonly #owners = new Map<string, Group>();
  /** Deleted ones that listings may still show. */
  #gone: Group[] = [];

  add(group: Group): void {
    if (this.#all.has(group.name)) {
      throw new Ec2Error(
        'AlreadyExists',
        `AutoScalingGroup by this name already exists - A group with the name ${group.name} already exists`,
      );
    }
    this.#all.set(group.name, group);
    group.changed();
  }

  get(name: string): Group | undefined {
    return this.#all.get(name);
  }

  /** The group of that name; `ValidationError` where there is none, or it is being deleted. */
  named(name: string): Group {
    const group = this.#all.get(name);
    if (group === undefined || group.deleting) {
      throw validationError(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
    }
    return group;
  }

  /** In the order of their names. */
  all(): readonly Group[] {
    return [...this.#all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Those that listings may show. */
  listed(): readonly Group[] {
    this.#gone = this.#gone.filter((group) => group.shown() !== undefined);
    return [...this.all(), ...this.#gone].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  remove(group: Group): void {
    this.#all.delete(group.name);
    this.#gone.push(group);
    group.vanish();
  }

  join(group: Group, member: Member): void {
    group.members.set(member.view.id, member);
    this.#owners.set(member.view.id, group);
    group.changed();
  }

  leave(group: Group, id: string): void {
    group.members.delete(id);
    group.replacements.delete(id);
    this.#owners.delete(id);
    group.changed();
  }

  ownerOf(id: string): Group | undefined {
    return this.#owners.get(id);
  }

  /** A member by its id, and its group; `ValidationError` where no group has it. */
  memberOf(id: string): { readonly group: Group; readonly member: Member } {
    const group = this.#owners.get(id);
    const member = group?.members.get(id);
    if (group !== undefined && member !== undefined) return { group, member };
    throw validationError(`Instance Id not found - No managed instance found for instance ID: ${id}`);
  }
}
