import type { CreateFleetError, CreateFleetInstance, CreateFleetResult } from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import type { LaunchRequest, LaunchResult, LaunchShortfall } from '../../controller/ports.ts';
import type { Offering } from '../../engine/pool.ts';
import { isCapacityCode, meaningOf } from './error-codes.ts';
import { describeLaunch } from './fleet-request.ts';

/** The offering of the request that a part of the answer speaks of. */
function offeringIn(
  part: CreateFleetError | CreateFleetInstance,
  offerings: readonly Offering[],
): Offering | undefined {
  const override = part.LaunchTemplateAndOverrides?.Overrides;
  const type = override?.InstanceType ?? ('InstanceType' in part ? part.InstanceType : undefined);
  const candidates = offerings.filter((offering) => offering.instanceType === type);
  return candidates.find((offering) => offering.subnet === override?.SubnetId) ?? candidates[0];
}

function launched(answer: CreateFleetResult, request: LaunchRequest): LaunchResult['launched'] {
  return (answer.Instances ?? []).flatMap((part) => {
    const offering = offeringIn(part, request.offerings) ?? request.offerings[0];
    return offering === undefined ? [] : (part.InstanceIds ?? []).map((id) => ({ id, offering }));
  });
}

function shortfall(error: CreateFleetError, request: LaunchRequest): LaunchShortfall {
  const offering = offeringIn(error, request.offerings);
  // Throttling is nothing that another offering would mend.
  const isThrottling = meaningOf(error.ErrorCode ?? '')?.kind === 'throttled';
  return {
    ...(offering === undefined || isThrottling ? {} : { offering }),
    code: error.ErrorCode ?? 'Unknown',
    message: error.ErrorMessage ?? '',
  };
}

/** Whether the code names a mistake that every repetition would meet again. */
function isMistake(code: string): boolean {
  const kind = meaningOf(code)?.kind;
  return !isCapacityCode(code) && (kind === 'refused' || kind === 'unauthorized' || kind === 'not-found');
}

/**
 * Reads what a fleet gave. Throws `refused` when it gave nothing and every error names a mistake. Even a
 * missing permission is `refused` here: the launch's token is spent, so only a new launch can succeed.
 */
export function readFleetAnswer(
  answer: CreateFleetResult,
  request: LaunchRequest,
  requestId: string | undefined,
): LaunchResult {
  const result = {
    launched: launched(answer, request),
    shortfalls: (answer.Errors ?? []).map((error) => shortfall(error, request)),
  };
  const [first] = result.shortfalls;
  if (first === undefined || result.launched.length > 0) return result;
  if (!result.shortfalls.every(({ code }) => isMistake(code))) return result;
  const next = meaningOf(first.code)?.next;
  throw new PortError({
    kind: 'refused',
    system: 'ec2',
    doing: describeLaunch(request),
    why: `${first.code}: ${first.message}`,
    ...(next === undefined ? {} : { next }),
    ...(requestId === undefined ? {} : { requestId }),
  });
}
