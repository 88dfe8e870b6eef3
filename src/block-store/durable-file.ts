/**
 * Files and folders of a store on disk. Every call that changes something is an *effect*; tests kill a writer before and after each.
 */
import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Told of each effect before and after it. */
export type Witness = (moment: string) => void | Promise<void>;

/** Writes a file and has it on disk, under a name that nobody looks for; returns its path. */
export async function writeFlushed(folder: string, parts: readonly Uint8Array[], witness: Witness): Promise<string> {
  // Never a name that was used before: a file of a dead writer may have got its second name, and must not be written to again.
  const path = join(folder, randomUUID());
  await witness("write");
  const file = await open(path, "wx", 0o600);
  try {
    await writeWholly(file, parts);
    await file.datasync();
  } finally {
    await file.close();
  }
  await witness("write done");
  return path;
}

/** In one call to the system, unless that takes only a part. */
async function writeWholly(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const { bytesWritten } = await file.writev([...parts]);
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  if (bytesWritten < bytes) await file.writeFile(Buffer.concat(parts).subarray(bytesWritten));
}

/** Gives a file its name; makes the folder when it is not there. */
export async function renameInto(from: string, to: string, witness: Witness): Promise<void> {
  await witness("rename");
  await withFolder(to, () => rename(from, to));
  await witness("rename done");
}

/** Gives a file a second name, unless there is one of that name already; false when there is. */
export async function linkInto(from: string, to: string, witness: Witness): Promise<boolean> {
  await witness("link");
  const linked = await withFolder(to, () => link(from, to)).then(() => true, ifCode("EEXIST", false));
  await witness("link done");
  return linked;
}

export async function remove(path: string, witness: Witness): Promise<void> {
  await witness("remove");
  await rm(path, { force: true });
  await witness("remove done");
}

/** Makes the names in a folder durable. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(ifCode("ENOENT", undefined));
}

/** For `catch`: the value for an error with this code; others go on. */
export function ifCode<T>(code: string, value: T): (thrown: unknown) => T {
  return (thrown) => {
    if (thrown instanceof Error && "code" in thrown && thrown.code === code) return value;
    throw thrown;
  };
}

async function withFolder<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    ifCode("ENOENT", undefined)(thrown);
    await makeFolder(dirname(path));
    return work();
  }
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}
