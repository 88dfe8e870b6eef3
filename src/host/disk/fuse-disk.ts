/**
 * A volume as a raw file for User-mode Linux, which reads files and knows no NBD:
 *
 *   User-mode Linux ──▶ vol-… (a FUSE mount on a file) ──▶ qemu-storage-daemon ──NBD──▶ storage node
 *
 * The storage daemon outlives the agent, and waits and reconnects when the storage node restarts. It runs as root, because ordinary
 * mounting (`fusermount3`) insists on an account with a name, but with no other capability than the one to mount; the file belongs
 * to the guest's unprivileged user.
 *
 * A mount is seen only in the mount namespace where it was made. An agent that was started in another one does not see it, ends
 * the daemon and makes a new one: the guest is started only with a file that really is the volume.
 */
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, open, readFile, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { NbdEndpoint } from "../protocol/specification.ts";
import { endDaemons, findDaemons, lastWords, startDaemon } from "./daemon-process.ts";
import type { FileOwner } from "./file-owner.ts";

const run = promisify(execFile);
/** How long a guest's request waits for a storage node that is away: longer than any restart, so that guests pause and lose nothing. */
const reconnectSeconds = 7 * 24 * 3600;

export interface FuseDisk {
  /** Of one machine; made here. */
  readonly directory: string;
  readonly volume: string;
  readonly endpoint: NbdEndpoint;
  /** Who may read and write the file. */
  readonly user?: FileOwner;
}

/** The path of a raw file that is the volume. May be repeated: a mount that is in order is kept. */
export async function attachFuseDisk(disk: FuseDisk, signal: AbortSignal): Promise<string> {
  const path = join(disk.directory, disk.volume);
  if (await isAttached(disk, path)) return path;
  await detachFuseDisk(disk);
  await mkdir(disk.directory, { recursive: true });
  await chmod(disk.directory, 0o711);
  await (await open(path, "a", 0o600)).close();
  const logFile = `${path}.log`;
  const started = await startDaemon({ file: "qemu-storage-daemon", args: daemonArguments(disk, path), logFile, capabilities: ["sys_admin"] });
  let over = false;
  void started.ended.then(() => (over = true));
  try {
    await waitUntil(async () => isMounted(path), () => over || signal.aborted);
  } catch (cause) {
    const complaint = await lastWords(logFile);
    await detachFuseDisk(disk);
    signal.throwIfAborted();
    throw new Error(`volume ${disk.volume} cannot be made a file: ${complaint}`, { cause });
  }
  if (disk.user !== undefined) await chown(path, disk.user.uid, disk.user.gid);
  return path;
}

/** Ends the daemon, takes the mount away and removes the file. Returns when nothing writes to the volume from here. */
export async function detachFuseDisk({ directory, volume }: Pick<FuseDisk, "directory" | "volume">): Promise<void> {
  const path = join(directory, volume);
  await endDaemons(mark(path));
  while (await isMounted(path)) await run("umount", ["-l", path]);
  await rm(path, { force: true });
  await rm(`${path}.log`, { force: true });
  await rmdir(directory).catch(() => undefined); // it holds the machine's other volumes, or is gone
}

/** Takes away all mounts below the directory whose daemons were killed with their host. */
export async function dropFuseDisks(directory: string): Promise<void> {
  for (const path of await listMounts()) if (path.startsWith(`${directory}/`)) await run("umount", ["-l", path]);
}

async function isAttached({ endpoint, user }: FuseDisk, path: string): Promise<boolean> {
  if (!(await isMounted(path))) return false;
  const [daemon, ...others] = await findDaemons(mark(path));
  if (daemon === undefined || others.length > 0 || !daemon.args.includes(JSON.stringify(nbdNode(endpoint)))) return false;
  return user === undefined || (await stat(path)).uid === user.uid;
}

function daemonArguments({ endpoint }: FuseDisk, path: string): string[] {
  const fuse = { type: "fuse", id: "file", "node-name": "disk", mountpoint: path, writable: true, "allow-other": "on" };
  return ["--blockdev", JSON.stringify(nbdNode(endpoint)), "--export", JSON.stringify(fuse)];
}

function nbdNode({ address, port, exportName }: NbdEndpoint): object {
  return {
    driver: "nbd",
    "node-name": "disk",
    discard: "unmap",
    server: { type: "inet", host: address, port: String(port) },
    export: exportName,
    "reconnect-delay": reconnectSeconds,
  };
}

/** Stands in the command line of this disk's daemon and in no other. */
function mark(path: string): string {
  return `"mountpoint":${JSON.stringify(path)}`;
}

async function isMounted(path: string): Promise<boolean> {
  return (await listMounts()).includes(path);
}

async function listMounts(): Promise<readonly string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table.split("\n").map((line) => (line.split(" ")[4] ?? "").replaceAll("\\040", " "));
}

async function waitUntil(condition: () => Promise<boolean>, hopeless: () => boolean): Promise<void> {
  for (let waitMs = 5, waitedMs = 0; !(await condition()); waitedMs += waitMs, waitMs = Math.min(50, waitMs * 2)) {
    if (hopeless()) throw new Error("its process ended");
    if (waitedMs > 15_000) throw new Error("its mount did not appear within 15 seconds");
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
