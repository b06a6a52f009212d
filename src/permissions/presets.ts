import type { Permission } from './permission.ts';
import { arnIn, type Place } from './place.ts';
import { PermissionError } from './policy.ts';

/** Names of the ready-made permissions of CI jobs. */
export const PRESETS = ['ecr-push', 'ecs-update-service', 'elb-target-health'] as const;

export type Preset = (typeof PRESETS)[number];

/** What CI jobs may do in AWS. */
export interface JobFacts {
  readonly place: Place;
  readonly presets: readonly Preset[];
  /** ECR repositories, for `ecr-push`. */
  readonly repositories: readonly string[];
  /** ECS services as `cluster/service`, for `ecs-update-service`. */
  readonly services: readonly string[];
}

const REPOSITORY = /^(?=.{2,256}$)[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const SERVICE = /^[\w-]{1,255}\/[\w-]{1,255}$/;

interface Names {
  readonly what: string;
  readonly option: string;
  readonly preset: Preset;
  readonly pattern: RegExp;
}

const NAMES: Readonly<Record<'repositories' | 'services', Names>> = {
  repositories: {
    what: 'an ECR repository',
    option: '--repository',
    preset: 'ecr-push',
    pattern: REPOSITORY,
  },
  services: {
    what: 'an ECS service with its cluster, such as web/api',
    option: '--service',
    preset: 'ecs-update-service',
    pattern: SERVICE,
  },
};

function checkNames(
  { what, option, preset, pattern }: Names,
  names: readonly string[],
  facts: JobFacts,
): void {
  const asked = facts.presets.includes(preset);
  if (asked && names.length === 0) {
    throw new PermissionError(`preset ${preset} needs to know what it is for: give ${what} by ${option}`);
  }
  if (!asked && names.length > 0) {
    throw new PermissionError(
      `${option} belongs to preset ${preset}: add --preset ${preset}, or leave it out`,
    );
  }
  const wrong = names.find((name) => !pattern.test(name));
  if (wrong === undefined) return;
  throw new PermissionError(
    `${JSON.stringify(wrong)} does not name ${what}: give each by its full name, without wildcards`,
  );
}

/** Throws `PermissionError` where a preset lacks its names, or where they are none. */
export function checkJobFacts(facts: JobFacts): void {
  checkNames(NAMES.repositories, facts.repositories, facts);
  checkNames(NAMES.services, facts.services, facts);
}

/** What a preset allows, only where it is asked for. */
function within(preset: Preset, resources: (facts: JobFacts) => readonly string[]) {
  return (facts: JobFacts): readonly string[] => (facts.presets.includes(preset) ? resources(facts) : []);
}

const inRegion = ({ place }: JobFacts) => ({ StringEquals: { 'aws:RequestedRegion': place.region } });

/** Every action that the presets give to CI jobs, and why. */
export const JOB_PERMISSIONS: readonly Permission<JobFacts>[] = [
  {
    sid: 'LogInToEcr',
    actions: {
      'ecr:GetAuthorizationToken': 'the password for "docker login"; it opens only what else is allowed',
    },
    resources: within('ecr-push', () => ['*']),
    conditions: inRegion,
    wildcard: 'ECR ties this action to no resource; bound to the region',
  },
  {
    sid: 'PushAndPullImages',
    actions: {
      'ecr:BatchCheckLayerAvailability':
        'a push asks which layers are there already; a pull, whether they are',
      'ecr:InitiateLayerUpload': 'a push begins a layer',
      'ecr:UploadLayerPart': 'a push sends a layer',
      'ecr:CompleteLayerUpload': 'a push ends a layer',
      'ecr:PutImage': 'a push names the image',
      'ecr:BatchGetImage': 'a pull, and a push that looks for the image before it, read the manifest',
      'ecr:GetDownloadUrlForLayer': 'a pull, such as of cached layers, reads the layers',
    },
    resources: within('ecr-push', ({ place, repositories }) =>
      repositories.map((name) => arnIn(place, 'ecr', `repository/${name}`)),
    ),
  },
  {
    sid: 'UpdateServices',
    actions: {
      'ecs:UpdateService': 'rolls a new deployment out',
      'ecs:DescribeServices': 'waits until the deployment is stable',
    },
    resources: within('ecs-update-service', ({ place, services }) =>
      services.map((name) => arnIn(place, 'ecs', `service/${name}`)),
    ),
  },
  {
    sid: 'ReadTargetHealth',
    actions: { 'elasticloadbalancing:DescribeTargetHealth': 'whether what was rolled out answers' },
    resources: within('elb-target-health', () => ['*']),
    conditions: inRegion,
    wildcard: 'Elastic Load Balancing ties none of its Describe actions to resources; bound to the region',
  },
];
