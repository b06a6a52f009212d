import type { CreateFleetCommandInput, RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import type { AccessRequest } from './simulator.ts';

/** A launch template as the account has it. */
export interface KnownTemplate {
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly data: RequestLaunchTemplateData;
}

/** What IAM looks up of an account to decide about a call. */
export interface Account {
  readonly region: string;
  readonly number: string;
  /** The key that parameters are encrypted with, where it is not the account's own. */
  readonly kmsKey?: string;
  /** The key that encrypts disks, and its aliases; absent: the account's own. */
  readonly diskKey?: { readonly arn: string; readonly aliases: readonly string[] };
  /** The tags of an image or a snapshot; undefined when there is none of this id. */
  storedTags(id: string): ReadonlyMap<string, string> | undefined;
  /** The tags of an instance; undefined when there is none of this id. */
  instanceTags(id: string): ReadonlyMap<string, string> | undefined;
  /** A group by its name; undefined when there is none of this name. */
  group?(name: string): { readonly arn: string; readonly tags: ReadonlyMap<string, string> } | undefined;
  /** The name of the group that an instance is a member of. */
  groupOf?(instance: string): string | undefined;
  /** The version of a template by the template's id or name; undefined when there is none. */
  template(ref: {
    id?: string | undefined;
    name?: string | undefined;
    version?: string | undefined;
  }): KnownTemplate | undefined;
}

export type Context = AccessRequest['context'];
export type TagSpecifications = CreateFleetCommandInput['TagSpecifications'];
export type Tags = ReadonlyMap<string, string>;

export const NO_TAGS: Tags = new Map();

export function tagsFor(type: string, specifications: TagSpecifications): Tags {
  const tags = (specifications ?? []).flatMap(({ ResourceType, Tags: all = [] }) =>
    ResourceType === type ? all : [],
  );
  return new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

export function given(tags: Tags): Context {
  if (tags.size === 0) return {};
  return {
    ...Object.fromEntries([...tags].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': [...tags.keys()],
  };
}

export function carried(tags: Tags): Context {
  return Object.fromEntries([...tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

export function ec2Arn({ region, number }: Account, resource: string): string {
  return `arn:aws:ec2:${region}:${number}:${resource}`;
}

/** One action on something of EC2 that is made, and the tags that it gets with it. */
export function making(account: Account, action: string, type: string, tags: Tags): AccessRequest {
  return { action: `ec2:${action}`, resource: ec2Arn(account, `${type}/new`), context: given(tags) };
}

export function tagging(
  account: Account,
  createAction: string,
  type: string,
  tags: Tags,
): readonly AccessRequest[] {
  if (tags.size === 0) return [];
  const context = { ...given(tags), 'ec2:CreateAction': createAction };
  return [{ action: 'ec2:CreateTags', resource: ec2Arn(account, `${type}/new`), context }];
}

export function using(account: Account, action: string, resource: string, tags = NO_TAGS): AccessRequest {
  return { action: `ec2:${action}`, resource: ec2Arn(account, resource), context: carried(tags) };
}

/** An image or a snapshot: their ARNs name no account. */
export function stored(account: Account, action: string, resource: string, tags = NO_TAGS): AccessRequest {
  return {
    action: `ec2:${action}`,
    resource: `arn:aws:ec2:${account.region}::${resource}`,
    context: carried(tags),
  };
}
