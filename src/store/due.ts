/**
 * The due-work table: which things a reconciler should look at, and from when on. A wake is written in the transaction that changed the
 * thing, so neither can be lost without the other. A claim is a lease: a worker that dies leaves its work to the next after the lease.
 */
import type { Tx } from "./store.ts";
import type { DueRow } from "./tables.ts";

export interface DueKey {
  readonly kind: string;
  readonly key: string;
}

/** Asks for a look at the thing at `dueAt` (milliseconds since 1970) at the latest; an earlier look already asked for stays. */
export async function wake(tx: Tx, { kind, key }: DueKey, dueAt: number): Promise<void> {
  await tx.db
    .insertInto("due")
    .values({ kind, key, due_at: dueAt, attempts: 0, wakes: 1, lease_until: 0 })
    .onConflict((conflict) =>
      conflict.columns(["kind", "key"]).doUpdateSet(({ eb, ref, val }) => ({
        wakes: eb("due.wakes", "+", 1),
        attempts: 0,
        due_at: eb.case().when(ref("due.due_at"), ">", val(dueAt)).then(val(dueAt)).else(ref("due.due_at")).end(),
      })),
    )
    .execute();
  tx.touch("due");
}

/** Up to `limit` rows that are due and not leased, earliest first, each leased until `now + leaseMs`. */
export async function claimDue(tx: Tx, now: number, leaseMs: number, limit: number): Promise<DueRow[]> {
  const rows = await tx.db
    .selectFrom("due")
    .selectAll()
    .where("due_at", "<=", now)
    .where("lease_until", "<=", now)
    .orderBy("due_at")
    .limit(limit)
    .execute();
  for (const { kind, key } of rows) {
    await tx.db.updateTable("due").set({ lease_until: now + leaseMs }).where("kind", "=", kind).where("key", "=", key).execute();
  }
  return rows;
}

/**
 * Ends a claim: with `nextAt` undefined the row goes, unless a wake came meanwhile; then, and with a time, it stays and is looked at again.
 */
export async function settleDue(tx: Tx, claimed: DueRow, nextAt: number | undefined, attempts: number): Promise<void> {
  const { kind, key, wakes } = claimed;
  if (nextAt === undefined) {
    const { numDeletedRows } = await tx.db
      .deleteFrom("due")
      .where("kind", "=", kind)
      .where("key", "=", key)
      .where("wakes", "=", wakes)
      .executeTakeFirst();
    if (numDeletedRows > 0n) return;
  }
  await tx.db
    .updateTable("due")
    .set(({ eb, ref, val }) => ({
      lease_until: 0,
      attempts,
      due_at: eb.case().when(ref("wakes"), "=", val(wakes)).then(val(nextAt ?? 0)).else(ref("due_at")).end(),
    }))
    .where("kind", "=", kind)
    .where("key", "=", key)
    .execute();
}

/** When the next unleased row is due, or undefined when there is none. */
export async function nextDueAt(tx: Tx): Promise<number | undefined> {
  const row = await tx.db
    .selectFrom("due")
    .select(({ eb, fn }) => fn.min(eb.case().when("lease_until", ">", eb.ref("due_at")).then(eb.ref("lease_until")).else(eb.ref("due_at")).end()).as("at"))
    .executeTakeFirst();
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}
