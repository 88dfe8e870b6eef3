/** Tags of identities: rows of `tags` under the entity's unique id, of no region. Their keys differ in more than case. */
import { identityLimitExceeded, invalidIdentityInput } from "../base/api-error.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { Tx } from "../store/store.ts";

export interface EntityTag {
  readonly key: string;
  readonly value: string;
}

const tagLimit = 50;

/** Keys in order. */
export async function listEntityTags(tx: Tx, entityId: string): Promise<EntityTag[]> {
  return tx.db.selectFrom("tags").select(["key", "value"]).where("resource_id", "=", entityId).orderBy("key").execute();
}

/** The tags of a request, checked. */
export function parseEntityTags(tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = []): EntityTag[] {
  const parsed = tags.map(({ Key: key = "", Value: value = "" }) => ({ key, value }));
  for (const { key } of parsed) if (/^aws:/i.test(key)) throw invalidIdentityInput("Tag keys that begin with aws: are reserved.");
  if (new Set(parsed.map(({ key }) => key.toLowerCase())).size < parsed.length) throw invalidIdentityInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  return parsed;
}

/** Writes the tags over those of the same keys. Fails when the entity would have more than 50. */
export async function putEntityTags(tx: Tx, { id, account, kind }: IamEntityRow, tags: readonly EntityTag[]): Promise<void> {
  if (tags.length === 0) return;
  const written = new Set(tags.map(({ key }) => key.toLowerCase()));
  const replaced = (await listEntityTags(tx, id)).filter(({ key }) => written.has(key.toLowerCase()));
  await untagEntity(tx, id, replaced.map(({ key }) => key));
  if ((await listEntityTags(tx, id)).length + tags.length > tagLimit) throw identityLimitExceeded(`The number of tags has reached the maximum limit of ${tagLimit}.`);
  await tx.db.insertInto("tags").values(tags.map((tag) => ({ resource_id: id, ...tag, account, region: "", resource_type: kind }))).execute();
}

export async function untagEntity(tx: Tx, entityId: string, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await tx.db.deleteFrom("tags").where("resource_id", "=", entityId).where("key", "in", keys).execute();
}
