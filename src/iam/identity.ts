/** Who a request's access key stands for. */
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  readonly accessKeyId: string;
  readonly secret: string;
}

/** With open accounts, any 12-digit access key id is the root of its own account, with this secret; for parallel tests on one machine. */
export const openAccountSecret = "test";

/** The identity behind the key, or undefined for a key that nobody has. */
export async function findIdentity(tx: Tx, accessKeyId: string, openAccounts: boolean): Promise<Identity | undefined> {
  if (openAccounts && /^\d{12}$/.test(accessKeyId)) {
    return { account: accessKeyId, arn: rootArn(accessKeyId), userId: accessKeyId, accessKeyId, secret: openAccountSecret };
  }
  const [row] = await selectKey(tx, { accessKeyId });
  return row && { account: row.account, arn: row.principal_arn, userId: row.user_id, accessKeyId: row.id, secret: row.secret };
}

const selectKey = prepare((db, { accessKeyId }: { accessKeyId: string }) => db.selectFrom("access_keys").selectAll().where("id", "=", accessKeyId));

export function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}
