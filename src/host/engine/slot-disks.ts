/**
 * The disks of a guest that shares its memory with those who serve them (decisions 0014, 0037, 0039):
 *
 *   guest ──vhost-user, slot-N──▶ disk-relay.pl ──▶ export disk-N ─▶ slot-N (raw) ─▶ vol-….1   (NBD to the storage node, or a local file)
 *                                      │                                         └─▶ empty
 *                                      └──▶ the volume's own daemon, where its storage node is on this machine: vol-….direct
 *
 * Slot and letter go together: /dev/sdf is slot 5. A kernel of User-mode Linux takes devices at its start only, so every slot is a device from then on, which it calls
 * vdf, and a disk is plugged in by putting its node under the slot and telling the guest its size. QEMU plugs in a device at a slot that has a disk.
 *
 * `slots.json` in the run directory says which node belongs under which slot; it is written before anything is done, and every change may be repeated.
 */
import { constants, readFile, stat } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectQmp, QmpError, type QmpClient } from "../qmp/qmp-client.ts";
import { blockNode } from "./block-node.ts";
import { mostDevices, placeOf } from "./disk-place.ts";
import type { MachinePlan, PlannedDisk } from "./engine.ts";
import { writeSafely } from "./run-record.ts";

/** Node names by slot. */
type Slots = Readonly<Record<number, string>>;

export const stateFile = "slots.json";
const controlSocket = "disks.sock";
const sizesSocket = "slots.sock";
/** Which slots another than this guest's daemon serves at the guest's start; not there with a relay of an earlier version, which knows of none. */
export const serversFile = "slot-servers";
const emptyNode = "empty";
/** In the place of a node that could not be taken away. */
const lostNode = "lost";
const commandMs = 30_000;
/** Of a storage node, to whoever connects. */
const answerMs = 5_000;
const sectorBytes = 512;

/** Where a guest's hypervisor finds a slot, in the run directory. */
export const socketOfSlot = (slot: number): string => `slot-${slot}`;

/** What a guest's slots hold at its start. */
export function firstSlots(disks: readonly PlannedDisk[]): Slots {
  const slots: Record<number, string> = {};
  for (const disk of disks) slots[placeOf(disk, takenBy(slots))] = socketOf(disk) === undefined ? firstNode(disk.volume) : directNode(disk.volume);
  return slots;
}

export const slotsText = (slots: Slots): string => JSON.stringify(slots);

/** The relay's first servers. */
export function serversText(disks: readonly PlannedDisk[]): string {
  const slots = firstSlots(disks);
  return disks.flatMap((disk) => (socketOf(disk) === undefined ? [] : [`${slotOf(slots, disk.volume)} ${socketOf(disk)}\n`])).join("");
}

/** The storage daemon's command line; sockets without a folder are in the directory that it runs in. */
export function daemonWords({ runDirectory, disks }: Pick<MachinePlan, "runDirectory" | "disks">): string[] {
  const slots = firstSlots(disks);
  return [
    ...["--chardev", `socket,id=control,path=${join(runDirectory, controlSocket)},server=on,wait=off`, "--monitor", "chardev=control"],
    ...option("--blockdev", { driver: "null-co", "node-name": emptyNode, size: 0 }),
    ...disks.filter((disk) => socketOf(disk) === undefined).flatMap((disk) => option("--blockdev", blockNode(disk.source, firstNode(disk.volume)))),
    ...allSlots().flatMap((slot) => [
      ...option("--blockdev", slotNode(slot, ownNode(slots[slot]))),
      ...option("--export", { type: "vhost-user-blk", id: exportOf(slot), "node-name": socketOfSlot(slot), addr: { type: "unix", path: exportOf(slot) }, writable: true }),
    ]),
  ];
}

export class SlotDisks {
  readonly #directory: string;
  readonly #sources: Map<string, PlannedDisk["source"]>;

  /** `disks`: all that the guest has now. */
  constructor({ runDirectory, disks }: Pick<MachinePlan, "runDirectory" | "disks">) {
    this.#directory = runDirectory;
    this.#sources = new Map(disks.map(({ volume, source }) => [volume, source]));
  }

  /** Returns the slot. */
  async attach(disk: PlannedDisk): Promise<number> {
    this.#sources.set(disk.volume, disk.source);
    const slots = await this.#read();
    const slot = slotOf(slots, disk.volume) ?? placeOf(disk, takenBy(slots));
    const socket = socketOf(disk);
    if (isDirect(slots[slot]) || (slots[slot] === undefined && socket !== undefined && (await this.#isRelayed()))) {
      await this.#write({ ...slots, [slot]: directNode(disk.volume) });
      await this.#order(slot, "own", socket);
      return slot;
    }
    await this.#withDaemon(async (daemon) => {
      const nodes = await listSizes(daemon);
      const node = slots[slot] ?? freshNode(disk.volume, nodes);
      await this.#write({ ...slots, [slot]: node });
      if (!nodes.has(node)) await daemon.execute("blockdev-add", blockNode(disk.source, node));
      await this.#fill(daemon, slot, node);
    });
    return slot;
  }

  /** Undefined for a disk that is in none. */
  async find(volume: string): Promise<number | undefined> {
    return slotOf(await this.#read(), volume);
  }

  /**
   * The guest sees no disk any more before it is taken away. The daemon first ends what the guest began; where the storage node is away, or does not know
   * this guest any more, it would wait, with all other disks: then the slot stays out of use until the guest's next start.
   */
  async detach(volume: string): Promise<void> {
    const slots = await this.#read();
    const slot = slotOf(slots, volume);
    if (slot === undefined) return;
    await this.#order(slot, 0);
    if (isDirect(slots[slot])) {
      const isFree = await this.#leaveServer(slot);
      await this.#write(isFree ? without(slots, slot) : { ...slots, [slot]: lostNode });
      return void this.#sources.delete(volume);
    }
    await this.#withDaemon(async (daemon) => {
      if (!(await this.#answers(daemon, volume))) return this.#write({ ...slots, [slot]: lostNode });
      await daemon.execute("blockdev-reopen", { options: [slotNode(slot, emptyNode)] });
      await this.#write(without(slots, slot));
      await dropNodes(daemon, volume);
    });
    this.#sources.delete(volume);
  }

  /** A connection learns of a new size only when it is made: a new one takes the place of the old one, which first ends what it began. */
  async grow(volume: string, sizeBytes: number): Promise<void> {
    const slots = await this.#read();
    const [slot, source] = [slotOf(slots, volume), this.#sources.get(volume)];
    if (slot === undefined || source === undefined) throw new Error(`the guest has no disk ${volume}`);
    if (isDirect(slots[slot])) return requireSize(volume, await this.#order(slot, "own"), sizeBytes);
    await this.#withDaemon(async (daemon) => {
      const node = freshNode(volume, await listSizes(daemon));
      await daemon.execute("blockdev-add", blockNode(source, node));
      const reached = (await listSizes(daemon)).get(node) ?? 0;
      if (reached < sizeBytes) {
        await dropNodes(daemon, volume, slots[slot]);
        return requireSize(volume, reached, sizeBytes);
      }
      await this.#write({ ...slots, [slot]: node });
      await this.#fill(daemon, slot, node);
      await dropNodes(daemon, volume, node);
    });
  }

  /** Whether the disk can be reached by whoever begins now. */
  async #answers(daemon: QmpClient, volume: string): Promise<boolean> {
    const source = this.#sources.get(volume);
    if (source === undefined) return false;
    const trial = freshNode(volume, await listSizes(daemon));
    const opened = daemon.execute("blockdev-add", blockNode(source, trial)).then(() => true, (error: unknown) => {
      if (error instanceof QmpError) return false;
      throw error;
    });
    opened.catch(() => undefined); // it may come too late for anybody to want it
    return Promise.race([opened, delay(answerMs, false, { ref: false })]);
  }

  async #fill(daemon: QmpClient, slot: number, node: string): Promise<void> {
    await daemon.execute("blockdev-reopen", { options: [slotNode(slot, node)] });
    await this.#order(slot, (await listSizes(daemon)).get(node) ?? 0);
  }

  /** The daemon of this guest serves the slot again; false as long as the volume's has something to do that the guest began. */
  async #leaveServer(slot: number): Promise<boolean> {
    for (const deadline = performance.now() + answerMs; performance.now() < deadline; await delay(50)) {
      if (await this.#order(slot, 0, exportOf(slot)).then(() => true, () => false)) return true;
    }
    return false;
  }

  /** The relay's orders are one line, answered by one; resolves to the size that the disk has now. */
  #order(slot: number, bytes: number | "own", server?: string): Promise<number> {
    const size = bytes === "own" ? bytes : bytes - (bytes % sectorBytes);
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path: join(this.#directory, sizesSocket) });
      socket.setTimeout(commandMs, () => socket.destroy(new Error("the relay of the guest's disks does not answer")));
      socket.once("error", reject).once("close", () => reject(new Error("the relay of the guest's disks refused an order")));
      socket.once("data", (answer) => (resolve(Number(/^ok (\d+)/.exec(answer.toString())?.[1] ?? bytes)), socket.destroy()));
      socket.write(`${[slot, size, ...(server === undefined ? [] : [server])].join(" ")}\n`);
    });
  }

  #isRelayed(): Promise<boolean> {
    return stat(join(this.#directory, serversFile)).then(() => true, () => false);
  }

  async #withDaemon(work: (daemon: QmpClient) => Promise<void>): Promise<void> {
    const daemon = await connectQmp({ socket: join(this.#directory, controlSocket) });
    const timer = setTimeout(() => daemon.close(), commandMs);
    try {
      await work(daemon);
    } finally {
      clearTimeout(timer);
      daemon.close();
    }
  }

  async #read(): Promise<Slots> {
    const text = await readFile(join(this.#directory, stateFile), { encoding: "utf8", flag: constants.O_RDONLY | constants.O_NOFOLLOW });
    return JSON.parse(text) as Slots; // written here; the guest's user, who could write another, has the daemon that it is for in any case
  }

  #write(slots: Slots): Promise<void> {
    return writeSafely(join(this.#directory, stateFile), slotsText(slots));
  }
}

/** Whether the machine's process was started with slots. */
export function hasSlotsNow({ runDirectory }: Pick<MachinePlan, "runDirectory">): Promise<boolean> {
  return stat(join(runDirectory, stateFile)).then(() => true, () => false);
}

const allSlots = (): number[] => Array.from({ length: mostDevices }, (_, slot) => slot);
const option = (name: string, value: object): string[] => [name, JSON.stringify(value)];
/** The export of this guest's daemon, and its socket. */
const exportOf = (slot: number): string => `disk-${slot}`;
const slotNode = (slot: number, child: string) => ({ driver: "raw", "node-name": socketOfSlot(slot), discard: "unmap", file: child });
const firstNode = (volume: string): string => `${volume}.1`;
/** In the place of a node, where the volume's own daemon serves the slot. */
const directNode = (volume: string): string => `${volume}.direct`;
const isDirect = (node: string | undefined): boolean => node?.endsWith(".direct") === true;
/** What this guest's daemon has in a slot. */
const ownNode = (node: string | undefined): string => (node === undefined || isDirect(node) ? emptyNode : node);
const socketOf = ({ source }: PlannedDisk): string | undefined => (source.kind === "nbd" ? source.socket : undefined);
const volumeOf = (node: string): string => node.split(".")[0] ?? "";

/** A name that no node has: one of an earlier connection may still be there. */
function freshNode(volume: string, nodes: ReadonlyMap<string, unknown>): string {
  let number = 1;
  while (nodes.has(`${volume}.${number}`)) number += 1;
  return `${volume}.${number}`;
}

function without(slots: Slots, slot: number): Slots {
  return Object.fromEntries(Object.entries(slots).filter(([each]) => Number(each) !== slot));
}

function requireSize(volume: string, bytes: number, wanted: number): void {
  if (bytes < wanted) throw new Error(`the disk ${volume} has ${bytes} bytes, not yet ${wanted}`);
}

function takenBy(slots: Slots): ReadonlySet<number> {
  return new Set(Object.keys(slots).map(Number));
}

export function slotOf(slots: Slots, volume: string): number | undefined {
  const found = Object.entries(slots).find(([, node]) => volumeOf(node) === volume);
  return found === undefined ? undefined : Number(found[0]);
}

/** Bytes by node. */
async function listSizes(daemon: QmpClient): Promise<ReadonlyMap<string, number>> {
  const nodes = await daemon.execute("query-named-block-nodes", { flat: true });
  return new Map(records(nodes).map((node) => [String(node["node-name"]), Number(records([node["image"]])[0]?.["virtual-size"] ?? 0)]));
}

/** Those that are still in use stay. */
async function dropNodes(daemon: QmpClient, volume: string, except?: string): Promise<void> {
  for (const node of (await listSizes(daemon)).keys()) {
    if (volumeOf(node) !== volume || node === except) continue;
    await daemon.execute("blockdev-del", { "node-name": node }).catch((error: unknown) => {
      if (!(error instanceof QmpError)) throw error;
    });
  }
}

/** The objects of a list that QEMU answered. */
function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];
}
