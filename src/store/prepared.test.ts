import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertRow, isEmptyTable, prepare, prepareForList } from "./prepared.ts";
import { openStore, type Store, type Tx } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "hostelry-prepared-"));
let store: Store;
beforeAll(async () => {
  store = await openStore(join(folder, "test.sqlite"));
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const selectBetween = prepare((db, { low, high, kind }: { low: number; high: number; kind: string }) =>
  db.selectFrom("due").select("key").where("kind", "=", kind).where("due_at", ">=", low).where("due_at", "<=", high).where("attempts", "=", 0).orderBy("key"),
);
const postpone = prepare((db, { key, until }: { key: string; until: number }) =>
  db.updateTable("due").set({ due_at: until }).where("key", "=", key).returning("due_at"),
);

test("a prepared query takes the values of each call, wherever they stand in its text, and those of its own", async () => {
  await store.write(async (tx) => {
    for (const [at, key] of ["a", "b", "c"].entries()) await insertRow(tx, "due", { kind: "kind", key, due_at: at, attempts: 0 });
    await insertRow(tx, "due", { kind: "kind", key: "tried", due_at: 1, attempts: 1 });
    await insertRow(tx, "due", { attempts: 0, due_at: 1, key: "b", kind: "other" });
  });
  const keys = (low: number, high: number, kind: string) => store.read(async (tx) => (await selectBetween(tx, { low, high, kind })).map((row) => row.key));
  expect([await keys(0, 1, "kind"), await keys(1, 2, "kind"), await keys(0, 9, "other")]).toEqual([["a", "b"], ["b", "c"], ["b"]]);
});

const selectOneOf = prepareForList((db, keys: readonly string[]) => db.selectFrom("due").select("key").where("key", "in", keys).where("kind", "=", "listed").orderBy("key"));

test("a query prepared for a list takes lists of any length", async () => {
  const all = Array.from({ length: 40 }, (_, number) => `key-${number + 10}`);
  await store.write(async (tx) => {
    for (const key of all) await insertRow(tx, "due", { kind: "listed", key, due_at: 0, attempts: 0 });
  });
  const keys = (...asked: readonly string[]) => store.read(async (tx) => (await selectOneOf(tx, asked)).map((row) => row.key));
  expect([await keys("key-10", "key-20"), await keys("key-30", "key-12"), await keys("key-11"), await keys()]).toEqual([["key-10", "key-20"], ["key-12", "key-30"], ["key-11"], []]);
  expect([await keys(...all), await keys(...all.slice(1))]).toEqual([all, all.slice(1)]);
});

test("what a prepared query or an inserted row changes is made anew by those who keep it, and taken back with its transaction", async () => {
  const recall = () => store.read((tx) => tx.recall("due", async () => tx.db.selectFrom("due").select("due_at").where("key", "=", "later").execute(), () => true));
  const seen = [await recall(), await recall()];
  await store.write((tx) => insertRow(tx, "due", { kind: "kind", key: "later", due_at: 5, attempts: 0 }));
  seen.push(await recall());
  expect(await store.write((tx) => postpone(tx, { key: "later", until: 7 }))).toEqual([{ due_at: 7 }]);
  seen.push(await recall());
  const failing = store.write(async (tx) => (await postpone(tx, { key: "later", until: 9 }), Promise.reject(new Error("no"))));
  await expect(failing).rejects.toThrow("no");
  seen.push(await recall());
  expect(seen).toEqual([[], [], [{ due_at: 5 }], [{ due_at: 7 }], [{ due_at: 7 }]]);
});

const selectFirst = prepare((db, { limit, offset }: { limit: number; offset: number }) => db.selectFrom("due").select("key").where("kind", "=", "paged").orderBy("key").limit(limit).offset(offset));

test("a limit is a value like others, which SQLite does not plan by", async () => {
  await store.write(async (tx) => {
    for (const key of ["a", "b", "c"]) await insertRow(tx, "due", { kind: "paged", key, due_at: 0, attempts: 0 });
  });
  const keys = (limit: number, offset: number) => store.read(async (tx) => (await selectFirst(tx, { limit, offset })).map((row) => row.key));
  expect([await keys(1, 0), await keys(2, 1), await keys(0, 0), await keys(9, 2)]).toEqual([["a"], ["b", "c"], [], ["c"]]);
  // As all of a limit, a parameter makes SQLite prepare the statement anew whenever it is bound.
  expect(await store.read(async ({ db }) => db.selectFrom("due").select("key").limit(1).compile().sql)).not.toMatch(/limit \?$/);
});

test("a table is empty until its first row and after its last, also within the write", async () => {
  const isEmpty = (tx: Tx) => isEmptyTable(tx, "counters");
  const seen = await store.write(async (tx) => {
    const before = await isEmpty(tx);
    await insertRow(tx, "counters", { name: "one", value: 1 });
    const between = await isEmpty(tx);
    await tx.db.deleteFrom("counters").execute();
    return [before, between, await isEmpty(tx)];
  });
  expect([...seen, await store.read(isEmpty)]).toEqual([true, false, true, true]);
});
