/**
 * A database in memory for sweeps. After it has answered somebody who waits a store rests for a moment, in case more is asked at once; here nobody ever waits, and
 * those moments would be a third of the time.
 */
import { openStore, type Store } from "../../src/store/store.ts";

export async function openPatientStore(): Promise<Store> {
  const store = await openStore(":memory:");
  return { ...store, write: (work) => store.write(work, "soon") };
}
