import { ssmClient } from '../adapters/aws/clients.ts';
import { readParameter } from '../adapters/aws/parameters.ts';
import { seconds } from '../engine/time.ts';

const PARAMETER_TIMEOUT = seconds(10);

/** Reads one SSM parameter, for `${ssm:NAME}` in the configuration. */
export async function readConfigParameter(name: string, region: string, endpoint?: string): Promise<string> {
  const ssm = ssmClient({ region, endpoints: endpoint === undefined ? {} : { ssm: endpoint } });
  return readParameter(ssm, name, AbortSignal.timeout(PARAMETER_TIMEOUT), PARAMETER_TIMEOUT);
}
