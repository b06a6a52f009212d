import { type Duration, milliseconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { seededRandom } from '../random.ts';
import { ApiCalls } from './api-calls.ts';
import { EC2_API_LIMITS } from './api-limits.ts';
import { ApiThrottle } from './api-throttle.ts';
import { ClientTokens } from './client-tokens.ts';
import { type Ec2Options, lifeTimesOf } from './ec2-options.ts';
import { LostAnswer } from './error.ts';
import { Faults } from './faults.ts';
import { FleetLaunch, seededSupply, type Surroundings } from './fleet-launch.ts';
import type { FleetAnswer, FleetRequest } from './fleet-request.ts';
import { Images } from './images.ts';
import { InstanceDirectory } from './instance-directory.ts';
import { type Bill, endedByItself, type InstanceRecord, type StateTransition } from './instance-record.ts';
import { Instances, type NoticeEvent, type StateEvent } from './instances.ts';
import { INTERRUPTION_NOTICE, Interruptions } from './interruptions.ts';
import type {
  CreateTemplateRequest,
  CreateTemplateVersionRequest,
  LaunchTemplate,
  LaunchTemplateVersion,
  TemplateRef,
  TemplateVersionRef,
  VersionsDeletion,
} from './launch-template.ts';
import { LaunchTemplates } from './launch-templates.ts';
import {
  type DescribeInstancesRequest,
  type ListedInstance,
  type Page,
  page,
  type Paging,
  passing,
} from './listing.ts';
import { defaultPlace, type Place } from './place.ts';
import { Power } from './power.ts';
import { describeSpotRequests, type DescribeSpotRequests, type SpotRequest } from './spot-requests.ts';
import { type TagToDelete, Tagging } from './tagging.ts';
import { ServiceAccess } from './service-access.ts';
import type { Tag } from './tags.ts';
import { type DescribeTemplatesRequest, templateValues } from './template-listing.ts';

/** Streams of their own, so that ids do not depend on how long machines take or which are interrupted. */
const LIFE_TIMES_STREAM = 0x5eed_0001;
const INTERRUPTIONS_STREAM = 0x5eed_0002;

/**
 * EC2 in one region, in virtual or real time. What stands under "calls" is the API: it is counted and
 * throttled, may be hit by scripted faults, and throws `Ec2Error` or `LostAnswer`. The rest is what
 * happens to the machines themselves, and always succeeds.
 */
export class Ec2 {
  readonly faults = new Faults();
  /** What the account holds; its images as of now. */
  readonly place: Place;
  readonly images: Images;
  /** What other services of AWS do with the account's instances. */
  readonly service: ServiceAccess;
  readonly #timers: Timers;
  readonly #api: ApiCalls;
  readonly #instances: Instances;
  readonly #directory: InstanceDirectory;
  readonly #power: Power;
  readonly #tagging: Tagging;
  readonly #interruptions: Interruptions;
  readonly #templates: LaunchTemplates;
  readonly #fleets: ClientTokens<FleetAnswer>;
  readonly #surroundings: Surroundings;

  constructor(options: Ec2Options) {
    const { timers, seed, quotas = {} } = options;
    const { faults } = this;
    const random = seededRandom(seed);
    this.#timers = timers;
    const { place = defaultPlace } = options;
    const throttle = new ApiThrottle(options.apiLimits ?? EC2_API_LIMITS, timers);
    this.#api = new ApiCalls(throttle, faults, place.account);
    const images = new Images(place.images, this.#api);
    this.images = images;
    this.place = Object.defineProperty({ ...place }, 'images', { get: () => images.all() });
    this.#fleets = new ClientTokens(timers);
    this.#templates = new LaunchTemplates(timers, random);
    this.#instances = new Instances(timers, lifeTimesOf(options), seededRandom(seed ^ LIFE_TIMES_STREAM));
    this.#directory = new InstanceDirectory(this.#instances, timers, options.listingLag ?? milliseconds(0));
    const shared = { timers, faults, quotas, api: this.#api, instances: this.#instances };
    this.#tagging = new Tagging(this.#instances, this.#directory);
    this.#power = new Power({ ...shared, directory: this.#directory });
    this.#interruptions = new Interruptions(
      this.#instances,
      timers,
      seededRandom(seed ^ INTERRUPTIONS_STREAM),
    );
    this.#surroundings = {
      ...shared,
      random,
      place: this.place,
      templates: this.#templates,
      supply: options.supply ?? seededSupply(seed),
      parameter: options.parameter ?? (() => undefined),
    };
    this.service = new ServiceAccess(this.#surroundings, timers);
  }

  // Calls.

  createLaunchTemplate(request: CreateTemplateRequest): LaunchTemplate {
    return this.#call('CreateLaunchTemplate', () => this.#templates.create(request));
  }

  createLaunchTemplateVersion(request: CreateTemplateVersionRequest): LaunchTemplateVersion {
    return this.#call('CreateLaunchTemplateVersion', () => this.#templates.createVersion(request));
  }

  /** The named templates; all when none is named. A name that does not exist is an error. */
  describeLaunchTemplates(request: DescribeTemplatesRequest = {}): Page<LaunchTemplate> {
    return this.#call('DescribeLaunchTemplates', () => {
      const { ids = [], names = [], filters = [] } = request;
      const passes = passing(filters);
      const all = this.#templates.list(ids, names).filter((one) => passes(templateValues(one)));
      return page(all, (template) => template.id, request);
    });
  }

  /** The named versions; all, oldest first, when none is named. A version that does not exist is an error. */
  describeLaunchTemplateVersions(
    request: TemplateRef & { readonly versions?: readonly string[] } & Paging,
  ): Page<LaunchTemplateVersion> {
    return this.#call('DescribeLaunchTemplateVersions', () => {
      const all = this.#templates.versions(request, request.versions ?? []);
      return page(all, ({ templateId, version }) => `${templateId} ${version}`, request);
    });
  }

  deleteLaunchTemplate(ref: TemplateRef): LaunchTemplate {
    return this.#call('DeleteLaunchTemplate', () => this.#templates.delete(ref));
  }

  deleteLaunchTemplateVersions(ref: TemplateRef, versions: readonly string[]): VersionsDeletion {
    return this.#call('DeleteLaunchTemplateVersions', () => this.#templates.deleteVersions(ref, versions));
  }

  /** Buys instances at once. What could not be bought stands in `errors`; that is no failure of the call. */
  createFleet(request: FleetRequest): FleetAnswer {
    return this.#call('CreateFleet', () => {
      const answer = this.#fleets.once(request.clientToken, request, () =>
        new FleetLaunch(this.#surroundings, request).run(),
      );
      if (this.faults.takeLostAnswer('CreateFleet')) throw new LostAnswer('CreateFleet');
      return answer;
    });
  }

  /** Instances in the order of their launch, terminated ones included while they are visible. */
  describeInstances(request: DescribeInstancesRequest = {}): Page<ListedInstance> {
    const { filters = [], maxResults, nextToken } = request;
    const narrowed = filters.length > 0 || maxResults !== undefined || nextToken !== undefined;
    this.#api.enter('DescribeInstances', narrowed);
    return this.#directory.describe(request);
  }

  /** The requests behind spot instances, in the order of their launch. */
  describeSpotInstanceRequests(request: DescribeSpotRequests = {}): Page<SpotRequest> {
    const { filters = [], maxResults } = request;
    this.#api.enter('DescribeSpotInstanceRequests', filters.length > 0 || maxResults !== undefined);
    return describeSpotRequests(this.#directory.all(), request);
  }

  /** Ends instances, all or none; ending one again is no error. */
  terminateInstances(ids: readonly string[]): readonly StateTransition[] {
    return this.#call('TerminateInstances', () => this.#power.terminate(ids));
  }

  /** Stops instances, all or none; stopping one again is no error. Spot instances cannot be stopped. */
  stopInstances(ids: readonly string[]): readonly StateTransition[] {
    return this.#call('StopInstances', () => this.#power.stop(ids));
  }

  /** Starts stopped instances, all or none; starting one that runs is no error. */
  startInstances(ids: readonly string[]): readonly StateTransition[] {
    return this.#call('StartInstances', () => this.#power.start(ids));
  }

  /** Sets tags on instances, all or none. */
  createTags(ids: readonly string[], tags: readonly Tag[]): void {
    this.#call('CreateTags', () => this.#tagging.create(ids, tags));
  }

  /** Removes tags: those with the given value, or with any where none is given. Absent ones are no error. */
  deleteTags(ids: readonly string[], tags: readonly TagToDelete[]): void {
    this.#call('DeleteTags', () => this.#tagging.delete(ids, tags));
  }

  /** The last 64 KiB of the serial console; empty when the machine has not said anything. */
  getConsoleOutput(id: string): { readonly text: string; readonly updatedAt: StateEvent['at'] } {
    return this.#call('GetConsoleOutput', () => {
      this.#directory.named([id]);
      const now = this.#timers.now();
      return this.#instances.console(id)?.read(now) ?? { text: '', updatedAt: now };
    });
  }

  // The machines themselves.

  /** What a launch by this template would be made of; throws where there is no such template or version. */
  templateVersion(ref: TemplateVersionRef): LaunchTemplateVersion {
    return this.#templates.version(ref);
  }

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

  /** What the machine has said so far, without a call. */
  consoleOf(id: string): string {
    return this.#instances.console(id)?.read(this.#timers.now()).text ?? '';
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
  interrupt(id: string, notice: Duration = INTERRUPTION_NOTICE): void {
    this.#interruptions.interrupt(id, notice);
  }

  /** Tells an instance that it is likely to be taken soon. */
  recommendRebalance(id: string): void {
    this.#interruptions.recommendRebalance(id);
  }

  /**
   * Interrupts the share `perHour` (0 to 1) of the running spot instances in every hour, at random
   * by the seed. The answer ends it; interruptions already announced still happen.
   */
  interruptAtRandom(perHour: number, notice: Duration = INTERRUPTION_NOTICE): () => void {
    return this.#interruptions.storm(perHour, notice);
  }

  /** A zone fails: its machines are gone, and nothing can be had there until the answer is called. */
  loseZone(zone: string): () => void {
    this.#interruptions.loseZone(zone);
    return this.faults.shortage({ code: 'InsufficientInstanceCapacity', zone });
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
    return this.#api.counts();
  }

  /** How often each action met `RequestLimitExceeded`; launches that a fleet cut short count as RunInstances. */
  throttled(): Readonly<Record<string, number>> {
    return this.#api.throttled();
  }

  bills(): readonly Bill[] {
    return this.#instances.bills();
  }

  /**
   * Counts a call that the model itself does not carry out, and lets faults and throttling hit it.
   * `narrowed`: it has a filter or asks for pages.
   */
  countCall(action: string, narrowed = true): void {
    this.#api.enter(action, narrowed);
  }

  #call<T>(action: string, carryOut: () => T): T {
    this.#api.enter(action);
    return carryOut();
  }
}
