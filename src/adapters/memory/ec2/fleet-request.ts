import type { Market } from '../../../engine/pool.ts';
import { invalidValue } from './error.ts';
import type { TemplateVersionRef } from './launch-template.ts';
import { checkTags, type TagSpecification } from './tags.ts';

export const SPOT_STRATEGIES = [
  'lowest-price',
  'diversified',
  'capacity-optimized',
  'capacity-optimized-prioritized',
  'price-capacity-optimized',
] as const;
export type SpotStrategy = (typeof SPOT_STRATEGIES)[number];

export const ON_DEMAND_STRATEGIES = ['lowest-price', 'prioritized'] as const;
export type OnDemandStrategy = (typeof ON_DEMAND_STRATEGIES)[number];

/** What one offering changes of the launch template. */
export interface FleetOverride {
  readonly instanceType?: string | undefined;
  readonly subnet?: string | undefined;
  /** Lower comes first; read only by the prioritized strategies. */
  readonly priority?: number | undefined;
}

/** A launch template and the offerings that may be bought with it; none: the template's own. */
export interface FleetConfig {
  readonly template: TemplateVersionRef;
  readonly overrides: readonly FleetOverride[];
}

/** A fleet of type `instant`: it buys once and manages nothing afterwards. */
export interface FleetRequest {
  /** At most 64 characters; the same request under the same token gets the same answer. */
  readonly clientToken?: string | undefined;
  readonly configs: readonly FleetConfig[];
  readonly count: number;
  readonly market: Market;
  readonly spotStrategy?: SpotStrategy | undefined;
  readonly onDemandStrategy?: OnDemandStrategy | undefined;
  /** For resource types `fleet` and `instance`. */
  readonly tagSpecifications?: readonly TagSpecification[] | undefined;
}

/** One offering of a request, with the template version that it resolves to. */
export interface FleetPool {
  readonly template: { readonly id: string; readonly version: number };
  readonly override: FleetOverride;
  readonly instanceType: string;
  readonly subnet: string;
  readonly zone: string;
}

/** What a fleet bought and what it could not buy; both may hold something. */
export interface FleetAnswer {
  readonly fleetId: string;
  readonly market: Market;
  readonly instances: readonly { readonly pool: FleetPool; readonly ids: readonly string[] }[];
  readonly errors: readonly { readonly pool: FleetPool; readonly code: string; readonly message: string }[];
}

/** Refuses a request that no capacity could satisfy. */
export function checkFleetRequest(request: FleetRequest): void {
  if (!Number.isInteger(request.count) || request.count < 1) {
    throw invalidValue(`TotalTargetCapacity must be a whole number of at least 1, not ${request.count}.`);
  }
  if (request.configs.length === 0)
    throw invalidValue('At least one launch template configuration is needed.');
  for (const { resourceType, tags } of request.tagSpecifications ?? []) {
    if (resourceType !== 'fleet' && resourceType !== 'instance') {
      throw invalidValue(
        `'${resourceType}' is not a taggable resource type for this operation: use 'fleet' or 'instance'.`,
      );
    }
    checkTags(tags);
  }
}
