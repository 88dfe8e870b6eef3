/**
 * The local key service: an account's keys in a region, and what is derived from them. The account's managed key (`alias/aws/ebs`) is made when it is first needed.
 * There is no API to make keys, so a key of the account's own exists as soon as the account names it, by id, alias or ARN (facts §4.6).
 *
 *   key material ── "volume vol-…" ──▶ the volume's data key
 *                └─ "snapshots"    ──▶ the key of all snapshots' blocks under this key, so that they share blocks
 *
 * The material never leaves the installation. Keys are not deleted: rows that name one can rely on it.
 */
import { hkdfSync } from "node:crypto";
import { invalidKmsKey } from "../base/api-error.ts";
import { randomUuid, type Random } from "../base/random.ts";
import type { KmsKeyRow } from "../store/storage-tables.ts";
import { findAccountSetting, putAccountSetting } from "../store/account-settings.ts";
import type { Tx } from "../store/store.ts";

export interface KeyOwner {
  readonly account: string;
  readonly region: string;
}

const managedAlias = "aws/ebs";
const settings = { byDefault: "ebs-encryption-by-default", key: "ebs-default-kms-key-id" } as const;

/** What a request's KmsKeyId names: a key's id, or an alias without its `alias/`. */
export type KeyName = { readonly id: string } | { readonly alias: string };

/** Fails when the text is no key id, alias or ARN, or an ARN of another account or region. */
export function parseKeyName(owner: KeyOwner, asked: string): KeyName {
  const arn = `arn:aws:kms:${owner.region}:${owner.account}:`;
  const name = asked.startsWith(arn) ? asked.slice(arn.length).replace(/^key\//, "") : asked;
  const alias = /^alias\/([a-zA-Z0-9/_-]{1,249})$/.exec(name)?.[1];
  if (alias !== undefined && (alias === managedAlias || !alias.startsWith("aws/"))) return { alias };
  if (/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/.test(name)) return { id: name };
  throw invalidKmsKey(asked);
}

/** The key that the request names, made if it was never named before. Fails as `parseKeyName` does, and for an id that is another's. */
export async function requireKey(tx: Tx, owner: KeyOwner, asked: string, random: Random, now: number): Promise<KmsKeyRow> {
  const name = parseKeyName(owner, asked);
  if ("alias" in name) return ensureAlias(tx, owner, name.alias, random, now);
  const row = await tx.db.selectFrom("kms_keys").selectAll().where("id", "=", name.id).executeTakeFirst();
  if (row === undefined) return createKey(tx, owner, { id: name.id, alias: null }, random, now);
  if (row.account !== owner.account || row.region !== owner.region) throw invalidKmsKey(asked);
  return row;
}

/** The key of this id; rows that name a key rely on it. */
export function findKey(tx: Tx, id: string): Promise<KmsKeyRow> {
  return tx.db.selectFrom("kms_keys").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

/** The key that encrypts where a request names none: the one that the account chose, else its managed key. */
export async function ensureDefaultKey(tx: Tx, owner: KeyOwner, random: Random, now: number): Promise<KmsKeyRow> {
  return (await findChosenKey(tx, owner)) ?? ensureAlias(tx, owner, managedAlias, random, now);
}

/** The default key that the account chose, or undefined: then it is the managed key. */
export async function findChosenKey(tx: Tx, owner: KeyOwner): Promise<KmsKeyRow | undefined> {
  const chosen = await findAccountSetting(tx, owner, settings.key);
  return chosen === undefined ? undefined : findKey(tx, chosen);
}

/** Chooses the default key; without one it is the managed key again. */
export async function setDefaultKey(tx: Tx, owner: KeyOwner, key: KmsKeyRow | undefined): Promise<void> {
  await putAccountSetting(tx, owner, settings.key, key?.id);
}

/** Whether all new volumes and snapshot copies of the account are encrypted, whatever their requests say. */
export async function encryptionByDefault(tx: Tx, owner: KeyOwner): Promise<boolean> {
  return (await findAccountSetting(tx, owner, settings.byDefault)) !== undefined;
}

export async function setEncryptionByDefault(tx: Tx, owner: KeyOwner, on: boolean): Promise<void> {
  await putAccountSetting(tx, owner, settings.byDefault, on ? "true" : undefined);
}

/** The managed key's snapshots cannot be shared (facts §4.6). */
export function isManagedKey(key: KmsKeyRow): boolean {
  return key.alias === managedAlias;
}

/** How the default key is called: a chosen one by its ARN, the managed one by its alias. */
export function toDefaultKeyName(chosen: KmsKeyRow | undefined): string {
  return chosen === undefined ? `alias/${managedAlias}` : keyArn(chosen);
}

/** `arn:aws:kms:us-east-1:123456789012:key/…`. */
export function keyArn({ account, region, id }: Pick<KmsKeyRow, "account" | "region" | "id">): string {
  return `arn:aws:kms:${region}:${account}:key/${id}`;
}

/** Base64 of the 32 bytes that a volume's data are encrypted from. */
export function volumeKeyOf(key: KmsKeyRow, volumeId: string): string {
  return derive(key, `volume ${volumeId}`);
}

/** Base64 of the 32 bytes that the blocks of all snapshots under this key are encrypted with. */
export function snapshotKeyOf(key: KmsKeyRow): string {
  return derive(key, "snapshots");
}

function derive(key: KmsKeyRow, purpose: string): string {
  return Buffer.from(hkdfSync("sha256", Buffer.from(key.material, "base64"), key.id, purpose, 32)).toString("base64");
}

async function ensureAlias(tx: Tx, owner: KeyOwner, alias: string, random: Random, now: number): Promise<KmsKeyRow> {
  const mine = tx.db.selectFrom("kms_keys").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  const row = await mine.where("alias", "=", alias).executeTakeFirst();
  return row ?? createKey(tx, owner, { id: randomUuid(random), alias }, random, now);
}

async function createKey(tx: Tx, { account, region }: KeyOwner, name: Pick<KmsKeyRow, "id" | "alias">, random: Random, now: number): Promise<KmsKeyRow> {
  const row: KmsKeyRow = { ...name, account, region, material: Buffer.from(random.bytes(32)).toString("base64"), created_at: now };
  await tx.db.insertInto("kms_keys").values(row).execute();
  return row;
}
