/** Tags: rows of their own, keyed by the resource's id (facts §12.3). */
import { emptyTagSpecification, invalidParameterValue, notTaggable, reservedTagKey, tagLimitExceeded } from "../base/api-error.ts";
import { prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface TaggedResource {
  readonly id: string;
  /** As in TagSpecifications: `instance`, `volume`, `network-interface`. */
  readonly type: string;
  readonly account: string;
  readonly region: string;
}

const tagLimit = 50;

interface TagRequest {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

interface TagSpecificationRequest {
  readonly ResourceType?: string | undefined;
  readonly Tags?: readonly TagRequest[] | undefined;
}

/** The tags of a request, checked: keys 1 to 128 characters and not reserved, values up to 256, each key once. */
export function parseTags(tags: readonly TagRequest[]): Tag[] {
  const parsed = new Map<string, string>();
  for (const { Key: key = "", Value: value = "" } of tags) {
    if (key.length === 0 || key.length > 128) throw invalidParameterValue(`Tag keys must be between 1 and 128 characters in length: '${key}'`);
    if (value.length > 256) throw invalidParameterValue(`The tag value exceeds the maximum of 256 characters, for key '${key}'.`);
    if (/^aws:/i.test(key)) throw reservedTagKey();
    if (parsed.has(key)) throw invalidParameterValue(`Duplicate tag key '${key}' specified.`);
    parsed.set(key, value);
  }
  if (parsed.size > tagLimit) throw tagLimitExceeded(tagLimit);
  return Array.from(parsed, ([key, value]) => ({ key, value }));
}

/** The tags of each resource type that a creating call may tag. */
export function parseTagSpecifications(
  specifications: readonly TagSpecificationRequest[] | undefined,
  allowedTypes: readonly string[],
): ReadonlyMap<string, readonly Tag[]> {
  const byType = new Map<string, readonly Tag[]>();
  for (const { ResourceType: type = "", Tags: tags = [] } of specifications ?? []) {
    if (!allowedTypes.includes(type)) throw notTaggable(type);
    if (tags.length === 0) throw emptyTagSpecification();
    byType.set(type, parseTags([...(byType.get(type) ?? []).map(({ key, value }) => ({ Key: key, Value: value })), ...tags]));
  }
  return byType;
}

/** Writes the tags over those of the same keys. Fails when the resource would have more than 50. */
export async function putTags(tx: Tx, resource: TaggedResource, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) return;
  const present = await tx.db.selectFrom("tags").select("key").where("resource_id", "=", resource.id).execute();
  if (new Set([...present.map((row) => row.key), ...tags.map((tag) => tag.key)]).size > tagLimit) throw tagLimitExceeded(tagLimit);
  await tx.db
    .insertInto("tags")
    .values(
      tags.map(({ key, value }) => ({
        resource_id: resource.id,
        key,
        value,
        account: resource.account,
        region: resource.region,
        resource_type: resource.type,
      })),
    )
    .onConflict((conflict) => conflict.columns(["resource_id", "key"]).doUpdateSet(({ ref }) => ({ value: ref("excluded.value") })).where("tags.account", "=", resource.account))
    .execute();
}

/** The tags of each of the resources, keys in order. */
export async function listTags(tx: Tx, resourceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Tag[]>> {
  const byResource = new Map<string, Tag[]>();
  if (resourceIds.length === 0) return byResource;
  for (const { resource_id: id, key, value } of await selectTagsOf(tx, resourceIds)) byResource.set(id, [...(byResource.get(id) ?? []), { key, value }]);
  return byResource;
}

const selectTagsOf = prepareForList((db, resourceIds: readonly string[]) =>
  db.selectFrom("tags").select(["resource_id", "key", "value"]).where("resource_id", "in", resourceIds).orderBy("key"),
);

export async function removeAllTags(tx: Tx, resourceId: string): Promise<void> {
  await tx.db.deleteFrom("tags").where("resource_id", "=", resourceId).execute();
}

/** All tags of the owner's resources of one type, by resource, keys in order. */
export async function listTagsOfType(tx: Tx, owner: { account: string; region: string }, type: string): Promise<ReadonlyMap<string, readonly Tag[]>> {
  const mine = tx.db.selectFrom("tags").select(["resource_id", "key", "value"]).where("account", "=", owner.account).where("region", "=", owner.region);
  const byResource = new Map<string, Tag[]>();
  for (const { resource_id: id, key, value } of await mine.where("resource_type", "=", type).orderBy("key").execute()) {
    const tags = byResource.get(id);
    if (tags === undefined) byResource.set(id, [{ key, value }]);
    else tags.push({ key, value });
  }
  return byResource;
}
