import { DescribeLaunchTemplatesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { isPortError } from '../../../controller/errors.ts';
import { after, type Instant, minutes } from '../../../engine/time.ts';
import { awsCall, type CallLimits } from '../aws-call.ts';
import type { DescribedGroup } from './described-group.ts';
import { templateOf } from './market-policy.ts';

export interface AttachedVersionsOptions {
  readonly ec2: EC2Client;
  readonly now: () => Instant;
  /** Hears of a template that could not be looked at. */
  readonly note: (message: string) => void;
}

const AGAIN_AFTER = minutes(1);

interface Known {
  readonly version: string | undefined;
  readonly until: Instant;
}

/** Which version of its launch template a group of the operator's launches now. */
export class AttachedVersions {
  readonly #options: AttachedVersionsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: AttachedVersionsOptions) {
    this.#options = options;
  }

  /** The number of the version; undefined while that is not known: then nothing has drifted. */
  async of(group: DescribedGroup, limits: CallLimits): Promise<string | undefined> {
    const { LaunchTemplateId: id, LaunchTemplateName: name, Version = '$Default' } = templateOf(group) ?? {};
    if (id === undefined && name === undefined) return undefined;
    if (/^\d+$/.test(Version)) return Version;
    const key = `${id ?? name} ${Version}`;
    const known = this.#known.get(key);
    const { now } = this.#options;
    if (known !== undefined && now() < known.until) return known.version;
    const question = id === undefined ? { LaunchTemplateNames: [name ?? ''] } : { LaunchTemplateIds: [id] };
    const version = await this.#look(group.name, question, Version, limits);
    this.#known.set(key, { version, until: after(now(), AGAIN_AFTER) });
    return version;
  }

  async #look(
    group: string,
    question: { readonly LaunchTemplateNames: string[] } | { readonly LaunchTemplateIds: string[] },
    version: string,
    limits: CallLimits,
  ): Promise<string | undefined> {
    const { ec2, note } = this.#options;
    const call = { system: 'ec2', doing: `looking at the launch template of group ${group}` } as const;
    try {
      const { LaunchTemplates } = await awsCall(call, limits, (options) =>
        ec2.send(new DescribeLaunchTemplatesCommand(question), options),
      );
      const [found] = LaunchTemplates ?? [];
      const number = version === '$Latest' ? found?.LatestVersionNumber : found?.DefaultVersionNumber;
      return number === undefined ? undefined : String(number);
    } catch (error) {
      if (!isPortError(error)) throw error;
      note(`nothing of group ${group} drifts for now: ${error.message}`);
      return undefined;
    }
  }
}
