import type { Conditions } from './policy.ts';
import { arnIn, type Place } from './place.ts';

/** A use of a KMS key that stands in the configuration by id, by alias or by ARN. */
export interface KeyUse {
  readonly place: Place;
  readonly key: string;
}

function aliasOf({ key }: KeyUse): string | undefined {
  return /(?:^|:)(alias\/.+)$/.exec(key)?.[1];
}

/** The keys that are named, by their ARNs. */
export function namedKeys(uses: readonly KeyUse[]): readonly string[] {
  return uses
    .filter((use) => aliasOf(use) === undefined)
    .map(({ place, key }) => (key.startsWith('arn:') ? key : arnIn(place, 'kms', `key/${key}`)));
}

/** All keys of the places in which one is meant by its alias: policies do not follow aliases. */
export function keysWithAliases(uses: readonly KeyUse[]): readonly string[] {
  return uses.filter((use) => aliasOf(use) !== undefined).map(({ place }) => arnIn(place, 'kms', 'key/*'));
}

/** The key has one of the aliases. */
export function haveAliases(uses: readonly KeyUse[]): Conditions {
  const aliases = [...new Set(uses.flatMap((use) => aliasOf(use) ?? []))];
  return { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': aliases } };
}
