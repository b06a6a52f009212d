import { stringify } from 'yaml';
import type { Place } from '../adapters/memory/ec2/place.ts';
import type { SandboxPool } from './pools.ts';

export interface ConfigFileOptions {
  readonly gitlabUrl: string;
  readonly awsUrl: string;
  /** The queue of EC2's events. */
  readonly eventsUrl: string;
  readonly place: Place;
  readonly projects: readonly string[];
  readonly ports: { readonly webhook: number; readonly status: number };
  readonly pools: readonly (SandboxPool & { readonly runnerId: number; readonly tokenParameter: string })[];
}

/**
 * The configuration of the sandbox's daemon: what a production file holds, with endpoints that point at
 * the doubles and times short enough to watch. Secrets come from the environment.
 */
export function configFile({ place, projects, ports, pools, ...urls }: ConfigFileOptions): string {
  const { gitlabUrl, awsUrl, eventsUrl } = urls;
  return stringify({
    installation: 'sandbox',
    gitlab: { url: gitlabUrl, token: '${env:GITLAB_TOKEN}', projects },
    webhook: {
      listen: `127.0.0.1:${ports.webhook}`,
      token: '${env:RUNTIDE_WEBHOOK_TOKEN}',
      signingToken: '${env:RUNTIDE_WEBHOOK_SIGNING_TOKEN}',
    },
    aws: {
      region: place.region,
      endpoints: { ec2: awsUrl, autoScaling: awsUrl, ssm: awsUrl, sqs: awsUrl },
      events: { queue: eventsUrl },
    },
    status: { listen: `127.0.0.1:${ports.status}` },
    pollInterval: '2s',
    orphanGrace: '15s',
    pools: Object.fromEntries(
      pools.map(({ name, tags, runUntagged, slots, max, instanceType, runnerId, tokenParameter }) => [
        name,
        {
          runner: { id: runnerId, tokenParameter },
          tags,
          runUntagged,
          checkInterval: '1s',
          slots,
          max,
          idle: { time: '5s' },
          cooldown: '2s',
          bootTimeout: '60s',
          instances: {
            image: place.images[0]?.id,
            types: [instanceType],
            subnets: place.subnets.map(({ id }) => id),
            securityGroups: place.securityGroups.map(({ id }) => id),
            profile: 'sandbox-instance',
          },
        },
      ]),
    ),
  });
}
