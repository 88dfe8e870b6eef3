/**
 * The devices that a running QEMU guest is given and loses: disks and interfaces, over QMP. Each step looks first at what QEMU has
 * already, so one that an agent left half done is only finished.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { QmpEvent } from "../../qmp/qmp-client.ts";
import { blockNode } from "../block-node.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface } from "../engine.ts";
import { type SlotDisks, socketOfSlot } from "../slot-disks.ts";
import { backendId, diskDevice, diskId, firstFurtherSlot, interfaceBackend, interfaceDevice, interfaceId, slotDevice } from "./qemu-arguments.ts";
import { furtherPorts, platformOf } from "./qemu-platform.ts";

/** How long a guest may take to let go of a device. */
const unplugMs = 30_000;

/** The machine's control connection, which is made anew when it breaks. */
export interface QemuControl {
  execute(command: string, parameters?: Readonly<Record<string, unknown>>, timeoutMs?: number): Promise<unknown>;
  /** Calls back for each event until the function it returns is called. */
  onEvent(listen: (event: QmpEvent) => void): () => void;
  /** Resolves when the connection of this moment is gone. */
  closed(): Promise<void>;
}

export class QemuDevices {
  readonly #plan: MachinePlan;
  /** Undefined for a guest whose disks are QEMU's own. */
  readonly #slots: SlotDisks | undefined;
  readonly #qemu: QemuControl;

  constructor(plan: MachinePlan, slots: SlotDisks | undefined, qemu: QemuControl) {
    this.#plan = plan;
    this.#slots = slots;
    this.#qemu = qemu;
  }

  async attachDisk(disk: PlannedDisk): Promise<void> {
    if (await this.#hasDevice(diskId(disk.volume))) return;
    if (this.#slots !== undefined) return this.#plugIn(disk, await this.#slots.attach(disk));
    if (!(await this.#hasNode(disk.volume))) await this.#qemu.execute("blockdev-add", blockNode(disk.source, disk.volume), unplugMs);
    try {
      await this.#qemu.execute("device_add", { ...diskDevice(disk, this.#plan.diskBus), ...(await this.#findPlace()) });
    } catch (error) {
      await this.#qemu.execute("blockdev-del", { "node-name": disk.volume });
      throw error;
    }
  }

  async detachDisk(volume: string): Promise<void> {
    await this.#unplug(diskId(volume));
    if (this.#slots !== undefined) return this.#emptySlot(volume, this.#slots);
    if (await this.#hasNode(volume)) await this.#qemu.execute("blockdev-del", { "node-name": volume });
  }

  async growDisk(volume: string, sizeBytes: number): Promise<void> {
    if (this.#slots !== undefined) return this.#slots.grow(volume, sizeBytes);
    if (this.#plan.diskBus === "nvme") return;
    // An idle NBD connection learns of the new size only when it connects anew, and it does that only for a request.
    await this.#qemu.execute("human-monitor-command", { "command-line": `qemu-io ${volume} "read 0 512"` });
    await this.#qemu.execute("block_resize", { "node-name": volume, size: sizeBytes });
  }

  async attachInterface(nic: PlannedInterface): Promise<void> {
    if (await this.#hasDevice(interfaceId(nic.id))) return;
    await this.#qemu.execute("netdev_add", interfaceBackend(nic));
    try {
      await this.#qemu.execute("device_add", { ...interfaceDevice(nic), ...(await this.#findPlace()) });
    } catch (error) {
      await this.#qemu.execute("netdev_del", { id: backendId(nic.id) });
      throw error;
    }
  }

  async detachInterface(id: string): Promise<void> {
    if (!(await this.#hasDevice(interfaceId(id)))) return;
    await this.#unplug(interfaceId(id));
    await this.#qemu.execute("netdev_del", { id: backendId(id) });
  }

  async #plugIn(disk: PlannedDisk, slot: number): Promise<void> {
    const id = socketOfSlot(slot);
    const backend = { type: "socket", data: { server: false, addr: { type: "unix", data: { path: id } } } };
    if (!(await this.#hasConnection(id))) await this.#qemu.execute("chardev-add", { id, backend });
    await this.#qemu.execute("device_add", slotDevice(disk, slot));
  }

  async #emptySlot(volume: string, slots: SlotDisks): Promise<void> {
    const slot = await slots.find(volume);
    if (slot === undefined) return;
    const id = socketOfSlot(slot);
    if (await this.#hasConnection(id)) await this.#qemu.execute("chardev-remove", { id });
    await slots.detach(volume);
  }

  /** Where the next device is plugged in; on a machine without ports QEMU finds a slot itself. */
  async #findPlace(): Promise<{ readonly bus?: string }> {
    const ports = furtherPorts(platformOf(this.#plan), firstFurtherSlot);
    for (const port of ports) {
      const parts = namesIn(await this.#qemu.execute("qom-list", { path: `/machine/peripheral/${port}/${port}` }), "name");
      if (!parts.some((name) => name.startsWith("child["))) return { bus: port }; // numbered on, whatever was there before
    }
    if (ports.length > 0) throw new Error("every port of the machine has a device");
    return {};
  }

  async #hasDevice(id: string): Promise<boolean> {
    return namesIn(await this.#qemu.execute("qom-list", { path: "/machine/peripheral" }), "name").includes(id);
  }

  async #hasNode(name: string): Promise<boolean> {
    return namesIn(await this.#qemu.execute("query-named-block-nodes", { flat: true }), "node-name").includes(name);
  }

  async #hasConnection(id: string): Promise<boolean> {
    return namesIn(await this.#qemu.execute("query-chardev"), "label").includes(id);
  }

  async #unplug(id: string): Promise<void> {
    if (!(await this.#hasDevice(id))) return;
    let stop = () => {};
    const gone = new Promise<"gone">((resolve) => {
      stop = this.#qemu.onEvent((event) => event.event === "DEVICE_DELETED" && event.data["device"] === id && resolve("gone"));
    });
    const timer = new AbortController();
    try {
      await this.#qemu.execute("device_del", { id });
      const first = await Promise.race([gone, this.#qemu.closed(), delay(unplugMs, "late", { signal: timer.signal })]);
      if (first !== "gone" && (await this.#hasDevice(id))) throw new Error(`the guest did not let go of ${id}`);
    } finally {
      timer.abort();
      stop();
    }
  }
}

function namesIn(list: unknown, field: string): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => (typeof entry === "object" && entry !== null ? String(Reflect.get(entry, field)) : ""));
}
