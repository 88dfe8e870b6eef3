/**
 * Writes an ext4 file system with a directory's content into a file, without mounting anything. Same content, same bytes:
 * the UUID, the seed of directory hashes and all times are given. What cannot be given to mke2fs (the time of an inode's
 * last change, which it copies from the builder's own tree) is set afterwards.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { listTree, limitTimes } from "./tree.ts";

export interface Ext4Request {
  /** The directory whose content goes in, with its owners and modes. */
  readonly tree: string;
  readonly file: string;
  /** Where in the file the file system begins, and how large it is. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly label: string;
  readonly uuid: string;
  readonly epochSeconds: number;
  readonly journalMib: number;
  /** One inode for so many bytes. */
  readonly bytesPerInode: number;
  readonly workDirectory: string;
  readonly signal: AbortSignal;
}

export async function writeExt4(request: Ext4Request): Promise<void> {
  const { tree, file, offsetBytes, sizeBytes, uuid, epochSeconds, signal } = request;
  await limitTimes(tree, epochSeconds);
  const environment = { E2FSPROGS_FAKE_TIME: String(epochSeconds), MKE2FS_SYNC: "0" };
  const extended = [`offset=${offsetBytes}`, `hash_seed=${uuid}`, "lazy_itable_init=0", "lazy_journal_init=0", "assume_storage_prezeroed=1", "root_owner=0:0"];
  await runCommand(
    "mke2fs",
    [
      ...["-q", "-F", "-t", "ext4", "-b", "4096", "-m", "1", "-L", request.label, "-U", uuid, "-i", String(request.bytesPerInode)],
      ...["-J", `size=${request.journalMib}`, "-O", "metadata_csum_seed", "-E", extended.join(","), "-d", tree, file, `${Math.floor(sizeBytes / 1024)}k`],
    ],
    { signal, environment },
  );
  await setChangeTimes(request, environment);
}

async function setChangeTimes(request: Ext4Request, environment: Readonly<Record<string, string>>): Promise<void> {
  const paths = ["/", ...(await listTree(request.tree)).map((path) => `/${path}`)];
  const script = join(request.workDirectory, "change-times");
  const time = `@${request.epochSeconds}`;
  const lines = paths.filter((path) => !/["\n]/.test(path)).map((path) => `sif "${path}" ctime ${time}`);
  await writeFile(script, `${lines.join("\n")}\n`);
  await runCommand("debugfs", ["-w", "-f", script, `${request.file}?offset=${request.offsetBytes}`], { signal: request.signal, environment });
}
