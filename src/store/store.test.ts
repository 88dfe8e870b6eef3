import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, type Store, type Tx } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "hostelry-store-"));
let store: Store;
beforeAll(async () => {
  store = await openStore(join(folder, "test.sqlite"));
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, value = "") => (tx: Tx) => tx.db.insertInto("settings").values({ name, value }).execute();
const names = async (tx: Tx): Promise<string[]> => (await tx.db.selectFrom("settings").select("name").orderBy("name", "asc").execute()).map((row) => row.name);
const clear = () => store.write((tx) => tx.db.deleteFrom("settings").execute());

describe("writes that wait together", () => {
  test("are all done, each seeing those before it, and are there when their callers hear", async () => {
    await clear();
    const seen = await Promise.all(["a", "b", "c"].map((name) => store.write(async (tx) => (await put(name)(tx), names(tx)))));
    expect(seen).toEqual([["a"], ["a", "b"], ["a", "b", "c"]]);
    expect(await store.read(names)).toEqual(["a", "b", "c"]);
  });

  test("take back only what the failed one did", async () => {
    await clear();
    const failing = store.write(async (tx) => {
      await put("lost")(tx);
      throw new Error("no");
    });
    const outcomes = await Promise.allSettled([store.write(put("before")), failing, store.write(put("after"), "soon")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await store.read(names)).toEqual(["after", "before"]);
  });

  test("all fail when the transaction cannot be committed", async () => {
    await clear();
    const early = store.write(put("early"));
    const breaking = store.write(async (tx) => {
      await put("late")(tx);
      await tx.db.executeQuery({ sql: "rollback", parameters: [], query: { kind: "RawNode", sqlFragments: ["rollback"], parameters: [] }, queryId: { queryId: "" } });
    });
    const outcomes = await Promise.allSettled([early, breaking, store.write(put("next"))]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(await store.read(names)).toEqual(["next"]);
  });
});

test("a read does not see what is not committed", async () => {
  await clear();
  const gate = Promise.withResolvers<void>();
  const write = store.write(async (tx) => {
    await put("slow")(tx);
    await gate.promise;
  });
  await expect.poll(() => store.read(names)).toEqual([]);
  gate.resolve();
  await write;
  expect(await store.read(names)).toEqual(["slow"]);
});

test("topics of a write that failed reach nobody", async () => {
  const heard: string[] = [];
  const stop = store.onTouched((topics) => heard.push(...topics));
  const failing = store.write(async (tx) => {
    tx.touch("lost");
    throw new Error("no");
  });
  await Promise.allSettled([failing, store.write(async (tx) => tx.touch("kept"))]);
  stop();
  expect(heard).toEqual(["kept"]);
});

test("a query after the end of its transaction is refused", async () => {
  const escaped = await store.write(async (tx) => ({ tx }));
  await expect(names(escaped.tx)).rejects.toThrow("after the end of its transaction");
});

describe("what is recalled", () => {
  let made = 0;
  const recall = (key: string) => store.read((tx) => tx.recall(key, async () => ({ number: ++made, names: await names(tx) }), () => true));
  const recallTwice = async (key: string) => (await recall(key), recall(key));

  test("is kept from the second time on", async () => {
    await clear();
    const [first, second, third] = [await recall("repeated"), await recall("repeated"), await recall("repeated")];
    expect([second === first, third === second]).toEqual([false, true]);
  });

  test("is made once while its tables stand still, whatever else is written", async () => {
    await clear();
    const first = await recallTwice("quiet");
    await store.write((tx) => tx.db.insertInto("accounts").values({ id: "1", name: "other", created_at: 0 }).execute());
    expect(await recall("quiet")).toBe(first);
  });

  test("is made anew after a write to a table that it was made from, but not after one that failed", async () => {
    await clear();
    const first = await recallTwice("written");
    await store.write(async (tx) => (await put("lost")(tx), Promise.reject(new Error("no")))).catch(() => undefined);
    expect(await recall("written")).toBe(first);
    await store.write(put("new"));
    expect((await recall("written")).names).toEqual(["new"]);
  });

  test("is never older than a commit that came while it was made", async () => {
    await clear();
    await recall("raced");
    const slow = await store.read((tx) =>
      tx.recall("raced", async () => {
        const before = await names(tx);
        await store.write(put("meanwhile"));
        return { number: 0, names: before };
      }, () => true),
    );
    expect(slow.names).toEqual([]);
    expect((await recall("raced")).names).toEqual(["meanwhile"]);
  });

  test("is not kept by a read that had looked at rows before, and so may see an older state", async () => {
    await clear();
    await recall("pinned");
    const pinned = await store.read(async (tx) => {
      await names(tx);
      await store.write(put("later"));
      return tx.recall("pinned", async () => ({ number: 0, names: await names(tx) }), () => true);
    });
    expect(pinned.names).toEqual([]);
    expect((await recall("pinned")).names).toEqual(["later"]);
  });

  test("is made anew in a write", async () => {
    await clear();
    await recallTwice("own");
    const own = await store.write(async (tx) => (await put("mine")(tx), tx.recall("own", () => names(tx), () => true)));
    expect(own).toEqual(["mine"]);
  });

  test("is given to the maker when it must be made anew, and only then", async () => {
    await clear();
    const givens: (string[] | undefined)[] = [];
    const recallNames = () => store.read((tx) => tx.recall("former", (former?: string[]) => (givens.push(former), names(tx)), () => true));
    const before = await recallNames().then(recallNames).then(recallNames);
    await store.write(put("new"));
    const after = await recallNames();
    await store.write(put("newer"));
    await recallNames();
    expect(givens).toEqual([undefined, undefined, before, after]);
  });

  test("is not kept where the maker says so", async () => {
    const make = () => store.read((tx) => tx.recall("large", async () => ({ names: await names(tx) }), () => false));
    await make();
    expect(await make()).not.toBe(await make());
  });
});

test("a database that lacks a migration of the middle is brought up to date", async () => {
  const file = join(folder, "older.sqlite");
  const older = await openStore(file);
  await older.write(async ({ db }) => {
    await sql`alter table hosts drop column draining`.execute(db);
    await sql`alter table hosts drop column failed_at`.execute(db);
    for (const column of ["auto_recovery", "recovering_since"]) await sql`alter table instances drop column ${sql.ref(column)}`.execute(db);
    await sql`delete from kysely_migration where name = '0006-host-failure'`.execute(db);
  });
  await older[Symbol.asyncDispose]();
  await using newer = await openStore(file);
  expect(await newer.read((tx) => tx.db.selectFrom("hosts").select(["draining", "failed_at"]).execute())).toEqual([]);
});
