import type { LaunchRequest } from '../../../controller/ports.ts';
import type { TemplateVersion } from './market-policy.ts';

/** What a launch of a group rests on: the same pin again sets the same capacity. */
export interface OrderPin {
  readonly template: TemplateVersion;
  /** The desired capacity that the order raises. */
  readonly base: number;
}

/** A pin as a launch request carries it. */
export function writePin({ template, base }: OrderPin): LaunchRequest['template'] {
  return { id: template.id, version: `${template.version}/${base}` };
}

/** Reads a pin back; undefined for that of a fleet, which rests on no capacity. */
export function readPin({ id, version }: LaunchRequest['template']): OrderPin | undefined {
  const [, number, base] = /^(.+)\/(\d+)$/.exec(version) ?? [];
  if (number === undefined || base === undefined) return undefined;
  return { template: { id, version: number }, base: Number(base) };
}
