/**
 * Watches the room on the file system of the volumes. When it runs short the volumes are taken from their guests, whose engines wait, before a
 * write fails: a guest that is told of an I/O error may give its file system up.
 */
import { statfs } from "node:fs/promises";

export interface RoomWatch {
  hasRoom(): boolean;
  close(): void;
}

export interface RoomOptions {
  readonly directory: string;
  /** Less than this is short. It has to last for what all guests write in one interval. */
  readonly floorBytes: number;
  readonly intervalMs: number;
  /** It has become short, or is no longer. */
  readonly changed: () => void;
}

/** Comes back only with a tenth more than the floor, so that volumes do not come and go. */
const enoughAgain = 1.1;

export function watchRoom({ directory, floorBytes, intervalMs, changed }: RoomOptions): RoomWatch {
  let hasRoom = true;
  const look = async () => {
    const { bavail, bsize } = await statfs(directory);
    const has = bavail * bsize >= floorBytes * (hasRoom ? 1 : enoughAgain);
    if (has === hasRoom) return;
    hasRoom = has;
    changed();
  };
  const quietly = () => void look().catch(() => undefined); // there are no volumes yet
  quietly();
  const timer = setInterval(quietly, intervalMs).unref();
  return { hasRoom: () => hasRoom, close: () => clearInterval(timer) };
}
