/** One pool of the sandbox; small, so that a laptop carries it. */
export interface SandboxPool {
  readonly name: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly slots: number;
  readonly max: number;
  readonly instanceType: string;
}

/** Two pools: one for everyday jobs, one whose machines carry the tag `large` as well. */
export const SANDBOX_POOLS: readonly SandboxPool[] = [
  { name: 'linux', tags: ['linux'], runUntagged: true, slots: 2, max: 4, instanceType: 'm7i.large' },
  {
    name: 'large',
    tags: ['linux', 'large'],
    runUntagged: false,
    slots: 2,
    max: 2,
    instanceType: 'm7i.xlarge',
  },
];
