/** What taskscaler decides by, in the words of its log line "required scaling change". */
export interface CapacityInfo {
  /** Requested, being created and running; not those being deleted. */
  readonly instanceCount: number;
  /** 0: no bound. */
  readonly maxInstanceCount: number;
  /** Those being deleted, which count only against the bound; absent: none. */
  readonly deleting?: number;
  /** Slots that run a job. */
  readonly acquired: number;
  /** Free slots of instances that have had their jobs and still run one. */
  readonly unavailableCapacity: number;
  /** Jobs that were accepted and wait for a slot. */
  readonly pending: number;
  /** Requests for a job under way. */
  readonly reserved: number;
  /** `idle_count`, in slots. */
  readonly idleCount: number;
  /** `scale_factor`; 0: none. */
  readonly scaleFactor: number;
  /** `scale_factor_limit`; 0: none. */
  readonly scaleFactorLimit: number;
  readonly capacityPerInstance: number;
}

/**
 * By how many instances the fleet should change; negative: so many may leave. A reconstruction, which agrees with what
 * GitLab documents, with its merge requests (taskscaler 44, 49, 52, 60 and 109) and with the logs in its issues.
 */
export function requiredChange(info: CapacityInfo): number {
  const { instanceCount, maxInstanceCount, deleting = 0, pending, reserved, capacityPerInstance } = info;
  const idle = idleTarget(info);
  const used = info.acquired + info.unavailableCapacity;
  // Jobs on instances that are gone already are no reason for new ones.
  if (idle === 0 && pending === 0 && used > instanceCount * capacityPerInstance) return 0;
  const required = Math.ceil((used + pending + reserved + idle) / capacityPerInstance) - instanceCount;
  return maxInstanceCount > 0 ? Math.min(required, maxInstanceCount - instanceCount - deleting) : required;
}

function idleTarget({ idleCount, scaleFactor, scaleFactorLimit, acquired }: CapacityInfo): number {
  if (scaleFactor <= 0) return idleCount;
  const target = Math.max(idleCount, Math.ceil(acquired * scaleFactor));
  return scaleFactorLimit > 0 ? Math.min(target, Math.max(scaleFactorLimit, idleCount)) : target;
}
