import type { Instant } from '../../../engine/time.ts';
import type { Tag, TagSpecification } from './tags.ts';

/** How an instance sees its own metadata; absent means EC2's default. */
export interface MetadataOptions {
  readonly httpEndpoint?: string | undefined;
  readonly httpTokens?: string | undefined;
  readonly httpPutResponseHopLimit?: number | undefined;
  readonly httpProtocolIpv6?: string | undefined;
  /** `enabled` shows the instance its own tags. */
  readonly instanceMetadataTags?: string | undefined;
}

/** A disk; sizes in GiB, throughput in MiB/s. */
export interface BlockDevice {
  readonly deviceName?: string | undefined;
  readonly ebs?:
    | {
        readonly volumeSize?: number | undefined;
        readonly volumeType?: string | undefined;
        readonly iops?: number | undefined;
        readonly throughput?: number | undefined;
        readonly encrypted?: boolean | undefined;
        readonly kmsKeyId?: string | undefined;
        readonly snapshotId?: string | undefined;
        readonly deleteOnTermination?: boolean | undefined;
      }
    | undefined;
}

export interface NetworkInterface {
  readonly deviceIndex?: number | undefined;
  readonly subnetId?: string | undefined;
  readonly associatePublicIpAddress?: boolean | undefined;
  readonly deleteOnTermination?: boolean | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** What an instance of a launch template is made of. */
export interface LaunchTemplateData {
  readonly imageId?: string | undefined;
  readonly instanceType?: string | undefined;
  readonly keyName?: string | undefined;
  /** Base64; at most 16 KiB when decoded. */
  readonly userData?: string | undefined;
  readonly ebsOptimized?: boolean | undefined;
  readonly instanceInitiatedShutdownBehavior?: string | undefined;
  readonly iamInstanceProfile?:
    { readonly arn?: string | undefined; readonly name?: string | undefined } | undefined;
  readonly metadataOptions?: MetadataOptions | undefined;
  readonly monitoring?: { readonly enabled?: boolean | undefined } | undefined;
  readonly creditSpecification?: { readonly cpuCredits?: string | undefined } | undefined;
  readonly securityGroupIds?: readonly string[] | undefined;
  readonly blockDevices?: readonly BlockDevice[] | undefined;
  readonly networkInterfaces?: readonly NetworkInterface[] | undefined;
  readonly tagSpecifications?: readonly TagSpecification[] | undefined;
}

export interface LaunchTemplateVersion {
  readonly templateId: string;
  readonly templateName: string;
  readonly version: number;
  readonly isDefault: boolean;
  readonly description?: string | undefined;
  readonly createdAt: Instant;
  readonly data: LaunchTemplateData;
}

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly defaultVersion: number;
  readonly latestVersion: number;
  readonly tags: readonly Tag[];
}

/** Names a launch template: by id or by name, never both. */
export interface TemplateRef {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

/** Names one version: a number, `$Latest` or `$Default`; absent is `$Default`. */
export interface TemplateVersionRef extends TemplateRef {
  readonly version?: string | undefined;
}

export interface CreateTemplateRequest {
  readonly clientToken?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  readonly data: LaunchTemplateData;
  /** Tags of the template itself: resource type `launch-template`. */
  readonly tagSpecifications?: readonly TagSpecification[] | undefined;
}

export interface CreateTemplateVersionRequest extends TemplateRef {
  readonly clientToken?: string | undefined;
  readonly description?: string | undefined;
  /** The version that gives whatever `data` leaves out. */
  readonly sourceVersion?: string | undefined;
  readonly data: LaunchTemplateData;
}

/** One version that was to be deleted. */
export interface DeletedVersion {
  readonly number: string;
  /** Present where it stays. */
  readonly refusal?: { readonly code: string; readonly message: string };
}

/** What became of the versions of one template. */
export interface VersionsDeletion {
  readonly template: LaunchTemplate;
  readonly deleted: readonly DeletedVersion[];
  readonly kept: readonly DeletedVersion[];
}
