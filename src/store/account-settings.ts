/** What an account has set for a region, by name. */
import { prepareKept } from "./prepared.ts";
import type { Tx } from "./store.ts";

interface Owner {
  readonly account: string;
  readonly region: string;
}

export async function findAccountSetting(tx: Tx, { account, region }: Owner, name: string): Promise<string | undefined> {
  const [row] = await selectSetting(tx, { account, region, name });
  return row?.value;
}

const selectSetting = prepareKept((db, { account, region, name }: Owner & { name: string }) =>
  db.selectFrom("account_settings").select("value").where("account", "=", account).where("region", "=", region).where("name", "=", name),
);

/** Undefined: not set any more. */
export async function putAccountSetting(tx: Tx, { account, region }: Owner, name: string, value: string | undefined): Promise<void> {
  await tx.db.deleteFrom("account_settings").where("account", "=", account).where("region", "=", region).where("name", "=", name).execute();
  if (value !== undefined) await tx.db.insertInto("account_settings").values({ account, region, name, value }).execute();
}
