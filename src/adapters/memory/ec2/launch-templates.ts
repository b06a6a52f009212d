import type { Timers } from '../clock.ts';
import { hex, type Random } from '../random.ts';
import { ClientTokens } from './client-tokens.ts';
import { Ec2Error, invalidValue } from './error.ts';
import type {
  CreateTemplateRequest,
  CreateTemplateVersionRequest,
  DeletedVersion,
  LaunchTemplate,
  LaunchTemplateData,
  LaunchTemplateVersion,
  TemplateRef,
  TemplateVersionRef,
  VersionsDeletion,
} from './launch-template.ts';
import { checkTags, tagsFor } from './tags.ts';

const maxUserDataBytes = 16_384;

/** The most versions that one call deletes. */
const mostDeletions = 200;

interface Entry {
  readonly template: Omit<LaunchTemplate, 'latestVersion'>;
  /** Never empty: the default version stays. */
  readonly versions: LaunchTemplateVersion[];
  /** The highest number that was ever given: numbers of deleted versions do not come back. */
  lastNumber: number;
}

/** The launch templates of the account; version 1 stays the default. */
export class LaunchTemplates {
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();
  readonly #created: ClientTokens<LaunchTemplate>;
  readonly #versioned: ClientTokens<LaunchTemplateVersion>;

  constructor(timers: Timers, random: Random) {
    this.#timers = timers;
    this.#random = random;
    this.#created = new ClientTokens(timers);
    this.#versioned = new ClientTokens(timers);
  }

  create(request: CreateTemplateRequest): LaunchTemplate {
    return this.#created.once(request.clientToken, request, () => this.#create(request));
  }

  createVersion(request: CreateTemplateVersionRequest): LaunchTemplateVersion {
    return this.#versioned.once(request.clientToken, request, () => {
      const entry = this.#entry(request);
      const source = request.sourceVersion === undefined ? {} : this.#pick(entry, request.sourceVersion).data;
      return this.#addVersion(entry, request.description, { ...source, ...definedOf(request.data) });
    });
  }

  /** The named templates, all of which must exist; all templates when none is named. */
  list(ids: readonly string[], names: readonly string[]): readonly LaunchTemplate[] {
    if (ids.length + names.length === 0) return [...this.#entries.values()].map(describe);
    return [...ids.map((id) => this.#entry({ id })), ...names.map((name) => this.#entry({ name }))].map(
      describe,
    );
  }

  /**
   * The named versions, all of which must exist; all versions, oldest first, when none is named. Without a
   * template: the default and latest ones of all templates.
   */
  versions(ref: TemplateRef, versions: readonly string[]): readonly LaunchTemplateVersion[] {
    if (ref.id === undefined && ref.name === undefined && versions.length > 0) return this.#usual(versions);
    const entry = this.#entry(ref);
    return versions.length === 0
      ? [...entry.versions]
      : versions.map((version) => this.#pick(entry, version));
  }

  version(ref: TemplateVersionRef): LaunchTemplateVersion {
    return this.#pick(this.#entry(ref), ref.version ?? '$Default');
  }

  delete(ref: TemplateRef): LaunchTemplate {
    const entry = this.#entry(ref);
    this.#entries.delete(entry.template.id);
    return describe(entry);
  }

  /** Deletes versions, each by itself: the default one stays. */
  deleteVersions(ref: TemplateRef, versions: readonly string[]): VersionsDeletion {
    const entry = this.#entry(ref);
    if (versions.length === 0) throw new Ec2Error('MissingParameter', 'Name the versions to delete.');
    if (versions.length > mostDeletions) {
      throw invalidValue(`At most ${mostDeletions} versions can be deleted in one request.`);
    }
    const outcomes = versions.map((number) => deletion(entry, number));
    return {
      template: describe(entry),
      deleted: outcomes.filter(({ refusal }) => refusal === undefined),
      kept: outcomes.filter(({ refusal }) => refusal !== undefined),
    };
  }

  #create(request: CreateTemplateRequest): LaunchTemplate {
    const { name } = request;
    if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name)) {
      throw new Ec2Error('InvalidLaunchTemplateName.MalformedException', `'${name}' is not a valid name.`);
    }
    if (this.#byName(name) !== undefined) {
      throw new Ec2Error('InvalidLaunchTemplateName.AlreadyExistsException', `'${name}' is already in use.`);
    }
    const tags = tagsFor('launch-template', request.tagSpecifications ?? []);
    checkTags(tags);
    const id = `lt-${hex(this.#random, 17)}`;
    const entry = {
      template: { id, name, createdAt: this.#timers.now(), defaultVersion: 1, tags },
      versions: [],
      lastNumber: 0,
    };
    this.#addVersion(entry, request.description, request.data);
    this.#entries.set(id, entry);
    return describe(entry);
  }

  #addVersion(
    entry: Entry,
    description: string | undefined,
    data: LaunchTemplateData,
  ): LaunchTemplateVersion {
    checkData(data);
    const number = entry.lastNumber + 1;
    const { id, name, defaultVersion } = entry.template;
    const version = {
      templateId: id,
      templateName: name,
      version: number,
      isDefault: number === defaultVersion,
      description,
      createdAt: this.#timers.now(),
      data,
    };
    entry.versions.push(version);
    entry.lastNumber = number;
    return version;
  }

  #usual(versions: readonly string[]): readonly LaunchTemplateVersion[] {
    if (versions.some((version) => version !== '$Default' && version !== '$Latest')) {
      throw invalidValue('Without a launch template, only $Default and $Latest can be named.');
    }
    return [...this.#entries.values()].flatMap((entry) => [
      ...new Set(versions.map((version) => this.#pick(entry, version))),
    ]);
  }

  #byName(name: string): Entry | undefined {
    return [...this.#entries.values()].find((entry) => entry.template.name === name);
  }

  #entry(ref: TemplateRef): Entry {
    if ((ref.id === undefined) === (ref.name === undefined)) {
      throw new Ec2Error('MissingParameter', 'A launch template must be named by either its id or its name.');
    }
    return ref.id === undefined ? this.#named(ref.name ?? '') : this.#withId(ref.id);
  }

  #named(name: string): Entry {
    const entry = this.#byName(name);
    if (entry !== undefined) return entry;
    throw new Ec2Error(
      'InvalidLaunchTemplateName.NotFoundException',
      `No launch template is named '${name}'.`,
    );
  }

  #withId(id: string): Entry {
    if (!/^lt-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
      throw new Ec2Error('InvalidLaunchTemplateId.Malformed', `Invalid id: "${id}" (expecting "lt-...").`);
    }
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new Ec2Error('InvalidLaunchTemplateId.NotFound', `The launch template '${id}' does not exist.`);
  }

  #pick(entry: Entry, version: string): LaunchTemplateVersion {
    const named = new Map([
      ['$Latest', latestOf(entry)],
      ['$Default', entry.template.defaultVersion],
    ]);
    const wanted = String(named.get(version) ?? version);
    const found = entry.versions.find((one) => String(one.version) === wanted);
    if (found !== undefined) return found;
    throw new Ec2Error(
      'InvalidLaunchTemplateId.VersionNotFound',
      `Launch template '${entry.template.id}' has no version '${version}'.`,
    );
  }
}

function latestOf({ versions, lastNumber }: Entry): number {
  return versions.at(-1)?.version ?? lastNumber;
}

function describe(entry: Entry): LaunchTemplate {
  return { ...entry.template, latestVersion: latestOf(entry) };
}

function deletion(entry: Entry, number: string): DeletedVersion {
  const index = entry.versions.findIndex(({ version }) => String(version) === number);
  const version = entry.versions[index];
  if (version === undefined) {
    const message = `The version '${number}' does not exist.`;
    return { number, refusal: { code: 'launchTemplateVersionDoesNotExist', message } };
  }
  if (version.isDefault) {
    return {
      number,
      refusal: { code: 'unexpectedError', message: 'The default version cannot be deleted.' },
    };
  }
  entry.versions.splice(index, 1);
  return { number };
}

function definedOf(data: LaunchTemplateData): LaunchTemplateData {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}

function checkData(data: LaunchTemplateData): void {
  for (const { tags } of data.tagSpecifications ?? []) checkTags(tags);
  if (data.userData !== undefined && decodedLength(data.userData) > maxUserDataBytes) {
    throw invalidValue(`User data is limited to ${maxUserDataBytes} bytes.`);
  }
  if (!['stop', 'terminate'].includes(data.instanceInitiatedShutdownBehavior ?? 'stop')) {
    throw invalidValue(
      `'${data.instanceInitiatedShutdownBehavior}' is no shutdown behavior: use 'stop' or 'terminate'.`,
    );
  }
}

function decodedLength(base64: string): number {
  try {
    return atob(base64).length;
  } catch {
    throw new Ec2Error('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  }
}
