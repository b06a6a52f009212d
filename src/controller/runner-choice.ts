const DIGITS = 4;
const INSTANCE_ID = new RegExp(`^i-[0-9a-f]*([0-9a-f]{${DIGITS}})$`);

/**
 * Which of a pool's runners an instance uses where each uses one of them: from 0, less than `count`. The last four hex
 * digits of the instance id decide, so that its agent knows it as well; ids are spread evenly.
 *
 * Throws `RangeError` for what is no instance id, or for a count that is no whole number from 1.
 */
export function runnerIndexOf(instanceId: string, count: number): number {
  const digits = INSTANCE_ID.exec(instanceId)?.[1];
  if (digits === undefined || !Number.isInteger(count) || count < 1) {
    throw new RangeError(
      `choosing the runner of instance ${JSON.stringify(instanceId)} among ${count}: pass the id as EC2 gives it, and at least one runner`,
    );
  }
  return Number.parseInt(digits, 16) % count;
}
