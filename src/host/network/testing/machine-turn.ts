/**
 * Installations under test live side by side on one machine, also those of several runs and checkouts. What each needs for itself: an id that no other has,
 * and blocks of addresses that nobody chooses while it chooses.
 */
import { randomBytes } from "node:crypto";
import { takeLock } from "../../../image/build-lock.ts";

/** Six hexadecimal digits. */
export function newInstallationId(): string {
  return randomBytes(3).toString("hex");
}

/** Waits until no other test on this machine has the turn; until it is disposed of, none chooses blocks. */
export function takeTurn(): Promise<AsyncDisposable> {
  return takeLock("test-networks", new AbortController().signal, () => undefined);
}
