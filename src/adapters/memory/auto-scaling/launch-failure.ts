import type { Market } from '../../../engine/pool.ts';

/** What EC2 refused to a group. */
export interface LaunchFailure {
  readonly code: string;
  readonly message: string;
  readonly market: Market;
  readonly instanceType: string;
  readonly subnet: string;
  readonly zone: string;
}

/** The status message of the activity that failed, as AWS writes it; `mixed`: the group has a policy for markets. */
export function failureMessage(failure: LaunchFailure, mixed: boolean): string {
  return `${reason(failure, mixed)} Launching EC2 instance failed.`;
}

function reason({ code, message, market, instanceType, zone }: LaunchFailure, mixed: boolean): string {
  if (mixed) {
    const which = market === 'spot' ? 'Spot' : 'On-Demand';
    return `Could not launch ${which} Instances. ${code} - ${message}`;
  }
  if (code !== 'InsufficientInstanceCapacity') return message;
  return (
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). ` +
    'Our system will be working on provisioning additional capacity.'
  );
}
