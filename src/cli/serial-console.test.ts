import ssh2 from "ssh2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { seal } from "../iam/secret.ts";
import { openStore, type Store } from "../store/store.ts";
import { ensureHostKey } from "./serial-console.ts";

const secretKey = new Uint8Array(32).fill(3);
let store: Store;

beforeEach(async () => {
  store = await openStore(":memory:");
});
afterEach(() => store[Symbol.asyncDispose]());

const ensure = (key = secretKey) => store.write((tx) => ensureHostKey(tx, key, systemRandom));

test("The serial console's host key is the same at every start, and nobody opens it with another installation's key", async () => {
  const made = await ensure();
  expect(ssh2.utils.parseKey(made)).not.toBeInstanceOf(Error);
  expect(await ensure()).toBe(made);
  await expect(ensure(new Uint8Array(32))).rejects.toThrow("cannot be opened");
});

test("A host key that no SSH server can read is made anew", async () => {
  const made = await ensure();
  const damaged = seal(secretKey, "host key of the serial console", made.slice(0, 200), systemRandom);
  await store.write((tx) => tx.db.updateTable("settings").set({ value: damaged }).where("name", "=", "serial_host_key").execute());
  const anew = await ensure();
  expect(ssh2.utils.parseKey(anew)).not.toBeInstanceOf(Error);
  expect(await ensure()).toBe(anew);
});
