/** One simulated guest: its devices, its timers, its end. Says on its console what the guest of the contract suite says. */
import { Writable } from "node:stream";
import type { MachinePlan, PlannedDisk, PlannedInterface } from "./engine.ts";
import type { RunEnd } from "./run-record.ts";
import type { GuestProgram } from "./simulated.ts";

export class SimulatedGuest {
  readonly plan: MachinePlan;
  readonly pid: number;
  readonly ended: Promise<RunEnd>;
  end: RunEnd | undefined;
  readonly #program: GuestProgram;
  readonly #say: (line: string) => Promise<void>;
  readonly #settle: (end: RunEnd) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #disks = new Map<string, PlannedDisk>();
  readonly #interfaces = new Map<string, PlannedInterface>();
  #said: Promise<void> = Promise.resolve();
  #stopRequested = false;
  #restarted: (() => void) | undefined;

  constructor(plan: MachinePlan, program: GuestProgram, pid: number, say: (line: string) => Promise<void>) {
    this.plan = plan;
    this.pid = pid;
    this.#program = program;
    this.#say = say;
    let settle: (end: RunEnd) => void = () => {};
    this.ended = new Promise((resolve) => (settle = resolve));
    this.#settle = settle;
    for (const disk of plan.disks) this.#disks.set(disk.volume, disk);
    for (const nic of plan.interfaces) this.#interfaces.set(nic.id, nic);
    this.#boot();
  }

  requestStop(): void {
    if (this.end !== undefined) return;
    this.#stopRequested = true;
    if (this.#program.ignoresRequests !== true) this.#after(this.#program.shutdownMs ?? 0, () => this.#powerOff());
  }

  reboot(gracefulMs: number): Promise<void> {
    if (this.end !== undefined) return Promise.reject(new Error("the guest has ended"));
    const waitMs = this.#program.ignoresRequests === true ? gracefulMs : Math.min(this.#program.shutdownMs ?? 0, gracefulMs);
    return new Promise((resolve, reject) => {
      this.#restarted = resolve;
      void this.ended.then(() => reject(new Error("the guest ended during its reboot")));
      this.#after(waitMs, () => this.#restart());
    });
  }

  openSerialInput(): Writable {
    let line = "";
    return new Writable({
      decodeStrings: true,
      write: (chunk: Buffer, _encoding, done) => {
        const lines = `${line}${chunk.toString()}`.split("\n");
        line = lines.pop() ?? "";
        for (const heard of lines) this.#tell(`GUEST heard ${heard}`);
        done();
      },
    });
  }

  attachDisk(disk: PlannedDisk): void {
    this.#mayAttach();
    this.#disks.set(disk.volume, disk);
    this.#tellDevices();
  }

  detachDisk(volume: string): void {
    if (this.#disks.delete(volume)) this.#tellDevices();
  }

  attachInterface(nic: PlannedInterface): void {
    this.#mayAttach();
    this.#interfaces.set(nic.id, nic);
    this.#tellDevices();
  }

  detachInterface(id: string): void {
    if (this.#interfaces.delete(id)) this.#tellDevices();
  }

  finish(end: RunEnd): void {
    if (this.end !== undefined) return;
    this.#clearTimers();
    this.end = this.#stopRequested ? { cause: "requested" } : end;
    const told = this.end;
    void this.#said.then(() => this.#settle(told));
  }

  #boot(): void {
    const { bootMs = 0, powerOffAfterMs, restartAfterMs, crashAfterMs } = this.#program;
    this.#after(bootMs, () => {
      this.#tell(`GUEST ready ${this.plan.kernel?.commandLine.match(/hostelry\.test=(\w+)/)?.[1] ?? ""}`);
      this.#tellDevices();
      if (powerOffAfterMs !== undefined) this.#after(powerOffAfterMs, () => this.#powerOff());
      if (restartAfterMs !== undefined) this.#after(restartAfterMs, () => this.#restart());
      if (crashAfterMs !== undefined) this.#after(crashAfterMs, () => this.finish({ cause: "engine", reason: "a simulated fault" }));
    });
  }

  #powerOff(): void {
    this.#tell("GUEST powering off");
    this.finish({ cause: "guest" });
  }

  #restart(): void {
    this.#clearTimers();
    this.#tell("GUEST restarting");
    this.#restarted?.();
    this.#restarted = undefined;
    this.#boot();
  }

  #mayAttach(): void {
    if (this.end !== undefined) throw new Error("the guest has ended");
    if (this.#program.attachFails !== undefined) throw new Error(this.#program.attachFails);
  }

  #tellDevices(): void {
    this.#tell(`GUEST disks ${[...this.#disks.keys()].map((volume) => `${volume.replace("-", "")}:0`).join(" ")}`);
    this.#tell(`GUEST interfaces ${[...this.#interfaces.values()].map((nic) => nic.mac).join(" ")}`);
  }

  #tell(line: string): void {
    this.#said = this.#said.then(() => this.#say(line));
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
