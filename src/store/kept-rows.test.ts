import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { insertRow, prepareKept } from "./prepared.ts";
import { openStore, type Store, type Tx } from "./store.ts";

let store: Store;
beforeAll(async () => void (store = await openStore(":memory:")));
afterAll(() => store[Symbol.asyncDispose]());
beforeEach(() => store.write((tx) => tx.db.deleteFrom("settings").execute()));

const put = (tx: Tx, name: string, value = "") => insertRow(tx, "settings", { name, value });
const select = prepareKept((db, { value }: { value: string }) => db.selectFrom("settings").select("name").where("value", "=", value).orderBy("name"));
const find = (tx: Tx, value = "") => select(tx, { value });
const names = async (tx: Tx) => (await find(tx)).map((row) => row.name);

test("rows are the very same until their table is written, whatever else is", async () => {
  await store.write((tx) => put(tx, "a"));
  const first = await store.write(find);
  await store.write((tx) => insertRow(tx, "counters", { name: "other", value: 1 }));
  expect(await store.write(find)).toBe(first);
  await store.write((tx) => put(tx, "b"));
  expect(await store.write(names)).toEqual(["a", "b"]);
});

test("a write sees its own, before and after it looked", async () => {
  const seen = await store.write(async (tx) => {
    const before = await names(tx);
    await put(tx, "mine");
    const after = await names(tx);
    await tx.db.updateTable("settings").set({ name: "changed" }).execute();
    return [before, after, await names(tx)];
  });
  expect(seen).toEqual([[], ["mine"], ["changed"]]);
});

test("what was taken back is not there for the next", async () => {
  const failing = store.write(async (tx) => {
    await put(tx, "lost");
    expect(await names(tx)).toEqual(["lost"]);
    throw new Error("no");
  });
  const next = store.write(names);
  await expect(failing).rejects.toThrow("no");
  expect(await next).toEqual([]);
});

test("what a whole transaction lost is not there for the next", async () => {
  const early = store.write((tx) => put(tx, "early"));
  const seeing = store.write(async (tx) => expect(await names(tx)).toEqual(["early"]));
  // As a full disk would, without a write that could be noticed.
  const breaking = store.write((tx) => tx.db.executeQuery({ sql: "rollback", parameters: [], query: { kind: "SelectQueryNode" }, queryId: { queryId: "" } }));
  const outcomes = await Promise.allSettled([early, seeing, breaking]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(await store.write(names)).toEqual([]);
});

test("each value has its own rows, and nobody can change them for others", async () => {
  await store.write(async (tx) => (await put(tx, "a", "x\ny"), put(tx, "b", "x")));
  const rows = await store.write((tx) => find(tx, "x"));
  expect([rows, await store.write((tx) => find(tx, "x\ny"))]).toEqual([[{ name: "b" }], [{ name: "a" }]]);
  expect([Object.isFrozen(rows), Object.isFrozen(rows[0])]).toEqual([true, true]);
});
