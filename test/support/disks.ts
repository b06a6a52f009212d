import { MemoryDisk } from '../../src/adapters/memory/store.ts';

/** For tests: the disk of each installation, which outlives its controllers. */
export class Disks {
  readonly #disks = new Map<string, MemoryDisk>();

  /** The disk that the installation has, or gets now. */
  of(installation: string): MemoryDisk {
    const disk = this.#disks.get(installation) ?? new MemoryDisk();
    this.#disks.set(installation, disk);
    return disk;
  }

  /** The next one is empty. */
  lose(installation: string): void {
    this.#disks.delete(installation);
  }
}
