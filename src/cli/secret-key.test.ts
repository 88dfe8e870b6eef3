import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { openSecret } from "../iam/access-key.ts";
import { ensureFirstAccount } from "../iam/bootstrap.ts";
import { openStore } from "../store/store.ts";
import { ensureSecretKey } from "./secret-key.ts";

let data = "";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "secret-key-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

test("The key is made once, for its owner only, and no secret is in the database in the clear", async () => {
  const [file, database] = [join(data, "secret.key"), join(data, "test.sqlite")];
  await using store = await openStore(database);
  const start = () => store.write(async (tx) => ensureFirstAccount(tx, await ensureSecretKey(tx, file, systemRandom), systemRandom, 1));
  const first = await start();
  expect(await start()).toEqual(first);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const stored = [database, `${database}-wal`].map((each) => readFileSync(each, "latin1")).join("");
  expect([stored.includes(first.accessKeyId), stored.includes(first.secret)]).toEqual([true, false]);
});

test("Secrets that an earlier version left in the clear are sealed, and stay the same", async () => {
  const file = join(data, "secret.key");
  await using store = await openStore(":memory:");
  const row = { id: "AKIAOLD", account: "111111111111", principal_arn: "arn:aws:iam::111111111111:root", user_id: "111111111111", created_at: 0, status: "Active" as const };
  await store.write((tx) => tx.db.insertInto("access_keys").values({ ...row, secret: "old+secret" }).execute());
  const key = await store.write((tx) => ensureSecretKey(tx, file, systemRandom));
  expect((await store.write((tx) => ensureFirstAccount(tx, key, systemRandom, 1))).secret).toBe("old+secret");
  const { secret } = await store.read((tx) => tx.db.selectFrom("access_keys").select("secret").executeTakeFirstOrThrow());
  expect([secret.includes("old+secret"), openSecret(key, { id: row.id, secret })]).toEqual([false, "old+secret"]);
});

test("A key that is lost or damaged is not replaced", async () => {
  const file = join(data, "secret.key");
  await using store = await openStore(":memory:");
  const ensure = () => store.write((tx) => ensureSecretKey(tx, file, systemRandom));
  const key = await ensure();
  await store.write((tx) => ensureFirstAccount(tx, key, systemRandom, 1));
  rmSync(file);
  await expect(ensure()).rejects.toThrow(/is gone/);
  writeFileSync(file, "abc");
  await expect(ensure()).rejects.toThrow(/is damaged/);
});
