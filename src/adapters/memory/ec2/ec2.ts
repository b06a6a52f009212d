import { after, type Duration, milliseconds, minutes, seconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { type Random, seededRandom } from '../random.ts';
import { ClientTokens } from './client-tokens.ts';
import type { Ec2Options } from './ec2-options.ts';
import { Ec2Error, LostAnswer } from './error.ts';
import { Faults } from './faults.ts';
import { FleetLaunch, seededSupply, type Surroundings } from './fleet-launch.ts';
import type { FleetAnswer, FleetRequest } from './fleet-request.ts';
import {
  type Bill,
  endedByItself,
  endedByUser,
  type InstanceRecord,
  seesOwnTags,
  stateOf,
  takenBack,
  type TerminatedInstance,
} from './instance-record.ts';
import { Instances, type NoticeEvent, type StateEvent } from './instances.ts';
import type {
  CreateTemplateRequest,
  CreateTemplateVersionRequest,
  LaunchTemplate,
  LaunchTemplateVersion,
  TemplateRef,
} from './launch-template.ts';
import { LaunchTemplates } from './launch-templates.ts';
import {
  type DescribeInstancesRequest,
  instanceValues,
  listed,
  type ListedInstance,
  type Page,
  page,
  type Paging,
  passes,
} from './listing.ts';
import { defaultPlace, type Place } from './place.ts';
import { addTags, checkMetadataKeys, checkTags, type Tag } from './tags.ts';

/**
 * EC2 in one region, in virtual or real time. What stands under "calls" is the API: it is counted, may
 * be hit by scripted faults, and throws `Ec2Error` or `LostAnswer`. The rest is what happens to the
 * machines themselves, and always succeeds.
 */
export class Ec2 {
  readonly faults = new Faults();
  readonly place: Place;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #lag: Duration;
  readonly #instances: Instances;
  readonly #templates: LaunchTemplates;
  readonly #fleets: ClientTokens<FleetAnswer>;
  readonly #surroundings: Surroundings;
  readonly #calls = new Map<string, number>();

  constructor(options: Ec2Options) {
    const { timers, seed } = options;
    this.#timers = timers;
    this.#random = seededRandom(seed);
    this.#lag = options.listingLag ?? milliseconds(0);
    this.place = options.place ?? defaultPlace;
    this.#fleets = new ClientTokens(timers);
    this.#templates = new LaunchTemplates(timers, this.#random);
    this.#instances = new Instances(timers, {
      pendingFor: options.pendingFor ?? seconds(5),
      shutdownFor: options.shutdownFor ?? seconds(5),
      terminatedVisibleFor: options.terminatedVisibleFor ?? minutes(60),
    });
    this.#surroundings = {
      timers,
      random: this.#random,
      place: this.place,
      templates: this.#templates,
      instances: this.#instances,
      faults: this.faults,
      supply: options.supply ?? seededSupply(seed),
      parameter: options.parameter ?? (() => undefined),
    };
  }

  // Calls.

  createLaunchTemplate(request: CreateTemplateRequest): LaunchTemplate {
    return this.#call('CreateLaunchTemplate', () => this.#templates.create(request));
  }

  createLaunchTemplateVersion(request: CreateTemplateVersionRequest): LaunchTemplateVersion {
    return this.#call('CreateLaunchTemplateVersion', () => this.#templates.createVersion(request));
  }

  /** The named templates; all when none is named. A name that does not exist is an error. */
  describeLaunchTemplates(
    request: { readonly ids?: readonly string[]; readonly names?: readonly string[] } & Paging = {},
  ): Page<LaunchTemplate> {
    return this.#call('DescribeLaunchTemplates', () => {
      const all = this.#templates.list(request.ids ?? [], request.names ?? []);
      return page(all, (template) => template.id, request);
    });
  }

  /** The named versions; all, oldest first, when none is named. A version that does not exist is an error. */
  describeLaunchTemplateVersions(
    request: TemplateRef & { readonly versions?: readonly string[] } & Paging,
  ): Page<LaunchTemplateVersion> {
    return this.#call('DescribeLaunchTemplateVersions', () => {
      const all = this.#templates.versions(request, request.versions ?? []);
      return page(all, (version) => String(version.version), request);
    });
  }

  deleteLaunchTemplate(ref: TemplateRef): LaunchTemplate {
    return this.#call('DeleteLaunchTemplate', () => this.#templates.delete(ref));
  }

  /** Buys instances at once. What could not be bought stands in `errors`; that is no failure of the call. */
  createFleet(request: FleetRequest): FleetAnswer {
    return this.#call('CreateFleet', () => {
      const answer = this.#fleets.once(request.clientToken, request, () =>
        new FleetLaunch(this.#surroundings, request).run(),
      );
      if (this.faults.takeLostAnswer()) throw new LostAnswer('CreateFleet');
      return answer;
    });
  }

  /** Instances in the order of their launch, terminated ones included while they are visible. */
  describeInstances(request: DescribeInstancesRequest = {}): Page<ListedInstance> {
    return this.#call('DescribeInstances', () => {
      const ids = request.ids ?? [];
      if (ids.length > 0 && request.maxResults !== undefined) {
        throw new Ec2Error(
          'InvalidParameterCombination',
          'Instance ids cannot be used together with maxResults.',
        );
      }
      const known = ids.length > 0 ? this.#named(ids) : this.#listed();
      const chosen = known.filter((one) => passes(request.filters ?? [], instanceValues(one)));
      return page(chosen, (one) => one.record.id, request);
    });
  }

  /** Ends instances, all or none; ending one again is no error. */
  terminateInstances(ids: readonly string[]): readonly TerminatedInstance[] {
    return this.#call('TerminateInstances', () => {
      if (ids.length === 0)
        throw new Ec2Error('MissingParameter', 'The request must contain an instance id.');
      const named = this.#named(ids);
      return named.map(({ record: { id } }) => {
        const previous = this.#stateOf(id);
        this.#instances.terminate(id, endedByUser(this.#timers.now()));
        return { id, previous, current: this.#stateOf(id) };
      });
    });
  }

  /** Sets tags on instances, all or none. */
  createTags(ids: readonly string[], tags: readonly Tag[]): void {
    this.#call('CreateTags', () => {
      checkTags(tags);
      const changes = this.#named(ids).map(({ record }) => {
        if (seesOwnTags(record.data)) checkMetadataKeys(tags);
        const own = new Map(record.tags);
        addTags(own, tags);
        return { id: record.id, tags: own };
      });
      for (const { id, tags: own } of changes) this.#setTags(id, own);
    });
  }

  /** Removes tags: those with the given value, or with any where none is given. Absent ones are no error. */
  deleteTags(
    ids: readonly string[],
    tags: readonly { readonly key: string; readonly value?: string | undefined }[],
  ): void {
    this.#call('DeleteTags', () => {
      for (const { record } of this.#named(ids)) {
        const own = new Map(record.tags);
        for (const { key, value } of tags) if (value === undefined || own.get(key) === value) own.delete(key);
        this.#setTags(record.id, own);
      }
    });
  }

  /** The last 64 KiB of the serial console; empty when the machine has not said anything. */
  getConsoleOutput(id: string): { readonly text: string; readonly updatedAt: StateEvent['at'] } {
    return this.#call('GetConsoleOutput', () => {
      this.#named([id]);
      const now = this.#timers.now();
      return this.#instances.console(id)?.read(now) ?? { text: '', updatedAt: now };
    });
  }

  // The machines themselves.

  /** The truth about one instance; undefined when there is none, or no longer. */
  instance(id: string): InstanceRecord | undefined {
    return this.#instances.get(id);
  }

  /** The truth about all instances, in the order of their launch. */
  instances(): readonly InstanceRecord[] {
    return this.#instances.all();
  }

  /** The machine switches itself off: it ends or stops, as its launch template says. */
  powerOff(id: string): void {
    const record = this.#instances.get(id);
    if (record?.data.instanceInitiatedShutdownBehavior === 'terminate')
      this.#instances.terminate(id, endedByItself());
    else this.#instances.stop(id, endedByItself());
  }

  /** The machine writes to its serial console. */
  appendConsole(id: string, text: string): void {
    this.#instances.console(id)?.append(text, this.#timers.now());
  }

  /** Lets the console take what `source` has new whenever it is read, and once more at the machine's end. */
  followConsole(id: string, source: () => string): void {
    this.#instances.console(id)?.follow(source);
  }

  /** Keeps the machine from being off, however long it takes, until the answer is called. */
  holdShutdown(id: string): () => void {
    return this.#instances.hold(id);
  }

  /** Announces to a spot instance that it is taken, and takes it after `notice`. */
  interrupt(id: string, notice: Duration = minutes(2)): void {
    const record = this.#instances.get(id);
    if (record?.market !== 'spot')
      throw new Ec2Error('Unsupported', `${id} is no spot instance: nobody interrupts it.`);
    const now = this.#timers.now();
    this.#instances.update(id, { interruption: { noticedAt: now, at: after(now, notice) } });
    this.#instances.noticed.tell({ id, notice: 'interruption' });
    this.#timers.after(notice, () => {
      this.#instances.terminate(id, takenBack(this.#timers.now()));
    });
  }

  /** Tells an instance that it is likely to be taken soon. */
  recommendRebalance(id: string): void {
    this.#instances.update(id, { rebalanceAt: this.#timers.now() });
    this.#instances.noticed.tell({ id, notice: 'rebalance' });
  }

  onStateChange(listener: (event: StateEvent) => void): () => void {
    return this.#instances.stateChanged.add(listener);
  }

  /** Tells of every change of an instance's tags after its launch. */
  onTagged(listener: (event: { readonly id: string }) => void): () => void {
    return this.#instances.tagged.add(listener);
  }

  onNotice(listener: (event: NoticeEvent) => void): () => void {
    return this.#instances.noticed.add(listener);
  }

  /** How often each action was called, refused calls included. */
  calls(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#calls);
  }

  bills(): readonly Bill[] {
    return this.#instances.bills();
  }

  /** Counts a call that the model itself does not carry out, and lets scripted faults hit it. */
  countCall(action: string): void {
    this.#calls.set(action, (this.#calls.get(action) ?? 0) + 1);
    this.faults.beforeCall(action);
  }

  #call<T>(action: string, carryOut: () => T): T {
    this.countCall(action);
    return carryOut();
  }

  #setTags(id: string, tags: ReadonlyMap<string, string>): void {
    this.#instances.update(id, { tags });
    this.#instances.tagged.tell({ id });
  }

  #stateOf(id: string): TerminatedInstance['current'] {
    const record = this.#instances.get(id);
    return record === undefined ? 'terminated' : stateOf(record);
  }

  #listed(): readonly ListedInstance[] {
    const now = this.#timers.now();
    return this.#instances.all().flatMap((record) => listed(record, now, this.#lag) ?? []);
  }

  #named(ids: readonly string[]): readonly ListedInstance[] {
    const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
    if (malformed !== undefined)
      throw new Ec2Error('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const now = this.#timers.now();
    const found = [...new Set(ids)].map((id) => {
      const record = this.#instances.get(id);
      return { id, one: record === undefined ? undefined : listed(record, now, this.#lag) };
    });
    const missing = found.filter(({ one }) => one === undefined).map(({ id }) => id);
    if (missing.length === 0) return found.flatMap(({ one }) => one ?? []);
    const which = missing.length === 1 ? `ID '${missing[0]}' does` : `IDs '${missing.join(', ')}' do`;
    throw new Ec2Error('InvalidInstanceID.NotFound', `The instance ${which} not exist`);
  }
}
