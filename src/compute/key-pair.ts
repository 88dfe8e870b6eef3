/** Key pairs as rows: a name that is unique in its account and region, and the public half (facts §12.2). */
import { duplicateKeyPair, invalidParameterValue, limitExceeded, missingParameter, notFound } from "../base/api-error.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { KeyPairRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import type { ImportedKeyPair, KeyFormat, KeyType } from "./key-pair-material.ts";
import { ownedRows, type Owner } from "./owned-rows.ts";
import { putTags, removeAllTags, type Tag } from "./tags.ts";

const maxNameLength = 255;
const keyPairLimit = 5000;

export function requireKeyName(name: string): string {
  if (name.trim() === "") throw missingParameter("KeyName");
  if (name.length > maxNameLength || !/^[\x20-\x7e]+$/.test(name)) {
    throw invalidParameterValue(`Value (${name}) for parameter KeyName is invalid. Expecting up to ${maxNameLength} ASCII characters.`);
  }
  return name;
}

export function parseKeyType(type: string | undefined): KeyType {
  if (type === undefined || type === "rsa" || type === "ed25519") return type ?? "rsa";
  throw invalidParameterValue(`Value (${type}) for parameter KeyType is invalid. Valid values are rsa, ed25519.`);
}

export function parseKeyFormat(format: string | undefined): KeyFormat {
  if (format === undefined || format === "pem" || format === "ppk") return format ?? "pem";
  throw invalidParameterValue(`Value (${format}) for parameter KeyFormat is invalid. Valid values are pem, ppk.`);
}

/** Fails when the name is taken or the account has all the key pairs that it may have. */
export async function refuseTakenKeyName(tx: Tx, owner: Owner, name: string): Promise<void> {
  const rows = await ownedRows(tx, "key_pairs", owner);
  if (rows.some((row) => row.name === name)) throw duplicateKeyPair(name);
  if (rows.length >= keyPairLimit) throw limitExceeded("KeyPairLimitExceeded", `The maximum number of key pairs, ${keyPairLimit}, has been reached.`);
}

export async function createKeyPair(
  tx: Tx,
  owner: Owner,
  pair: ImportedKeyPair & { readonly name: string },
  tags: readonly Tag[],
  random: Random,
  now: number,
): Promise<KeyPairRow> {
  const row: KeyPairRow = {
    id: newId("keyPair", random),
    account: owner.account,
    region: owner.region,
    name: pair.name,
    type: pair.keyType,
    fingerprint: pair.fingerprint,
    public_key: pair.publicKey.split(" ", 2).join(" "),
    created_at: now,
  };
  await tx.db.insertInto("key_pairs").values(row).execute();
  await putTags(tx, { id: row.id, type: "key-pair", account: owner.account, region: owner.region }, tags);
  return row;
}

/** The key pairs of the names and ids; all of the account's when none is named. */
export async function requireKeyPairs(tx: Tx, owner: Owner, names: readonly string[], ids: readonly string[]): Promise<KeyPairRow[]> {
  if (ids.length > 0) await ownedRows(tx, "key_pairs", owner, ids);
  const rows = await ownedRows(tx, "key_pairs", owner);
  const missing = names.filter((name) => rows.every((row) => row.name !== name));
  if (missing.length > 0) throw notFound("keyPairName", missing);
  return names.length + ids.length === 0 ? rows : rows.filter((row) => names.includes(row.name) || ids.includes(row.id));
}

/** The key pair to delete, or undefined when there is none: deleting may be repeated. */
export async function findKeyPair(tx: Tx, owner: Owner, by: { readonly name: string | undefined; readonly id: string | undefined }): Promise<KeyPairRow | undefined> {
  const rows = await ownedRows(tx, "key_pairs", owner);
  return rows.find((row) => (by.name === undefined || row.name === by.name) && (by.id === undefined || row.id === by.id));
}

/** Guests that run keep the key; only new launches can no longer name it. */
export async function deleteKeyPair(tx: Tx, row: KeyPairRow): Promise<void> {
  await tx.db.deleteFrom("key_pairs").where("id", "=", row.id).execute();
  await removeAllTags(tx, row.id);
}
