/**
 * The serial output of guests, in files that their engines append to.
 *
 * A file is bounded by cutting it off under the engine's hands: what is to be kept is copied beside it, then the file is emptied.
 * The engine has it open for appending, so its next output begins the file anew. Output between the two steps is lost.
 */
import { watch } from "node:fs";
import { copyFile, open, rm, stat, truncate } from "node:fs/promises";
import { basename, dirname } from "node:path";

export interface ConsoleFiles {
  /** The newest output, at most so many bytes. */
  tail(path: string, bytes: number): Promise<Uint8Array>;
  /** Output from this place of the file on, at most so many bytes, and where it goes on. A file that was cut off meanwhile begins anew. */
  read(path: string, from: number, bytes: number): Promise<{ readonly output: Buffer; readonly next: number }>;
  /** How much the file has now. */
  size(path: string): Promise<number>;
  /** Forgets all output: a new run begins. */
  clear(path: string): Promise<void>;
  /** Keeps the file from growing without end. */
  bound(path: string): Promise<void>;
  /** Calls the listener after output; returns a function that ends this. */
  watch(path: string, listener: () => void): () => void;
}

/** The file and the copy beside it are each at most about this large. */
const boundBytes = 512 * 1024;

export const consoleFiles: ConsoleFiles = {
  async tail(path, bytes) {
    const newest = await readTail(path, bytes);
    if (newest.length >= bytes) return newest;
    return Buffer.concat([await readTail(earlier(path), bytes - newest.length), newest]);
  },

  async read(path, from, bytes) {
    const file = await open(path).catch(() => undefined);
    if (file === undefined) return { output: Buffer.alloc(0), next: 0 };
    try {
      const { size } = await file.stat();
      const begin = size < from ? 0 : from;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size - begin, bytes)), 0, Math.min(size - begin, bytes), begin);
      return { output: buffer.subarray(0, bytesRead), next: begin + bytesRead };
    } finally {
      await file.close();
    }
  },

  size: (path) => stat(path).then((facts) => facts.size, () => 0),

  async clear(path) {
    await rm(earlier(path), { force: true });
    await truncate(path).catch(() => undefined); // there was no run before
  },

  async bound(path) {
    const file = await open(path).catch(() => undefined);
    if (file === undefined) return;
    const { size } = await file.stat().finally(() => file.close());
    if (size <= boundBytes) return;
    await copyFile(path, earlier(path));
    await truncate(path);
  },

  watch(path, listener) {
    const name = basename(path);
    const watcher = watch(dirname(path), { persistent: false }, (_event, changed) => void (changed === name && listener()));
    watcher.on("error", () => undefined); // the folder was removed with its machine
    return () => watcher.close();
  },
};

async function readTail(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function earlier(path: string): string {
  return `${path}.1`;
}
