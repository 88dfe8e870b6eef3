/**
 * One volume's server: a `qemu-storage-daemon` that holds the volume's file and exports it over NBD under the name of the
 * attachment that may use it.
 *
 *   storage node's agent ──QMP──▶ qemu-storage-daemon ◀──NBD, VOLUME.TOKEN── one guest's engine
 *                                        │
 *                                   vol-….qcow2
 *
 * - The daemon outlives the agent. When it dies it is started again; guests' engines wait and reconnect.
 * - The export is the fence: taking a name away ends its client's connection and drops what it has under way before the next
 *   name is given, and nobody can connect with the old name again.
 * - A flush that was answered is on disk (`cache.direct` off, `no-flush` off: written through the page cache, then fdatasync).
 * - Two daemons of one volume cannot both hold its file: QEMU locks it, and the file is opened before the control socket is made.
 */
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { connectQmp, type QmpClient } from "../qmp/qmp-client.ts";
import { endDaemons, findDaemons, lastWords, startDaemon } from "./daemon-process.ts";
import type { FileOwner } from "./volume-file.ts";

export interface VolumeDaemonOptions {
  readonly file: string;
  /** Of this volume alone; made here. */
  readonly runDirectory: string;
  readonly address: string;
  readonly port: number;
  readonly user?: FileOwner;
}

/** A daemon that answers. */
export interface VolumeDaemon {
  /** Makes this name, and no other, the one that may be used. */
  export(name: string): Promise<void>;
  /** Grows the volume when it is smaller. QEMU resizes nothing that is exported: all exports end, and their clients come back. */
  growTo(sizeBytes: number): Promise<void>;
  /** Settles when the daemon is gone, or when this agent let go of it. */
  readonly ended: Promise<void>;
  /** Lets go of the daemon without ending it. */
  release(): void;
}

const nodeName = "disk";

/** The daemon of an earlier agent where one answers, else a new one, which exports `exportName` from its first moment. */
export async function openVolumeDaemon(options: VolumeDaemonOptions, exportName: string): Promise<VolumeDaemon> {
  const socket = join(options.runDirectory, "qmp");
  return toDaemon((await adopt(options, socket)) ?? (await startAnew(options, socket, exportName)));
}

/** Ends the volume's daemon, whatever state it is in; everything written is on disk afterwards. */
export async function endVolumeDaemon(runDirectory: string): Promise<void> {
  await endDaemons(join(runDirectory, "qmp"));
  await rm(runDirectory, { recursive: true, force: true });
  await rm(`${runDirectory}.log`, { force: true });
}

/** Only a daemon that was started for the same file and the same port; the topology may have changed since. */
async function adopt(options: VolumeDaemonOptions, socket: string): Promise<QmpClient | undefined> {
  const wanted = daemonArguments(options, socket, "").filter((arg) => !arg.includes('"type":"nbd"'));
  const [daemon, ...others] = await findDaemons(socket);
  if (daemon === undefined || others.length > 0 || !wanted.every((arg) => daemon.args.includes(arg))) return undefined;
  return connectQmp({ socket, timeoutMs: 2_000 }).catch(() => undefined);
}

async function startAnew(options: VolumeDaemonOptions, socket: string, exportName: string): Promise<QmpClient> {
  await endDaemons(socket);
  await makeRunDirectory(options);
  const logFile = `${options.runDirectory}.log`;
  const { user } = options;
  const started = await startDaemon({ file: "qemu-storage-daemon", args: daemonArguments(options, socket, exportName), logFile, ...(user === undefined ? {} : { user }) });
  let over = false;
  void started.ended.then(() => (over = true));
  for (let waitMs = 5, waitedMs = 0; ; waitedMs += waitMs, waitMs = Math.min(50, waitMs * 2)) {
    // The control socket exists before the export does, but is served only when the whole command line has been carried out.
    const client = await connectQmp({ socket, timeoutMs: 10_000 }).catch(() => undefined);
    if (client !== undefined) return client;
    if (over || waitedMs > 15_000) throw new Error(`the volume's storage daemon did not start: ${await lastWords(logFile)}`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

async function makeRunDirectory({ runDirectory, user }: VolumeDaemonOptions): Promise<void> {
  await rm(runDirectory, { recursive: true, force: true });
  await mkdir(runDirectory, { recursive: true });
  await chmod(runDirectory, 0o700);
  if (user !== undefined) await chown(runDirectory, user.uid, user.gid);
}

function daemonArguments({ file, address, port }: VolumeDaemonOptions, socket: string, exportName: string): string[] {
  const node = {
    driver: "qcow2",
    "node-name": nodeName,
    discard: "unmap",
    cache: { direct: false, "no-flush": false },
    file: { driver: "file", filename: file, locking: "on", aio: "threads", discard: "unmap", cache: { direct: false, "no-flush": false } },
  };
  return [
    ["--blockdev", node],
    ["--nbd-server", { addr: { type: "inet", host: address, port: String(port) } }],
    ["--export", nbdExport(exportName)],
    ["--chardev", `socket,id=control,path=${socket},server=on,wait=off`],
    ["--monitor", "chardev=control"],
  ].flatMap(([option, value]) => [String(option), typeof value === "string" ? value : JSON.stringify(value)]);
}

function nbdExport(name: string): Readonly<Record<string, unknown>> {
  return { type: "nbd", id: name, "node-name": nodeName, name, writable: true };
}

function toDaemon(client: QmpClient): VolumeDaemon {
  return {
    ended: client.closed,
    release: () => client.close(),
    async export(name) {
      const present = await listExports(client);
      for (const other of present.filter((id) => id !== name)) await removeExport(client, other);
      if (!present.includes(name)) await client.execute("block-export-add", nbdExport(name));
    },
    async growTo(sizeBytes) {
      const nodes = await client.execute("query-named-block-nodes", { flat: true });
      if (virtualSize(nodes) >= sizeBytes) return;
      for (const id of await listExports(client)) await removeExport(client, id);
      await client.execute("block_resize", { "node-name": nodeName, size: sizeBytes });
    },
  };
}

async function listExports(client: QmpClient): Promise<readonly string[]> {
  return rows(await client.execute("query-block-exports")).map((row) => String(row["id"]));
}

/** Returns when the export's last request is over and its client is disconnected. */
async function removeExport(client: QmpClient, id: string): Promise<void> {
  const gone = Promise.withResolvers<void>();
  const stop = client.onEvent(({ event, data }) => void (event === "BLOCK_EXPORT_DELETED" && data["id"] === id && gone.resolve()));
  void client.closed.then(() => gone.reject(new Error(`the storage daemon ended while its export ${id} was taken away`)));
  try {
    await client.execute("block-export-del", { id, mode: "hard" });
    await gone.promise;
  } catch (cause) {
    if ((await listExports(client)).includes(id)) throw new Error(`cannot take the export ${id} away`, { cause });
  } finally {
    stop();
  }
}

function virtualSize(nodes: unknown): number {
  const node = rows(nodes).find((row) => row["node-name"] === nodeName);
  const image = node?.["image"];
  const size = typeof image === "object" && image !== null && "virtual-size" in image ? image["virtual-size"] : undefined;
  if (typeof size !== "number") throw new Error("the storage daemon did not say how large its volume is");
  return size;
}

function rows(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((row) => typeof row === "object" && row !== null) : [];
}
