/** The first account of an installation, with a key for its root user. */
import { randomHex, type Random } from "../base/random.ts";
import type { Tx } from "../store/store.ts";
import { rootArn, type Identity } from "./identity.ts";

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The installation's first account and its root key: made once, the same ever after. */
export async function ensureFirstAccount(tx: Tx, random: Random, now: number): Promise<Identity> {
  const key = await tx.db.selectFrom("access_keys").selectAll().orderBy("created_at").executeTakeFirst();
  if (key !== undefined) return { account: key.account, arn: key.principal_arn, userId: key.user_id, accessKeyId: key.id, secret: key.secret };
  const account = String((Number.parseInt(randomHex(random, 6), 16) % 900_000_000_000) + 100_000_000_000);
  const identity: Identity = {
    account,
    arn: rootArn(account),
    userId: account,
    accessKeyId: `AKIA${letters(random, 16, keyAlphabet)}`,
    secret: letters(random, 40, secretAlphabet),
  };
  await tx.db.insertInto("accounts").values({ id: account, name: "first", created_at: now }).execute();
  await tx.db
    .insertInto("access_keys")
    .values({ id: identity.accessKeyId, account, secret: identity.secret, principal_arn: identity.arn, user_id: account, created_at: now })
    .execute();
  return identity;
}

/** Both alphabets' sizes divide 256, so every letter is equally likely. */
function letters(random: Random, count: number, alphabet: string): string {
  return Array.from(random.bytes(count), (byte) => alphabet[byte % alphabet.length] ?? "").join("");
}
