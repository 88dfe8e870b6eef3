/**
 * Brings what a volume's snapshot has into the volume's lowest layer, block by block: its storage daemon copies each one up from the snapshot server when it is asked
 * to have it at hand (NBD_CMD_CACHE on an export of that layer). It may be begun again at any time: what the layer has already is not fetched.
 *
 * Not by a `block-stream` job: while one works, a read of what it cannot find out about, a damaged block, is answered with success and memory that nobody has filled
 * (QEMU 7.2, `cor_co_preadv_part`).
 */
import { setTimeout as delay } from "node:timers/promises";
import { blockSize } from "../../block-store/block-store.ts";
import { connectNbd, UnreadableError, type NbdClient } from "./nbd/nbd-client.ts";
import type { SourceServer } from "./source-server.ts";
import type { VolumeDaemon } from "./volume-daemon.ts";

export interface Initialization extends Copying {
  readonly daemon: Pick<VolumeDaemon, "hasBase" | "beginReading" | "endReading">;
  readonly address: { readonly host: string; readonly port: number };
  /** The number of the layer. */
  readonly lowest: number;
}

interface Copying {
  readonly source: Pick<SourceServer, "missing" | "missingCount" | "keepMissing" | "count" | "fetchedBytes">;
  /** What guests make the snapshot server fetch counts too. */
  readonly bytesPerSecond: number;
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

const blocksAtOnce = 4;
/** What was not fetched for longer than that is not made good later. */
const longestCreditMs = 1_000;

/** All is in the layer and on disk when it returns; `UnreadableError` when some cannot be read: the others are, and the next attempt asks for these alone. */
export async function initializeVolume({ daemon, address, lowest, ...copying }: Initialization): Promise<void> {
  if (!(await daemon.hasBase())) return; // an agent that has died had come so far
  await daemon.endReading();
  const name = await daemon.beginReading(lowest);
  try {
    using client = await connectNbd(address, name, "base:allocation");
    await copyMissing(client, copying);
  } finally {
    await daemon.endReading();
  }
}

/** By a client of the layer; the rest is as in `initializeVolume`. */
export async function copyMissing(client: Pick<NbdClient, "cache" | "flush">, { source, bytesPerSecond, onProgress, signal }: Copying): Promise<void> {
  const indexes = source.missing();
  const nextTurn = pace(source, bytesPerSecond);
  const unreadable = new Map<number, UnreadableError>();
  let done = source.count - source.missingCount;
  const copySome = async (): Promise<void> => {
    for (const index of indexes) {
      await delay(nextTurn(), undefined, { signal });
      try {
        await client.cache(index * blockSize, blockSize);
        onProgress(++done / source.count);
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error;
        unreadable.set(index, error); // the others are of use without it
      }
    }
  };
  const all = await Promise.allSettled(Array.from({ length: blocksAtOnce }, copySome));
  const failed = all.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  await client.flush(); // before they are no longer missing: the daemon may die
  source.keepMissing([...unreadable.keys()].toSorted((one, other) => one - other));
  for (const error of unreadable.values()) throw error;
}

/** Tells in how many milliseconds the next block may be asked for. */
export function pace(source: Pick<SourceServer, "fetchedBytes">, bytesPerSecond: number, now: () => number = () => performance.now()): () => number {
  let [fetched, dueAt] = [source.fetchedBytes, now()];
  return () => {
    const spentMs = ((source.fetchedBytes - fetched) / bytesPerSecond) * 1_000;
    fetched = source.fetchedBytes;
    dueAt = Math.max(dueAt, now() - longestCreditMs) + spentMs;
    return Math.max(0, dueAt - now());
  };
}
