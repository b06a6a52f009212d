import { DescribeImagesCommand, type EC2Client, type Image } from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import { after, type Duration, type Instant, minutes } from '../../engine/time.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';

/** Where the id of an image is looked up: in a parameter, or as the newest image of an owner with such a name. */
export type ImageQuery = { readonly parameter: string } | { readonly name: string; readonly owner: string };

/** What an image says of itself. */
export interface ImageDescription {
  readonly id: string;
  readonly name: string;
  /** As container images spell it; absent for one that Runtide does not know. */
  readonly architecture?: 'amd64' | 'arm64';
  /** The name of its root device, such as `/dev/xvda`. */
  readonly rootDevice?: string;
  /** The size of its root volume in GiB. */
  readonly rootSize?: number;
}

const AGAIN_AFTER: Duration = minutes(60);
const AGAIN_AFTER_FAILURE: Duration = minutes(5);
const ARCHITECTURES: Readonly<Record<string, 'amd64' | 'arm64'>> = { x86_64: 'amd64', arm64: 'arm64' };

function read(image: Image): ImageDescription | undefined {
  const { ImageId: id, Name: name = '', Architecture: spelled = '', RootDeviceName: rootDevice } = image;
  if (id === undefined) return undefined;
  const architecture = ARCHITECTURES[spelled];
  const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === rootDevice);
  const rootSize = root?.Ebs?.VolumeSize;
  return {
    id,
    name,
    ...(architecture === undefined ? {} : { architecture }),
    ...(rootDevice === undefined ? {} : { rootDevice }),
    ...(rootSize === undefined ? {} : { rootSize }),
  };
}

function missing(doing: string, why: string, next: string): PortError {
  return new PortError({ kind: 'refused', system: 'ec2', doing, why, next });
}

/** What EC2 knows of the image. Throws `refused` where the account cannot see it. */
export async function describeImage(
  ec2: EC2Client,
  id: string,
  limits: CallLimits,
): Promise<ImageDescription> {
  const call = { system: 'ec2', doing: `looking up image ${id}` } as const;
  const answer = await awsCall(call, limits, (options) =>
    ec2.send(new DescribeImagesCommand({ ImageIds: [id] }), options),
  );
  if (answer.Images === undefined) throw invalidAnswer(call, 'the images', answer.$metadata.requestId);
  const [image] = answer.Images;
  const described = image === undefined ? undefined : read(image);
  if (described !== undefined) return described;
  throw missing(call.doing, 'there is none', 'check instances.image of the pool, and its region');
}

async function newestNamed(ec2: EC2Client, name: string, owner: string, limits: CallLimits): Promise<string> {
  const call = { system: 'ec2', doing: `looking for the newest image named ${name} of ${owner}` } as const;
  const Filters = [
    { Name: 'name', Values: [name] },
    { Name: 'state', Values: ['available'] },
  ];
  const answer = await awsCall(call, limits, (options) =>
    ec2.send(new DescribeImagesCommand({ Owners: [owner], Filters }), options),
  );
  if (answer.Images === undefined) throw invalidAnswer(call, 'the images', answer.$metadata.requestId);
  const [newest] = answer.Images.toSorted((one, other) =>
    (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''),
  );
  if (newest?.ImageId !== undefined) return newest.ImageId;
  throw missing(call.doing, 'there is none', 'check the name and the owner in instances.image of the pool');
}

async function fromParameter(name: string, value: Promise<string>): Promise<string> {
  const id = await value;
  if (/^ami-[0-9a-f]{8,17}$/.test(id)) return id;
  const next = 'name a parameter whose value is the id of an AMI; those of AWS often end in /image_id';
  throw missing(`reading the image in SSM parameter ${name}`, 'its value is no id of an AMI', next);
}

export interface FoundImageOptions {
  readonly query: ImageQuery;
  /** Whether instances of another image have drifted. */
  readonly follow: boolean;
  readonly ec2: EC2Client;
  /** Reads an SSM parameter of the image's region. */
  readonly readParameter: (name: string, signal: AbortSignal) => Promise<string>;
  readonly now: () => Instant;
  /** Hears of a look-up that failed while the earlier answer stays. */
  readonly note: (message: string) => void;
}

/** An image that is looked up, and looked up again every hour. */
export class FoundImage {
  readonly #options: FoundImageOptions;
  #id: string | undefined;
  #againAt: Instant | undefined;

  constructor(options: FoundImageOptions) {
    this.#options = options;
  }

  /** Whether instances of another image have drifted. */
  get follow(): boolean {
    return this.#options.follow;
  }

  /** What was found last; undefined before the first answer. */
  get id(): string | undefined {
    return this.#id;
  }

  /** The image's id. Throws only while there was no answer yet: a later failure keeps the earlier one. */
  async resolve(limits: CallLimits): Promise<string> {
    const { now, note } = this.#options;
    if (this.#id !== undefined && this.#againAt !== undefined && now() < this.#againAt) return this.#id;
    try {
      this.#id = await this.#look(limits);
      this.#againAt = after(now(), AGAIN_AFTER);
    } catch (error) {
      if (this.#id === undefined || !(error instanceof PortError)) throw error;
      this.#againAt = after(now(), AGAIN_AFTER_FAILURE);
      note(`image ${this.#id} stays: ${error.message}`);
    }
    return this.#id;
  }

  #look(limits: CallLimits): Promise<string> {
    const { query, ec2, readParameter } = this.#options;
    if ('parameter' in query) {
      return fromParameter(query.parameter, readParameter(query.parameter, limits.signal));
    }
    return newestNamed(ec2, query.name, query.owner, limits);
  }
}
