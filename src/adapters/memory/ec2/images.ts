import type { ApiCalls } from './api-calls.ts';
import { Ec2Error } from './error.ts';
import type { Image } from './place.ts';

/** The images of an account and the snapshots under them. */
export class Images {
  readonly #api: ApiCalls;
  readonly #images = new Map<string, Image>();
  readonly #snapshots = new Set<string>();

  constructor(images: readonly Image[], api: ApiCalls) {
    this.#api = api;
    for (const image of images) this.add(image);
  }

  /** Somebody made an image. */
  add(image: Image): void {
    this.#images.set(image.id, image);
    if (image.snapshot !== undefined) this.#snapshots.add(image.snapshot);
  }

  /** All that are registered. */
  all(): readonly Image[] {
    return [...this.#images.values()];
  }

  /** All snapshots, also those whose image is gone. */
  snapshots(): readonly string[] {
    return [...this.#snapshots];
  }

  /** A call: nothing can be launched from the image any more; what runs, and its snapshot, stay. */
  deregister(id: string): void {
    this.#api.enter('DeregisterImage');
    if (this.#images.delete(id)) return;
    throw new Ec2Error('InvalidAMIID.Unavailable', `The image ID '${id}' is no longer available`);
  }

  /** A call: one that an image is made of stays. */
  deleteSnapshot(id: string): void {
    this.#api.enter('DeleteSnapshot');
    const user = this.all().find(({ snapshot }) => snapshot === id);
    if (user !== undefined) {
      throw new Ec2Error('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${user.id}`);
    }
    if (this.#snapshots.delete(id)) return;
    throw new Ec2Error('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);
  }
}
