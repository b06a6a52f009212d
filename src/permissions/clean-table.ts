import { placesOf } from './facts.ts';
import { groupArn, ownedGroup } from './group-table.ts';
import { anything, ec2, imageParameters, inTheirRegions, NEW_ID, owned, type RolePermission } from './row.ts';

/** The tag of images that `runtide image` has had built: that of src/adapters/aws/left-images.ts. */
export const IMAGE = 'runtide:image';

/** Images and snapshots belong to a region and to no account, as far as their ARNs say. */
function everywhere(type: string): RolePermission['resources'] {
  return (facts) =>
    placesOf(facts).map(({ partition, region }) => `arn:${partition}:ec2:${region}::${type}/*`);
}

/** What `runtide clean` does with the rights of whoever calls it. */
export const CLEAN_PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'clean',
    sid: 'LookForLeftovers',
    actions: {
      'ec2:DescribeImages': 'which images "runtide image" has had built',
      'ec2:DescribeInstances': 'whether instances run from what could go',
      'ec2:DescribeLaunchTemplates': 'which launch templates the installation has',
      'ec2:DescribeLaunchTemplateVersions': 'which images launch templates name',
    },
    resources: anything,
    conditions: inTheirRegions,
    wildcard: 'EC2 ties none of its Describe actions to resources; bound to the region',
  },
  {
    role: 'clean',
    sid: 'LookImagesUp',
    actions: { 'ssm:GetParameter': 'which image a pool means now' },
    resources: imageParameters,
  },
  {
    role: 'clean',
    sid: 'DeleteItsTemplates',
    actions: { 'ec2:DeleteLaunchTemplate': 'the launch template of a pool that is gone' },
    resources: ec2('launch-template'),
    conditions: owned,
    wildcard: `${NEW_ID}; bound to templates with the tag of this installation`,
  },
  {
    role: 'clean',
    sid: 'LookForGroups',
    actions: {
      'autoscaling:DescribeAutoScalingGroups': 'which Auto Scaling groups the installation has',
    },
    resources: anything,
    conditions: inTheirRegions,
    wildcard: 'Auto Scaling ties none of its Describe actions to resources; bound to the region',
  },
  {
    role: 'clean',
    sid: 'DeleteItsGroups',
    actions: {
      'autoscaling:DeleteAutoScalingGroup': 'the group of a pool that is gone, or has no group any more',
    },
    resources: (facts) => placesOf(facts).map((place) => groupArn(place, `runtide-${facts.installation}-*`)),
    conditions: ownedGroup,
    wildcard:
      'which pools there have been is not known; bound to groups with the tag of this installation, and a name that Runtide gives',
  },
  {
    role: 'clean',
    sid: 'DeregisterBuiltImages',
    actions: { 'ec2:DeregisterImage': 'an old image that nothing uses' },
    resources: everywhere('image'),
    conditions: () => ({ Null: { [`aws:ResourceTag/${IMAGE}`]: 'false' } }),
    wildcard: `${NEW_ID}; bound to images that "runtide image" has had built`,
  },
  {
    role: 'clean',
    sid: 'DeleteSnapshotsOfPacker',
    actions: { 'ec2:DeleteSnapshot': 'the snapshot of such an image, which Packer tags alike' },
    resources: everywhere('snapshot'),
    conditions: () => ({ Null: { [`aws:ResourceTag/${IMAGE}`]: 'false' } }),
    wildcard: `${NEW_ID}; bound to snapshots with the tag of such an image`,
  },
  {
    role: 'clean',
    sid: 'DeleteSnapshotsOfImageBuilder',
    actions: { 'ec2:DeleteSnapshot': 'EC2 Image Builder gives snapshots only a tag of its own' },
    resources: everywhere('snapshot'),
    conditions: () => ({ StringEquals: { 'aws:ResourceTag/CreatedBy': 'EC2 Image Builder' } }),
    wildcard: `${NEW_ID}; bound to snapshots of EC2 Image Builder; one that an image is made of stays in any case`,
  },
  {
    role: 'clean',
    sid: 'AssumeRolesOfPoolsToClean',
    actions: { 'sts:AssumeRole': 'pools with a role of their own are in the account of that role' },
    resources: ({ assumed = [] }) => assumed,
  },
];
