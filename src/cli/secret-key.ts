/**
 * The installation's key for what must not lie in the clear in the database. In a file of its own, so that a copy of the database alone says nothing.
 * Lost, it is never quietly replaced: no access key could be used again.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { randomHex, type Random } from "../base/random.ts";
import { isSealed, secretKeyBytes, type SecretKey } from "../iam/secret.ts";
import type { Tx } from "../store/store.ts";
import { CommandError } from "./command-error.ts";

/** The key in the file; made when the database has nothing yet that was sealed with one. */
export async function ensureSecretKey(tx: Tx, file: string, random: Random): Promise<SecretKey> {
  if (!existsSync(file)) {
    const keys = await tx.db.selectFrom("access_keys").select("secret").execute();
    if (keys.some(({ secret }) => isSealed(secret))) {
      throw new CommandError(`The key ${file} is gone, and the secrets in the database cannot be read without it.`, { remedy: "Restore the file from a copy." });
    }
    writeDurably(file, `${randomHex(random, secretKeyBytes)}\n`);
  }
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  if (key.length !== secretKeyBytes) throw new CommandError(`The key ${file} is damaged.`, { remedy: "Restore the file from a copy." });
  return key;
}

/** What the database will soon hold must not be on disk before the key is. */
function writeDurably(file: string, text: string): void {
  const fresh = `${file}.new`;
  withFile(fresh, "w", (descriptor) => writeSync(descriptor, text));
  renameSync(fresh, file);
  withFile(dirname(file), "r", () => undefined);
}

function withFile(path: string, flags: "r" | "w", work: (descriptor: number) => unknown): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    work(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
