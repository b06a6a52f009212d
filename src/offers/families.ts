/**
 * Families from before the Nitro system, apart from their bare-metal sizes. Their instances do not see
 * changes of their own tags while they run, so they could not be drained.
 */
export const FAMILIES_BEFORE_NITRO: readonly string[] =
  'c1 c3 c4 cc1 cc2 cg1 cr1 d2 f1 g2 g3 g3s h1 hi1 hs1 i2 i3 m1 m2 m3 m4 p2 p3 r3 r4 t1 t2 x1 x1e'.split(' ');

/** Families with accelerators that are no GPUs (machine learning, FPGA, video), or made for HPC clusters. */
const FAMILIES_FOR_OTHER_WORK: ReadonlySet<string> = new Set(
  'dl1 dl2q f1 f2 hpc6a hpc6id hpc7a hpc7g hpc8a inf1 inf2 trn1 trn1n trn2 vt1'.split(' '),
);

/** Families whose sizes all have at least one GPU. */
const GPU_FAMILIES: ReadonlySet<string> = new Set(
  'g4ad g4dn g5 g5g g6 g6e g7 g7e gr6 p3dn p4d p4de p5 p5en p6-b200 p6-b300'.split(' '),
);

/** The sizes of those families, and of those that share a GPU, that do not have exactly one. */
const GPUS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    'g4ad.8xlarge': 2,
    'g4ad.16xlarge': 4,
    'g4dn.12xlarge': 4,
    'g4dn.metal': 8,
    'g5.12xlarge': 4,
    'g5.24xlarge': 4,
    'g5.48xlarge': 8,
    'g5g.16xlarge': 2,
    'g5g.metal': 2,
    'g6.12xlarge': 4,
    'g6.24xlarge': 4,
    'g6.48xlarge': 8,
    'g6e.12xlarge': 4,
    'g6e.24xlarge': 4,
    'g6e.48xlarge': 8,
    'g6f.large': 1 / 8,
    'g6f.xlarge': 1 / 8,
    'g6f.2xlarge': 1 / 4,
    'g6f.4xlarge': 1 / 2,
    'g7.12xlarge': 2,
    'g7.24xlarge': 4,
    'g7.48xlarge': 8,
    'g7e.12xlarge': 2,
    'g7e.24xlarge': 4,
    'g7e.48xlarge': 8,
    'gr6f.4xlarge': 1 / 2,
    'p3dn.24xlarge': 8,
    'p4d.24xlarge': 8,
    'p4de.24xlarge': 8,
    'p5.48xlarge': 8,
    'p5en.48xlarge': 8,
    'p6-b200.48xlarge': 8,
    'p6-b300.48xlarge': 8,
  }),
);

/** The family of an instance type: `m7i` of `m7i.large`. */
export function familyOf(instanceType: string): string {
  return instanceType.split('.', 1)[0] ?? instanceType;
}

/** Whether the type is bare metal, which takes many minutes to boot. */
export function isBareMetal(instanceType: string): boolean {
  return /\.metal(?:-|$)/.test(instanceType);
}

/**
 * Whether instances of the type run on the Nitro system. A family that is not known counts as Nitro: every
 * new one is.
 */
export function nitro(instanceType: string): boolean {
  return isBareMetal(instanceType) || !FAMILIES_BEFORE_NITRO.includes(familyOf(instanceType));
}

/** Whether the type has accelerators that are no GPUs, or is made for HPC clusters: jobs rarely mean it. */
export function isForOtherWork(instanceType: string): boolean {
  return FAMILIES_FOR_OTHER_WORK.has(familyOf(instanceType));
}

/** The GPUs of the type: a fraction where several instances share one, 0 where there are none. */
export function gpusOf(instanceType: string): number {
  return GPUS.get(instanceType) ?? (GPU_FAMILIES.has(familyOf(instanceType)) ? 1 : 0);
}
