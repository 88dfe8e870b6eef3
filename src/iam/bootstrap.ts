/** The first account of an installation, with a key for its root user. */
import { randomHex, type Random } from "../base/random.ts";
import type { Tx } from "../store/store.ts";
import { createAccessKey, openSecret, sealSecrets } from "./access-key.ts";
import { rootArn, type Identity } from "./identity.ts";
import type { SecretKey } from "./secret.ts";

/** The installation's first account and its root key: made once, the same ever after. */
export async function ensureFirstAccount(tx: Tx, secretKey: SecretKey, random: Random, now: number): Promise<Identity> {
  await sealSecrets(tx, secretKey, random);
  const key = await tx.db.selectFrom("access_keys").selectAll().orderBy("created_at").executeTakeFirst();
  if (key !== undefined) return { account: key.account, arn: key.principal_arn, userId: key.user_id, accessKeyId: key.id, secret: openSecret(secretKey, key) };
  const account = String((Number.parseInt(randomHex(random, 6), 16) % 900_000_000_000) + 100_000_000_000);
  await tx.db.insertInto("accounts").values({ id: account, name: "first", created_at: now }).execute();
  const holder = { account, arn: rootArn(account), userId: account };
  const { row, secret } = await createAccessKey(tx, secretKey, holder, random, now);
  return { ...holder, accessKeyId: row.id, secret };
}
