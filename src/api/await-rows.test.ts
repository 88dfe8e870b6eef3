import { expect, test } from "vitest";
import { openStore, type Tx } from "../store/store.ts";
import { awaitRows } from "./await-rows.ts";

test("A wait ends when the rows say so after a commit that touched its topic, also one before the wait began", async () => {
  await using store = await openStore(":memory:");
  const put = (value: string, topic: string) =>
    store.write(async (tx) => {
      await tx.db.insertInto("settings").values({ name: value, value }).execute();
      tx.touch(topic);
    });
  const isThere = async (tx: Tx, value: string) => (await tx.db.selectFrom("settings").select("name").where("name", "=", value).executeTakeFirst()) !== undefined;
  const holds = (value: string) => awaitRows({ store, longestMs: 600_000 }, ["mine"], (tx) => isThere(tx, value));
  await put("early", "mine");
  await holds("early");
  const late = holds("late");
  await put("other", "mine");
  await put("late", "mine");
  await late;
});

test("A wait ends when its time is up, whatever the rows say", async () => {
  await using store = await openStore(":memory:");
  let asked = 0;
  await awaitRows({ store, longestMs: 20 }, ["mine"], async () => ++asked < 0);
  expect(asked).toBeGreaterThan(0);
});
