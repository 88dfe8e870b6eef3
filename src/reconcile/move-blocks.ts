/** Moves the blocks of one snapshot into the store: several at once, with word of how far it is. */
import type { SnapshotWriter } from "../block-store/block-store.ts";

const atOnce = 4;
const tellEveryMs = 500;

/** What became of it is written down from time to time; a false answer ends the work: nobody wants it any more. */
export type TellProgress = (percent: number) => Promise<boolean>;

/** One piece of the work; returns when the block is in the store. */
export type MoveBlock<Entry> = (writer: SnapshotWriter, entry: Entry) => Promise<unknown>;

/**
 * `shareOf` says of an entry how much of the whole has been seen by then, 0 to 1. False: the work was given up. However it ends, nothing is under way any more:
 * a block that came behind the removal of its snapshot would be nobody's.
 */
export async function moveBlocks<Entry>(
  writer: SnapshotWriter,
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  move: MoveBlock<Entry>,
  shareOf: (entry: Entry) => number,
  tell: TellProgress,
): Promise<boolean> {
  let toldAt = performance.now();
  let group: Promise<unknown>[] = [];
  try {
    for await (const entry of entries) {
      group.push(move(writer, entry));
      if (group.length < atOnce) continue;
      await Promise.all(group);
      group = [];
      if (performance.now() - toldAt < tellEveryMs) continue;
      if (!(await tell(Math.min(99, Math.floor(shareOf(entry) * 100))))) return false;
      toldAt = performance.now();
    }
    await Promise.all(group);
    return true;
  } finally {
    await Promise.allSettled(group);
  }
}
