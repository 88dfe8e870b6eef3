/** Access keys: made once with a secret that is shown once, and kept sealed. */
import { identityLimitExceeded, noSuchEntity } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import type { AccessKeyRow } from "../store/identity-tables.ts";
import { insertRow } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { isSealed, seal, unseal, type SecretKey } from "./secret.ts";

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const keysPerUser = 2;

export interface KeyHolder {
  readonly account: string;
  readonly arn: string;
  /** A user's id, or the account's for its root. */
  readonly userId: string;
}

export interface NewKey {
  readonly row: AccessKeyRow;
  readonly secret: string;
}

/** Fails when the holder has two already. */
export async function createAccessKey(tx: Tx, secretKey: SecretKey, holder: KeyHolder, random: Random, now: number): Promise<NewKey> {
  if ((await listAccessKeys(tx, holder)).length >= keysPerUser) throw identityLimitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${keysPerUser}`);
  const [id, secret] = [newKeyId("AKIA", random), newSecret(random)];
  const row: AccessKeyRow = {
    id,
    account: holder.account,
    secret: seal(secretKey, purposeOf(id), secret, random),
    principal_arn: holder.arn,
    user_id: holder.userId,
    created_at: now,
    status: "Active",
  };
  await insertRow(tx, "access_keys", row);
  return { row, secret };
}

/** The oldest first. */
export async function listAccessKeys(tx: Tx, { account, userId }: Pick<KeyHolder, "account" | "userId">): Promise<AccessKeyRow[]> {
  const keys = tx.db.selectFrom("access_keys").selectAll().where("user_id", "=", userId).where("account", "=", account);
  return keys.orderBy("created_at").orderBy("id").execute();
}

export async function requireAccessKey(tx: Tx, holder: Pick<KeyHolder, "account" | "userId">, id: string): Promise<AccessKeyRow> {
  const key = (await listAccessKeys(tx, holder)).find((row) => row.id === id);
  if (key === undefined) throw noSuchEntity(`The Access Key with id ${id} cannot be found.`);
  return key;
}

/** The key's secret in the clear. Fails when it was sealed by another installation. */
export function openSecret(secretKey: SecretKey, { id, secret }: Pick<AccessKeyRow, "id" | "secret">): string {
  const opened = unseal(secretKey, purposeOf(id), secret);
  if (opened === undefined) throw new Error(`the secret of access key ${id} cannot be opened with this installation's key`);
  return opened;
}

/** Seals secrets that an earlier version left in the clear. */
export async function sealSecrets(tx: Tx, secretKey: SecretKey, random: Random): Promise<void> {
  for (const { id, secret } of await tx.db.selectFrom("access_keys").select(["id", "secret"]).execute()) {
    if (isSealed(secret)) continue;
    await tx.db.updateTable("access_keys").set({ secret: seal(secretKey, purposeOf(id), secret, random) }).where("id", "=", id).execute();
  }
}

/** `AKIA` and sixteen letters or digits. */
export function newKeyId(prefix: "AKIA" | "ASIA", random: Random): string {
  return prefix + letters(random, 16, keyAlphabet);
}

export function newSecret(random: Random): string {
  return letters(random, 40, secretAlphabet);
}

/** `AIDA` and seventeen letters or digits. */
export function newEntityId(prefix: string, random: Random): string {
  return prefix + letters(random, 17, keyAlphabet);
}

function purposeOf(id: string): string {
  return `access key ${id}`;
}

/** Both alphabets' sizes divide 256, so every letter is equally likely. */
function letters(random: Random, count: number, alphabet: string): string {
  return Array.from(random.bytes(count), (byte) => alphabet[byte % alphabet.length] ?? "").join("");
}
