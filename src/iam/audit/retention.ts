/** How long events are kept: as long as LookupEvents shows them. */
import type { Tx } from "../../store/store.ts";

export const shownForMs = 90 * 24 * 3_600_000;

/** Removes up to `limit` of an account's events that nobody is shown any more; of every key the last stays, which says when it was used. Returns how many went. */
export async function removeOldEvents(tx: Tx, account: string, now: number, limit: number): Promise<number> {
  const old = tx.db
    .selectFrom("audit_events as old")
    .select("old.id")
    .where("old.account", "=", account)
    .where("old.at", "<", now - shownForMs)
    .where(({ exists, selectFrom }) =>
      exists(selectFrom("audit_events as newer").select("newer.id").whereRef("newer.account", "=", "old.account").whereRef("newer.access_key_id", "=", "old.access_key_id").whereRef("newer.at", ">", "old.at")),
    )
    .limit(limit);
  const { numDeletedRows } = await tx.db.deleteFrom("audit_events").where("id", "in", old).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
