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
import { endOfDisks, haveDisksEnded, killDiskServers } from "../disk-servers.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface, RunningMachine } from "../engine.ts";
import type { Inspection } from "../../protocol/inspection.ts";
import { connectQmp, type QmpClient, type QmpEvent } from "../../qmp/qmp-client.ts";
import { isAlive, killAndWait, type ProcessIdentity, waitForEnd } from "../engine-process.ts";
import { addWish, dropWish, hasWish, readEnd, readTail, recordEnd, type RunEnd } from "../run-record.ts";
import { hasSlotsNow, SlotDisks } from "../slot-disks.ts";
import { endForgottenLog, inspectQemu } from "./qemu-inspector.ts";
import { serialSocketOf } from "./qemu-arguments.ts";
import { QemuDevices } from "./qemu-devices.ts";

const commandMs = 10_000;
const pressAgainMs = 5_000;

export class QemuMachine implements RunningMachine {
  readonly ended: Promise<RunEnd>;
  readonly #plan: MachinePlan;
  readonly #process: ProcessIdentity;
  readonly #leaving = new AbortController();
  readonly #restarts = new Set<() => void>();
  readonly #devices: QemuDevices;
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
    this.#devices = new QemuDevices(plan, slots, {
      execute: (command, parameters, timeoutMs) => this.#execute(command, parameters, timeoutMs),
      onEvent: (listen) => this.#qmp.onEvent(listen),
      closed: () => this.#qmp.closed,
    });
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

  attachDisk(disk: PlannedDisk): Promise<void> {
    return this.#devices.attachDisk(disk);
  }

  detachDisk(volume: string): Promise<void> {
    return this.#devices.detachDisk(volume);
  }

  growDisk(volume: string, sizeBytes: number): Promise<void> {
    return this.#devices.growDisk(volume, sizeBytes);
  }

  attachInterface(nic: PlannedInterface): Promise<void> {
    return this.#devices.attachInterface(nic);
  }

  detachInterface(id: string): Promise<void> {
    return this.#devices.detachInterface(id);
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
