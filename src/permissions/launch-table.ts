import { type Facts, placeOfPool, regionsOf } from './facts.ts';
import { haveAliases, type KeyUse, keysWithAliases, namedKeys } from './key-use.ts';
import type { Permission } from './permission.ts';
import { arnIn, imageArn } from './place.ts';
import type { Conditions } from './policy.ts';
import {
  becomesOwned,
  ec2,
  making,
  NEW_ID,
  ofPools,
  oneOrMore,
  type RolePermission,
  through,
  using,
} from './row.ts';

/** Whether any pool buys spot. */
export function anySpot({ pools }: Facts): boolean {
  return pools.some(({ market }) => market === 'spot');
}

const operatorsTemplates = ofPools((pool, facts) =>
  pool.template === undefined
    ? []
    : [arnIn(placeOfPool(facts, pool), 'ec2', `launch-template/${pool.template}`)],
);

/** What the operator's templates may name, wherever pools with one are. */
function namedByOperators(...types: readonly string[]) {
  return ofPools((pool, facts) => {
    const place = placeOfPool(facts, pool);
    if (pool.template === undefined) return [];
    return [...types.map((type) => arnIn(place, 'ec2', `${type}/*`)), imageArn(place, '*')];
  });
}

/** The launch is from one of the operator's templates. */
function fromOperatorsTemplates(facts: Facts): Conditions {
  return { ArnEquals: { 'ec2:LaunchTemplate': oneOrMore(operatorsTemplates(facts)) } };
}

const BY_TEMPLATE = 'your launch template names it; bound to launches from that template';

/** The keys of pools' own root volumes. */
function diskKeys(facts: Facts): readonly KeyUse[] {
  return facts.pools.flatMap((pool) =>
    pool.volumeKey === undefined ? [] : [{ place: placeOfPool(facts, pool), key: pool.volumeKey }],
  );
}

const DISK_KEY_ACTIONS: Permission['actions'] = {
  'kms:DescribeKey': 'EBS looks the key of a disk up',
  'kms:GenerateDataKeyWithoutPlaintext': 'every disk is encrypted with a data key of its own',
  'kms:ReEncryptFrom': 'the snapshot of an image may be encrypted with this key',
  'kms:ReEncryptTo': 'the snapshot of an image may be encrypted with another key',
  'kms:Decrypt': 'a disk is made of the encrypted snapshot of an image',
};
const DISK_GRANT: Permission['actions'] = {
  'kms:CreateGrant': 'EC2 opens the disk for the instance whenever it starts',
};

/** Rows for keys by name and by alias, with the same conditions. */
function diskKeyRows(
  sid: string,
  actions: Permission['actions'],
  conditions: (facts: Facts) => Conditions,
): readonly RolePermission[] {
  return [
    { role: 'pools', sid, actions, resources: (facts) => namedKeys(diskKeys(facts)), conditions },
    {
      role: 'pools',
      sid: `${sid}ByAlias`,
      actions,
      resources: (facts) => keysWithAliases(diskKeys(facts)),
      conditions: (facts) => ({ ...conditions(facts), ...haveAliases(diskKeys(facts)) }),
      wildcard: 'policies do not follow aliases; bound to keys that have the alias',
    },
  ];
}

/** What a launch touches. */
export const LAUNCH_PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'pools',
    sid: 'LaunchTheseImagesInTheseSubnets',
    actions: {
      'ec2:CreateFleet': 'a launch asks for one fleet over all types and subnets of the pool',
      'ec2:RunInstances': 'an instant fleet launches with the rights of its caller',
    },
    resources: ofPools((pool, facts) => {
      const place = placeOfPool(facts, pool);
      return [
        ...(pool.image === undefined || pool.image === '*' ? [] : [imageArn(place, pool.image)]),
        ...pool.subnets.map((subnet) => arnIn(place, 'ec2', `subnet/${subnet}`)),
      ];
    }),
  },
  {
    role: 'pools',
    sid: 'LaunchImagesThatAreLookedUp',
    actions: {
      'ec2:CreateFleet': 'a parameter or a name tells which image it is',
      'ec2:RunInstances': 'so do the instances of the fleet',
    },
    resources: ofPools((pool, facts) =>
      pool.image === '*' ? [imageArn(placeOfPool(facts, pool), '*')] : [],
    ),
    wildcard:
      'what a look-up finds is not known before; instances, subnets and templates are bound all the same',
  },
  {
    role: 'pools',
    sid: 'LaunchWithTheseSecurityGroups',
    actions: { 'ec2:RunInstances': 'the launch template names the security groups of the pool' },
    resources: ofPools((pool, facts) =>
      pool.securityGroups.map((id) => arnIn(placeOfPool(facts, pool), 'ec2', `security-group/${id}`)),
    ),
  },
  using('LaunchFromItsTemplates', 'launch-template', {
    'ec2:CreateFleet': 'a fleet launches from the launch template of the pool',
    'ec2:RunInstances': 'so do the instances of the fleet',
  }),
  {
    role: 'pools',
    sid: 'LaunchFromYourTemplates',
    actions: {
      'ec2:CreateFleet': 'a fleet launches from the launch template of your own that the pool names',
      'ec2:RunInstances': 'so do the instances of the fleet',
    },
    resources: operatorsTemplates,
  },
  {
    role: 'pools',
    sid: 'LaunchWhatYourTemplatesName',
    actions: {
      'ec2:RunInstances': 'image, security groups, key pair and disks stand in your launch template',
    },
    resources: namedByOperators('security-group', 'key-pair', 'volume', 'network-interface'),
    conditions: fromOperatorsTemplates,
    wildcard: BY_TEMPLATE,
  },
  {
    role: 'pools',
    sid: 'FleetsMayNameWhatYourTemplatesName',
    actions: { 'ec2:CreateFleet': 'the fleet is asked for the image of your launch template' },
    resources: namedByOperators(),
    wildcard: 'your launch template names it; without the right to launch instances it gives nothing',
  },
  {
    role: 'pools',
    sid: 'TagAsYourTemplatesSay',
    actions: { 'ec2:CreateTags': 'your launch template may give tags to disks and network interfaces' },
    resources: ofPools((pool, facts) => {
      const place = placeOfPool(facts, pool);
      const types = pool.template === undefined ? [] : ['volume', 'network-interface'];
      return types.map((type) => arnIn(place, 'ec2', `${type}/*`));
    }),
    conditions: () => ({ StringEquals: { 'ec2:CreateAction': 'RunInstances' } }),
    wildcard: `${NEW_ID}; bound to the launch that makes it`,
  },
  making('LaunchItsInstances', ['instance'], {
    'ec2:CreateFleet': 'the fleet asks for instances',
    'ec2:RunInstances': 'the instances themselves',
  }),
  making('MakeItsFleets', ['fleet'], {
    'ec2:CreateFleet': 'the fleet itself, which ends with the launch',
  }),
  making('LaunchWithTheirDisks', ['volume', 'network-interface'], {
    'ec2:RunInstances': 'every instance gets a disk and a network interface, tagged by the template',
  }),
  {
    role: 'pools',
    sid: 'FleetsMayNameDisks',
    actions: {
      'ec2:CreateFleet': 'the template of a fleet may speak of disks; their tags are checked at RunInstances',
    },
    resources: ec2('volume'),
    wildcard: `${NEW_ID}; without the right to launch instances it gives nothing`,
  },
  {
    role: 'pools',
    sid: 'LaunchSpot',
    actions: { 'ec2:RunInstances': 'a spot instance comes with a spot request' },
    resources: (facts) => (anySpot(facts) ? ec2('spot-instances-request')(facts) : []),
    wildcard: `${NEW_ID}, and it gets no tags; without the right to launch instances it gives nothing`,
  },
  {
    role: 'pools',
    sid: 'TagWhatItMakes',
    actions: {
      'ec2:CreateTags': 'tags at creation tell what belongs to which installation, pool and launch',
    },
    resources: ec2('fleet', 'instance', 'volume', 'network-interface', 'launch-template'),
    conditions: (facts) => ({
      StringEquals: {
        ...becomesOwned(facts)['StringEquals'],
        'ec2:CreateAction': ['CreateFleet', 'RunInstances', 'CreateLaunchTemplate'],
      },
    }),
    wildcard: `${NEW_ID}; bound to the call that makes it, with the tag of this installation`,
  },
  ...diskKeyRows('EncryptDisks', DISK_KEY_ACTIONS, (facts) => ({
    StringEquals: through(facts, 'ec2', regionsOf(facts)),
  })),
  ...diskKeyRows('OpenDisks', DISK_GRANT, (facts) => ({
    StringEquals: through(facts, 'ec2', regionsOf(facts)),
    Bool: { 'kms:GrantIsForAWSResource': 'true' },
  })),
];
