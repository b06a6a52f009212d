import { type AutoScalingClient, SetInstanceProtectionCommand } from '@aws-sdk/client-auto-scaling';
import { elapsed, type Instant, minutes } from '../../../engine/time.ts';
import type { CallLimits } from '../aws-call.ts';
import { type DescribedGroup, describeGroups } from './described-group.ts';
import type { ExpectedDesired } from './expected-desired.ts';
import { groupCall, refusedGroup } from './group-call.ts';
import type { GroupPool, Ownership } from './group-pool.ts';
import { checkOwner, checkPolicies, checkWeights, describePolicies } from './group-needs.ts';
import { groupTags, mendTags } from './group-tags.ts';
import { describeHooks, isHook, putHook, wantedHooks } from './lifecycle-hooks.ts';
import type { TemplateVersion } from './market-policy.ts';
import { createGroup, mendGroup } from './own-group.ts';

export interface KeeperOptions {
  readonly client: AutoScalingClient;
  readonly ownership: () => Ownership;
  readonly expected: ExpectedDesired;
  readonly now: () => Instant;
  /** Hears what somebody else had changed. */
  readonly note: (message: string) => void;
}

/** What is kept: the group of a pool. */
export interface Kept {
  readonly pool: string;
  readonly settings: GroupPool;
  /** What an own group launches from. */
  readonly template?: TemplateVersion;
  /** Whether a member is one of the installation's instances. */
  readonly isOurs: (id: string) => boolean;
}

/** How long what a description does not say (hooks, policies) is taken to be as it was. */
const LOOK_AGAIN = minutes(5);
/** The most instances that one call protects. */
const PROTECTED_AT_ONCE = 50;

/** Makes the groups of pools exist, and keeps them as they must be. */
export class GroupKeeper {
  readonly #options: KeeperOptions;
  /** When hooks and policies of a group were looked at. */
  readonly #lookedAt = new Map<string, Instant>();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /**
   * The group as it is, made or mended. Its desired capacity is never touched. Throws `refused` for one that Runtide
   * cannot use: another installation's, one that scales by itself, one whose types have weights.
   */
  async keep(kept: Kept, limits: CallLimits): Promise<DescribedGroup> {
    const { pool, settings } = kept;
    const ownership = this.#options.ownership();
    const group = await this.#find(kept, ownership, limits);
    checkOwner(pool, group, settings, ownership);
    checkWeights(pool, group);
    await this.#look(kept, limits);
    await this.#mend(kept, group, limits);
    await mendTags(this.#options.client, group, groupTags(pool, settings, ownership), limits);
    await this.#protect(kept, group, limits);
    return group;
  }

  /** The next `keep` looks at everything. */
  forget(group: string): void {
    this.#lookedAt.delete(group);
  }

  async #find(kept: Kept, ownership: Ownership, limits: CallLimits): Promise<DescribedGroup> {
    const { client } = this.#options;
    const { pool, settings, template } = kept;
    const name = settings.group;
    const find = async () => (await describeGroups(client, [name], () => limits)).get(name);
    const found = await find();
    if (found !== undefined) return found;
    const doing = `looking for group ${name} of pool ${pool}`;
    if (settings.attached || template === undefined) {
      throw refusedGroup(doing, 'there is none', 'check instances.group.name of the pool, and its region');
    }
    await createGroup(client, { pool, settings, template }, ownership, limits);
    const made = await find();
    if (made !== undefined) return made;
    throw refusedGroup(doing, 'it was made and is not listed yet', 'the next pass looks again');
  }

  async #look({ pool, settings }: Kept, limits: CallLimits): Promise<void> {
    const { client, now } = this.#options;
    const { group, attached, heartbeat } = settings;
    const lookedAt = this.#lookedAt.get(group);
    if (lookedAt !== undefined && elapsed(lookedAt, now()) < LOOK_AGAIN) return;
    checkPolicies(pool, group, await describePolicies(client, group, limits));
    if (!attached) {
      const hooks = await describeHooks(client, group, limits);
      for (const wanted of wantedHooks(heartbeat)) {
        if (!hooks.some((hook) => isHook(wanted, hook))) await putHook(client, group, wanted, limits);
      }
    }
    this.#lookedAt.set(group, now());
  }

  async #mend({ pool, settings, template }: Kept, group: DescribedGroup, limits: CallLimits): Promise<void> {
    if (settings.attached || template === undefined) return;
    const { client, expected, now, note } = this.#options;
    const desired = expected.of(group, now());
    const edited = await mendGroup(client, group, { pool, settings, template }, desired, limits);
    if (edited.length > 0)
      note(`group ${group.name} was not as it must be, and is now: ${edited.join(', ')}`);
  }

  async #protect({ isOurs }: Kept, group: DescribedGroup, limits: CallLimits): Promise<void> {
    const { client } = this.#options;
    const exposed = group.members
      .filter(({ id, state, isProtected }) => state === 'InService' && !isProtected && isOurs(id))
      .map(({ id }) => id);
    for (let first = 0; first < exposed.length; first += PROTECTED_AT_ONCE) {
      const input = {
        AutoScalingGroupName: group.name,
        InstanceIds: exposed.slice(first, first + PROTECTED_AT_ONCE),
        ProtectedFromScaleIn: true,
      };
      await groupCall(`protecting instances of group ${group.name}`, limits, (options) =>
        client.send(new SetInstanceProtectionCommand(input), options),
      );
    }
  }
}
