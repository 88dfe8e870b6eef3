import { duplexPair } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createKeyPairMaterial } from "../../compute/key-pair-material.ts";
import { LoginTimeoutError, openShell } from "./ssh-shell.ts";

afterEach(() => void vi.useRealTimers());

test("A guest that listens and then says nothing is given up after a while, for that reason", async () => {
  const { keyMaterial: privateKey } = await createKeyPairMaterial("", "ed25519", "pem", systemRandom);
  const [connection, guest] = duplexPair();
  guest.resume();
  vi.useFakeTimers();
  const opening = openShell(connection, { user: "admin", privateKey, columns: 80, rows: 24 }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await opening).toBeInstanceOf(LoginTimeoutError);
  expect(connection.destroyed).toBe(true);
});
