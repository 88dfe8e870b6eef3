/**
 * A guest whose QEMU process runs, controlled over QMP.
 *
 * How the end's reason survives without an agent: QEMU runs with `-no-shutdown`, so a guest that powers off leaves its process
 * paused in the state `shutdown`. Whichever agent is connected, or connects next, sees the event or the state, writes `end.json`
 * (`guest`, or `requested` when a stop was asked for) and only then lets the process quit. A process that is gone without such
 * a record was killed or crashed: `engine`. A reboot asked for through the API is half power-off, half reset: the file
 * `reboot-requested` says that the paused process is to be reset and continued instead. The guest's own reboot resets the machine
 * inside the process and needs nobody.
 *
 * The control connection may break or time out: the machine connects again as long as the process lives, and asks for the state.
 */
import { connect } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { blockNode } from "../block-node.ts";
import { endOfDisks, haveDisksEnded, killDiskServers } from "../disk-servers.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface, RunningMachine } from "../engine.ts";
import type { Inspection } from "../../protocol/inspection.ts";
import { connectQmp, type QmpClient, type QmpEvent } from "../../qmp/qmp-client.ts";
import { isAlive, killAndWait, type ProcessIdentity, waitForEnd } from "../engine-process.ts";
import { addWish, dropWish, hasWish, readEnd, readTail, recordEnd, type RunEnd } from "../run-record.ts";
import { hasSlotsNow, SlotDisks, socketOfSlot } from "../slot-disks.ts";
import { endForgottenLog, inspectQemu } from "./qemu-inspector.ts";
import { backendId, diskDevice, diskId, firstFurtherSlot, interfaceBackend, interfaceDevice, interfaceId, serialSocketOf, slotDevice } from "./qemu-arguments.ts";
import { furtherPorts, platformOf } from "./qemu-platform.ts";

/** How long a guest may take to let go of a device. */
const unplugMs = 30_000;
const commandMs = 10_000;
const pressAgainMs = 5_000;

export class QemuMachine implements RunningMachine {
  readonly ended: Promise<RunEnd>;
  readonly #plan: MachinePlan;
  readonly #process: ProcessIdentity;
  readonly #leaving = new AbortController();
  readonly #restarts = new Set<() => void>();
  /** Undefined for a guest whose disks are QEMU's own. */
  readonly #slots: SlotDisks | undefined;
  #qmp: QmpClient;
  #events: Promise<void> = Promise.resolve();
  #pressing: NodeJS.Timeout | undefined;

  /** Takes control of the process, whose socket must answer already, and catches up with what happened before. */
  static async control(plan: MachinePlan, identity: ProcessIdentity, qmp: QmpClient, exited: Promise<void>): Promise<QemuMachine> {
    const machine = new QemuMachine(plan, identity, qmp, exited, (await hasSlotsNow(plan)) ? new SlotDisks(plan) : undefined);
    await machine.#catchUp();
    await endForgottenLog(plan, (command, parameters) => machine.#execute(command, parameters));
    return machine;
  }

  private constructor(plan: MachinePlan, identity: ProcessIdentity, qmp: QmpClient, exited: Promise<void>, slots: SlotDisks | undefined) {
    this.#plan = plan;
    this.#slots = slots;
    this.#process = identity;
    this.#qmp = qmp;
    this.#listen(qmp);
    const hint = Promise.race([exited, qmp.closed]);
    this.ended = waitForEnd(identity, hint, this.#leaving.signal).then(() => this.#findEnd());
  }

  get pid(): number {
    return this.#process.pid;
  }

  async requestStop(): Promise<void> {
    await addWish(this.#plan.runDirectory, "stop-requested");
    await dropWish(this.#plan.runDirectory, "reboot-requested");
    await this.#execute("system_powerdown");
    // A guest whose system does not listen yet misses the button; pressing it again does no harm to one that is shutting down.
    this.#pressing ??= setInterval(() => void this.#execute("system_powerdown").catch(() => {}), pressAgainMs).unref();
  }

  openSerialInput(): Promise<Writable> {
    return new Promise((resolve, reject) => {
      const socket = connect(serialSocketOf(this.#plan), () => {
        socket.off("error", reject);
        resolve(socket);
      });
      socket.once("error", reject);
      socket.resume(); // the guest's output is in its log already, and must not wait here
    });
  }

  async kill(): Promise<void> {
    await recordEnd(this.#plan.runDirectory, { cause: "requested" });
    await killAndWait([this.#process]);
    await this.ended;
  }

  async reboot(gracefulMs: number): Promise<void> {
    await addWish(this.#plan.runDirectory, "reboot-requested");
    const restarted = new Promise<"restarted">((resolve) => this.#restarts.add(() => resolve("restarted")));
    await this.#execute("system_powerdown");
    const timer = new AbortController();
    const first = await Promise.race([restarted, this.ended.then(() => "ended"), delay(gracefulMs, "late", { signal: timer.signal })]);
    timer.abort();
    if (first === "ended") throw new Error("the guest's process ended during its reboot");
    if (first === "late") await this.#restart();
  }

  async attachDisk(disk: PlannedDisk): Promise<void> {
    if (await this.#hasDevice(diskId(disk.volume))) return;
    if (this.#slots !== undefined) return this.#plugIn(disk, await this.#slots.attach(disk));
    if (!(await this.#hasNode(disk.volume))) await this.#execute("blockdev-add", blockNode(disk.source, disk.volume), unplugMs);
    try {
      await this.#execute("device_add", { ...diskDevice(disk, this.#plan.diskBus), ...(await this.#findPlace()) });
    } catch (error) {
      await this.#execute("blockdev-del", { "node-name": disk.volume });
      throw error;
    }
  }

  async detachDisk(volume: string): Promise<void> {
    await this.#unplug(diskId(volume));
    if (this.#slots !== undefined) return this.#emptySlot(volume, this.#slots);
    if (await this.#hasNode(volume)) await this.#execute("blockdev-del", { "node-name": volume });
  }

  async growDisk(volume: string, sizeBytes: number): Promise<void> {
    if (this.#slots !== undefined) return this.#slots.grow(volume, sizeBytes);
    if (this.#plan.diskBus === "nvme") return;
    // An idle NBD connection learns of the new size only when it connects anew, and it does that only for a request.
    await this.#execute("human-monitor-command", { "command-line": `qemu-io ${volume} "read 0 512"` });
    await this.#execute("block_resize", { "node-name": volume, size: sizeBytes });
  }

  async #plugIn(disk: PlannedDisk, slot: number): Promise<void> {
    const id = socketOfSlot(slot);
    if (!(await this.#hasConnection(id))) await this.#execute("chardev-add", { id, backend: { type: "socket", data: { server: false, addr: { type: "unix", data: { path: id } } } } });
    await this.#execute("device_add", slotDevice(disk, slot));
  }

  async #emptySlot(volume: string, slots: SlotDisks): Promise<void> {
    const slot = await slots.find(volume);
    if (slot === undefined) return;
    const id = socketOfSlot(slot);
    if (await this.#hasConnection(id)) await this.#execute("chardev-remove", { id });
    await slots.detach(volume);
  }

  async #hasConnection(id: string): Promise<boolean> {
    return namesIn(await this.#execute("query-chardev"), "label").includes(id);
  }

  async attachInterface(nic: PlannedInterface): Promise<void> {
    if (await this.#hasDevice(interfaceId(nic.id))) return;
    await this.#execute("netdev_add", interfaceBackend(nic));
    try {
      await this.#execute("device_add", { ...interfaceDevice(nic), ...(await this.#findPlace()) });
    } catch (error) {
      await this.#execute("netdev_del", { id: backendId(nic.id) });
      throw error;
    }
  }

  async detachInterface(id: string): Promise<void> {
    if (!(await this.#hasDevice(interfaceId(id)))) return;
    await this.#unplug(interfaceId(id));
    await this.#execute("netdev_del", { id: backendId(id) });
  }

  inspect(sampleMs: number): Promise<Inspection> {
    return inspectQemu(this.#plan, this.pid, (command, parameters) => this.#execute(command, parameters), sampleMs);
  }

  async release(): Promise<void> {
    this.#leaving.abort();
    clearInterval(this.#pressing);
    this.#qmp.close();
    await this.#events;
  }

  /** Events are handled one after the other, so that a power-off is never judged while its reset is under way. */
  #listen(qmp: QmpClient): void {
    qmp.onEvent((event) => void (this.#events = this.#events.then(() => this.#handle(event)).catch(() => {})));
    void qmp.closed.then(() => this.#reconnect());
  }

  async #reconnect(): Promise<void> {
    while (!this.#leaving.signal.aborted && isAlive(this.#process)) {
      try {
        this.#qmp = await connectQmp({ socket: socketOf(this.#plan) });
        this.#listen(this.#qmp);
        return await this.#catchUp();
      } catch {
        await delay(200);
      }
    }
  }

  async #handle(event: QmpEvent): Promise<void> {
    if (event.event === "SHUTDOWN" && event.data["guest"] === true) await this.#poweredOff();
    else if (event.event === "RESET" && event.data["guest"] === true) await this.#restartBegan();
    else if (event.event === "STOP") await this.#catchUp();
  }

  /** Asks for what was missed: a guest that powered off, or a fault that stopped its processor. */
  async #catchUp(): Promise<void> {
    const status = await this.#status();
    if (status === "shutdown") await this.#poweredOff();
    // Nobody pauses a guest on purpose: an agent ended between the reset and the continuation of a restart.
    if (status === "prelaunch" || status === "paused") await this.#execute("cont");
    if (status === "internal-error") {
      await recordEnd(this.#plan.runDirectory, { cause: "engine", reason: "the processor could not go on (internal error of the hypervisor)" });
      await killAndWait([this.#process]);
    }
  }

  async #poweredOff(): Promise<void> {
    if ((await this.#status()) !== "shutdown") return;
    const directory = this.#plan.runDirectory;
    if (await hasWish(directory, "reboot-requested")) return this.#restart();
    await recordEnd(directory, { cause: (await hasWish(directory, "stop-requested")) ? "requested" : "guest" });
    await this.#execute("quit", {}, 1_000).catch(() => {}); // the process may be gone before it answers
    if (isAlive(this.#process)) await delay(500);
    await killAndWait([this.#process]);
  }

  async #restart(): Promise<void> {
    const reset = new Promise<void>((resolve) => {
      const stop = this.#qmp.onEvent((event) => {
        if (event.event !== "RESET") return;
        stop();
        resolve();
      });
    });
    await this.#execute("system_reset");
    await Promise.race([reset, this.#qmp.closed]);
    await this.#execute("cont");
    await this.#restartBegan();
  }

  async #restartBegan(): Promise<void> {
    await dropWish(this.#plan.runDirectory, "reboot-requested");
    for (const tell of this.#restarts) tell();
    this.#restarts.clear();
  }

  /** A command without an answer means that the connection is worth nothing: it is ended, and made again. */
  async #execute(command: string, parameters: Readonly<Record<string, unknown>> = {}, timeoutMs = commandMs): Promise<unknown> {
    const qmp = this.#qmp;
    const timer = setTimeout(() => qmp.close(), timeoutMs);
    try {
      return await qmp.execute(command, parameters);
    } finally {
      clearTimeout(timer);
    }
  }

  async #status(): Promise<string> {
    const answer = await this.#execute("query-status");
    return typeof answer === "object" && answer !== null && "status" in answer ? String(answer.status) : "";
  }

  async #hasDevice(id: string): Promise<boolean> {
    return namesIn(await this.#execute("qom-list", { path: "/machine/peripheral" }), "name").includes(id);
  }

  /** Where the next device is plugged in; on a machine without ports QEMU finds a slot itself. */
  async #findPlace(): Promise<{ readonly bus?: string }> {
    const ports = furtherPorts(platformOf(this.#plan), firstFurtherSlot);
    for (const port of ports) {
      const parts = namesIn(await this.#execute("qom-list", { path: `/machine/peripheral/${port}/${port}` }), "name");
      if (!parts.some((name) => name.startsWith("child["))) return { bus: port }; // numbered on, whatever was there before
    }
    if (ports.length > 0) throw new Error("every port of the machine has a device");
    return {};
  }

  async #hasNode(name: string): Promise<boolean> {
    return namesIn(await this.#execute("query-named-block-nodes", { flat: true }), "node-name").includes(name);
  }

  async #unplug(id: string): Promise<void> {
    if (!(await this.#hasDevice(id))) return;
    let stop = () => {};
    const gone = new Promise<"gone">((resolve) => {
      stop = this.#qmp.onEvent((event) => event.event === "DEVICE_DELETED" && event.data["device"] === id && resolve("gone"));
    });
    const timer = new AbortController();
    try {
      await this.#execute("device_del", { id });
      const first = await Promise.race([gone, this.#qmp.closed, delay(unplugMs, "late", { signal: timer.signal })]);
      if (first !== "gone" && (await this.#hasDevice(id))) throw new Error(`the guest did not let go of ${id}`);
    } finally {
      timer.abort();
      stop();
    }
  }

  async #findEnd(): Promise<RunEnd> {
    clearInterval(this.#pressing);
    this.#qmp.close();
    await killDiskServers(this.#plan);
    const directory = this.#plan.runDirectory;
    const known = await readEnd(directory);
    if (known !== undefined) return known;
    if (await hasWish(directory, "stop-requested")) return recordEnd(directory, { cause: "requested" });
    if (await haveDisksEnded(this.#plan)) return recordEnd(directory, endOfDisks);
    const complaint = await readTail(join(directory, "engine.log"));
    return recordEnd(directory, { cause: "engine", reason: complaint === "" ? "its QEMU process was killed" : `QEMU ended: ${complaint}` });
  }
}

export function socketOf(plan: MachinePlan): string {
  return join(plan.runDirectory, "qmp.sock");
}

function namesIn(list: unknown, field: string): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => (typeof entry === "object" && entry !== null ? String(Reflect.get(entry, field)) : ""));
}
