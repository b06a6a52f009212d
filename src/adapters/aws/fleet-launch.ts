import { CreateFleetCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { isPortError, PortError } from '../../controller/errors.ts';
import type { LaunchRequest, LaunchResult } from '../../controller/ports.ts';
import type { Instance } from '../../engine/instance.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { isCapacityCode } from './error-codes.ts';
import { awsCode, awsWords, invalidAnswer } from './errors.ts';
import { readFleetAnswer } from './fleet-answer.ts';
import { describeLaunch, fleetRequest } from './fleet-request.ts';

/** What a launch needs besides its request. */
export interface LaunchContext {
  readonly ec2: EC2Client;
  readonly installation: string;
  /** The user's tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** All instances that carry the launch's tag, whatever their state. */
  readonly launchedBefore: (launchId: string) => Promise<readonly Instance[]>;
}

async function createFleet(
  request: LaunchRequest,
  context: LaunchContext,
  limits: CallLimits,
): Promise<LaunchResult> {
  const call = { system: 'ec2', doing: describeLaunch(request) } as const;
  const input = fleetRequest(request, context.installation, context.tags);
  const answer = await awsCall(call, limits, (options) =>
    context.ec2.send(new CreateFleetCommand(input), options),
  );
  const { requestId } = answer.$metadata;
  if (answer.FleetId === undefined) throw invalidAnswer(call, 'the fleet', requestId);
  return readFleetAnswer(answer, request, requestId);
}

/** The instances of an earlier, unanswered try. A failure to look says nothing of them: the launch stays open. */
async function earlier(request: LaunchRequest, context: LaunchContext): Promise<LaunchResult['launched']> {
  try {
    const instances = await context.launchedBefore(request.launchId);
    return instances.map(({ id, offering }) => ({ id, offering }));
  } catch (error) {
    if (!isPortError(error)) throw error;
    throw new PortError({ ...error.details, kind: 'unavailable', cause: error });
  }
}

/** A failure of CreateFleet that is a result after all; undefined when it is none. */
async function resultOf(
  error: unknown,
  request: LaunchRequest,
  context: LaunchContext,
): Promise<LaunchResult | undefined> {
  const code = awsCode(error);
  if (code === undefined) return undefined;
  if (isCapacityCode(code)) {
    return { launched: [], shortfalls: [{ code, message: awsWords(error) }] };
  }
  if (code !== 'IdempotentParameterMismatch') return undefined;
  // The token was spent under other settings, such as other tags: its instances are this launch's.
  const launched = await earlier(request, context);
  return launched.length === 0 ? undefined : { launched, shortfalls: [] };
}

/** What is missing that a launch names can never succeed: a new launch names what there is then. */
function asRefusal(error: unknown): unknown {
  if (!isPortError(error, 'not-found')) return error;
  return new PortError({ ...error.details, kind: 'refused' });
}

/**
 * Buys the instances of one request by an instant fleet. The same request again answers with the same
 * instances. Throws `refused` when the request can never succeed.
 */
export async function launchFleet(
  request: LaunchRequest,
  context: LaunchContext,
  limits: CallLimits,
): Promise<LaunchResult> {
  const result = await createFleet(request, context, limits).catch(async (error: unknown) => {
    const settled = await resultOf(error, request, context);
    if (settled !== undefined) return settled;
    throw asRefusal(error);
  });
  if (result.launched.length > 0 || result.shortfalls.length > 0) return result;
  const launched = await earlier(request, context);
  const message = 'EC2 answered with neither instances nor errors';
  return { launched, shortfalls: launched.length > 0 ? [] : [{ code: 'EmptyAnswer', message }] };
}
