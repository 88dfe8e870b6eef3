/**
 * One volume's server: a `qemu-storage-daemon` that holds the volume's layers and exports them over NBD under the names of the
 * attachments that may use them.
 *
 *   storage node's agent ──QMP──▶ qemu-storage-daemon ◀──NBD, VOLUME.TOKEN── one guest's engine, or by vhost-user on the same machine
 *                                        │ throttle
 *                              vol-….2.qcow2 ─▶ vol-….1.qcow2 ─▶ …
 *
 * - The daemon outlives the agent. When it dies it is started again; guests' engines wait and reconnect.
 * - Its command line says only where it listens; all else is told to it, and read from it by the next agent, because it changes in its life.
 *   One that its agent left half told is ended.
 * - The export is the fence: taking a name away ends its client's connection and drops what it has under way before the next
 *   name is given, and nobody can connect with the old name again.
 * - Two daemons of one volume cannot both hold its files: QEMU locks them.
 */
import { randomUUID } from "node:crypto";
import { chmod, chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { VolumeLimits } from "../protocol/specification.ts";
import { QmpError } from "../qmp/qmp-client.ts";
import { listExports, removeExport, type FoundExport } from "./daemon-exports.ts";
import { endJobs, rows, runJob } from "./daemon-jobs.ts";
import { base, baseNode, directExport, directId, disk, diskNode, guestExport, isReadingExport, keyObject, layer, layerNode, layerNumber, limitsObject, nameOfExport, readingExport, standingAlone, type Base, type FileAccess, type LayerPlace, type Node } from "./daemon-nodes.ts";
import type { PatientClient } from "./daemon-patience.ts";
import { endDaemons, findDaemons } from "./daemon-process.ts";
import { connect, daemonArguments, onceFree, startProcess, type DaemonPlace } from "./daemon-start.ts";
import { clearGuestSocket, dropGuestSockets, guestSocketOf } from "./guest-socket.ts";
import { toThrottleLimits } from "./throttle-limits.ts";

export interface DaemonContent {
  /** Bottom first. */
  readonly layers: readonly LayerPlace[];
  readonly base?: Base;
  /** Base64; absent: not encrypted. */
  readonly encryptionKey?: string;
  readonly limits: VolumeLimits;
}

/** The daemon of an earlier agent that answers and is whole. What it was doing at leisure is ended. */
export async function adoptVolumeDaemon(place: DaemonPlace): Promise<VolumeDaemon | undefined> {
  const socket = join(place.runDirectory, "qmp");
  const wanted = daemonArguments(place, socket);
  const [daemon, ...others] = await findDaemons(socket);
  if (daemon === undefined || others.length > 0 || !wanted.every((arg) => daemon.args.includes(arg))) return undefined;
  const client = await connect(place, socket, 2_000).catch(() => undefined);
  if (client === undefined) return undefined;
  const adopted = new VolumeDaemon(client, place);
  if (!(await adopted.isWhole())) {
    client.close();
    return undefined;
  }
  await client.within("the end of the jobs of an agent that has died", endJobs(client));
  await adopted.endReading();
  return adopted;
}

/** A new daemon in the place of any other, which exports nothing yet. */
export function startVolumeDaemon(place: DaemonPlace, content: DaemonContent): Promise<VolumeDaemon> {
  return onceFree(() => startAtOnce(place, content));
}

async function startAtOnce(place: DaemonPlace, content: DaemonContent): Promise<VolumeDaemon> {
  const socket = join(place.runDirectory, "qmp");
  await endDaemons(socket);
  await dropGuestSockets(place.sockets);
  await makeRunDirectory(place);
  const client = await startProcess(place, socket);
  try {
    await tell(client, place, content);
  } catch (cause) {
    client.close();
    await endDaemons(socket, 0);
    throw new Error("the volume's storage daemon cannot open the volume", { cause });
  }
  return new VolumeDaemon(client, place);
}

/** Ends the volume's daemon, whatever state it is in; everything written is on disk afterwards. */
export async function endVolumeDaemon(runDirectory: string): Promise<void> {
  await endDaemons(join(runDirectory, "qmp"));
  await rm(runDirectory, { recursive: true, force: true });
  await rm(`${runDirectory}.log`, { force: true });
}

/** The volume's own folder, which its user alone may enter; keeps what is in it. */
export async function makeRunDirectory({ runDirectory, user }: Pick<DaemonPlace, "runDirectory" | "user">): Promise<void> {
  await mkdir(runDirectory, { recursive: true });
  await chmod(runDirectory, 0o700);
  if (user !== undefined) await chown(runDirectory, user.uid, user.gid);
}

async function tell(client: PatientClient, place: DaemonPlace, { layers, base: lowest, encryptionKey, limits }: DaemonContent): Promise<void> {
  if (encryptionKey !== undefined) await tellKey(client, place, encryptionKey);
  await client.execute("object-add", { "qom-type": "throttle-group", id: limitsObject, limits: toThrottleLimits(limits) });
  if (lowest !== undefined) await addNode(client, (access) => base(lowest, access));
  let below = lowest === undefined ? null : baseNode;
  for (const one of layers) {
    await addLayer(client, one, below, encryptionKey !== undefined);
    below = layerNode(one.number);
  }
  await client.execute("blockdev-add", disk(layers.at(-1)?.number ?? 0));
}

function addLayer(client: PatientClient, place: LayerPlace, below: string | null, isEncrypted: boolean): Promise<void> {
  return addNode(client, (access) => layer(place, below, isEncrypted, access));
}

/** A ring where the kernel lets the daemon have one: what is in memory is then read without waking a thread for it. Containers often forbid them. */
async function addNode(client: PatientClient, toNode: (access: FileAccess) => Node): Promise<void> {
  try {
    await client.execute("blockdev-add", toNode("io_uring"));
  } catch (error) {
    if (!(error instanceof QmpError) || !error.message.includes("io_uring")) throw error;
    await client.execute("blockdev-add", toNode("threads"));
  }
}

/** By a file: what is said over QMP may stand in a log. */
async function tellKey(client: PatientClient, { runDirectory, user }: DaemonPlace, key: string): Promise<void> {
  const file = join(runDirectory, "key");
  try {
    await writeFile(file, key, { mode: 0o600 });
    if (user !== undefined) await chown(file, user.uid, user.gid);
    await client.execute("object-add", { "qom-type": "secret", id: keyObject, file });
  } finally {
    await rm(file, { force: true });
  }
}

/** A daemon that answers. */
export class VolumeDaemon {
  readonly #client: PatientClient;
  readonly #place: DaemonPlace;

  constructor(client: PatientClient, place: DaemonPlace) {
    this.#client = client;
    this.#place = place;
  }

  /** Settles when the daemon is gone, or when this agent let go of it. */
  get ended(): Promise<void> {
    return this.#client.closed;
  }

  /** Lets go of the daemon without ending it. */
  release(): void {
    this.#client.close();
  }

  /** Everything was told to it: the node that exports stand on is the last. */
  async isWhole(): Promise<boolean> {
    return (await this.#nodes()).some((node) => node["node-name"] === diskNode);
  }

  /** Makes these names, and no others, the ones that may be used. */
  async export(names: readonly string[]): Promise<void> {
    const found = (await listExports(this.#client)).filter(({ id }) => !isReadingExport(id));
    const isKept = ({ id, isEnding }: FoundExport) => !isEnding && names.includes(nameOfExport(id));
    for (const { id } of found.filter((one) => !isKept(one))) {
      await removeExport(this.#client, id);
      await rm(guestSocketOf(this.#place.sockets, nameOfExport(id)), { force: true });
    }
    const present = found.filter(isKept).map(({ id }) => id);
    for (const name of names.filter((each) => !present.includes(directId(each)))) await this.#exportDirectly(name);
    // Who finds this one finds the other.
    for (const name of names.filter((each) => !present.includes(each))) await this.#client.execute("block-export-add", guestExport(name));
  }

  async #exportDirectly(name: string): Promise<void> {
    const { sockets, user } = this.#place;
    const socket = guestSocketOf(sockets, name);
    await clearGuestSocket(socket, user);
    await this.#client.execute("block-export-add", directExport(name, socket));
  }

  async exports(): Promise<readonly string[]> {
    return (await listExports(this.#client)).filter(({ isEnding }) => !isEnding).map(({ id }) => id);
  }

  /** Setting limits fills the buckets, so those that are set already are left alone. */
  async limit(limits: VolumeLimits): Promise<void> {
    const group = { path: `/objects/${limitsObject}`, property: "limits" };
    const present = new Map(Object.entries((await this.#client.execute("qom-get", group)) ?? {}));
    const wanted = toThrottleLimits(limits);
    if (Object.entries(wanted).some(([name, value]) => present.get(name) !== value)) await this.#client.execute("qom-set", { ...group, value: wanted });
  }

  /** Whether the volume is smaller than that. */
  async isSmallerThan(sizeBytes: number): Promise<boolean> {
    return virtualSize(await this.#nodes()) < sizeBytes;
  }

  /** QEMU resizes nothing that is exported or that a job works on: all exports end, and their clients come back. */
  async growTo(sizeBytes: number): Promise<void> {
    await this.export([]);
    await this.#client.execute("block_resize", { "node-name": diskNode, size: sizeBytes });
  }

  /** The layers that the exported volume consists of, the one that it writes to first, and all that are open. While a job works it is in between. */
  async layers(): Promise<{ readonly chain: readonly number[]; readonly open: readonly number[] }> {
    const graph = await this.#client.execute("x-debug-query-block-graph");
    const { nodes, edges } = Object.fromEntries(typeof graph === "object" && graph !== null ? Object.entries(graph) : []);
    const numbers = new Map(rows(nodes).map(({ id, name }) => [id, layerNumber(String(name))]));
    const below = (id: unknown) => rows(edges).find(({ parent, name }) => parent === id && (name === "backing" || (name === "file" && numbers.get(id) === undefined)))?.["child"];
    const chain: number[] = [];
    for (let at = below(rows(nodes).find(({ name }) => name === diskNode)?.["id"]); at !== undefined; at = below(at)) {
      const number = numbers.get(at);
      if (number !== undefined) chain.push(number);
    }
    return { chain, open: [...numbers.values()].filter((number) => number !== undefined) };
  }

  /** Everything written so far stays below; what follows goes into this layer. */
  async pushLayer(place: LayerPlace, isEncrypted: boolean): Promise<void> {
    const { chain, open } = await this.layers();
    if (chain.includes(place.number)) return;
    if (!open.includes(place.number)) await addLayer(this.#client, place, null, isEncrypted);
    await this.#client.execute("blockdev-snapshot", { node: layerNode(chain[0] ?? 0), overlay: layerNode(place.number) });
  }

  /** Copies the upper layer's content into the lower one, and takes the upper one out. */
  async mergeLayers(upper: number, lower: number, lowerName: string, signal: AbortSignal): Promise<void> {
    const { chain, open } = await this.layers();
    const args = { device: diskNode, "top-node": layerNode(upper), "base-node": layerNode(lower), "backing-file": lowerName };
    if (chain.includes(upper)) await runJob(this.#client, { id: "merge", command: "block-commit", args }, signal);
    if (open.includes(upper)) await this.#client.execute("blockdev-del", { "node-name": layerNode(upper) });
  }

  /** Whether the lowest layer stands on something. */
  async hasBase(): Promise<boolean> {
    return (await this.#nodes()).some((node) => node["node-name"] === baseNode);
  }

  /** The lowest layer has everything itself. */
  async dropBase(lowest: LayerPlace, isEncrypted: boolean): Promise<void> {
    if (!(await this.hasBase())) return;
    await this.#client.execute("blockdev-reopen", { options: [standingAlone(lowest, isEncrypted)] });
    await this.#client.execute("blockdev-del", { "node-name": baseNode });
  }

  /** Makes a layer, with all below it, readable for the agent; returns the export's name. */
  async beginReading(number: number): Promise<string> {
    const reading = readingExport(number, randomUUID());
    await this.#client.execute("block-export-add", reading);
    return reading.name;
  }

  async endReading(): Promise<void> {
    for (const { id } of await listExports(this.#client)) if (isReadingExport(id)) await removeExport(this.#client, id);
  }

  async #nodes(): Promise<readonly Node[]> {
    return rows(await this.#client.execute("query-named-block-nodes", { flat: true }));
  }
}

function virtualSize(nodes: readonly Node[]): number {
  const image = nodes.find((node) => node["node-name"] === diskNode)?.["image"];
  const size = typeof image === "object" && image !== null && "virtual-size" in image ? image["virtual-size"] : undefined;
  if (typeof size !== "number") throw new Error("the storage daemon did not say how large its volume is");
  return size;
}
