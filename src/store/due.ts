/**
 * The due-work table: which things a reconciler should look at, and from when on. A wake is written in the transaction that changed the
 * thing, so neither can be lost without the other. A look and the settling of its row are one transaction too: a worker that dies leaves the row as it was.
 */
import { prepare } from "./prepared.ts";
import type { Tx } from "./store.ts";
import type { DueRow } from "./tables.ts";

export interface DueKey {
  readonly kind: string;
  readonly key: string;
}

/** Asks for a look at the thing at `dueAt` (milliseconds since 1970) at the latest; an earlier look already asked for stays. */
export async function wake(tx: Tx, { kind, key }: DueKey, dueAt: number): Promise<void> {
  await putDue(tx, { kind, key, dueAt });
  tx.touch("due");
}

const putDue = prepare((db, { kind, key, dueAt }: DueKey & { readonly dueAt: number }) =>
  db
    .insertInto("due")
    .values({ kind, key, due_at: dueAt, attempts: 0 })
    .onConflict((conflict) =>
      conflict.columns(["kind", "key"]).doUpdateSet(({ eb, ref, val }) => ({
        attempts: 0,
        due_at: eb.case().when(ref("due.due_at"), ">", val(dueAt)).then(val(dueAt)).else(ref("due.due_at")).end(),
      })),
    ),
);

/** Up to `limit` rows that are due, earliest first. */
export function listDue(tx: Tx, now: number, limit: number): Promise<DueRow[]> {
  return selectDue(tx, { now, limit });
}

const selectDue = prepare((db, { now, limit }: { now: number; limit: number }) =>
  db.selectFrom("due").selectAll().where("due_at", "<=", now).orderBy("due_at").limit(limit),
);

/**
 * Ends a look, in the look's own transaction: with `nextAt` undefined the row goes, since whatever woke the thing until now was seen; else it is
 * looked at again at that time.
 */
export async function settleDue(tx: Tx, { kind, key }: DueKey, nextAt: number | undefined, attempts: number): Promise<void> {
  if (nextAt === undefined) await removeDue(tx, { kind, key });
  else await tx.db.updateTable("due").set({ due_at: nextAt, attempts }).where("kind", "=", kind).where("key", "=", key).execute();
}

const removeDue = prepare((db, { kind, key }: DueKey) => db.deleteFrom("due").where("kind", "=", kind).where("key", "=", key));

/** When the next row is due, or undefined when there is none. */
export async function nextDueAt(tx: Tx): Promise<number | undefined> {
  const [row] = await selectNext(tx, {});
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}

const selectNext = prepare((db) => db.selectFrom("due").select(({ fn }) => fn.min("due_at").as("at")));
