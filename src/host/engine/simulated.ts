/**
 * Guests that exist only in memory, for tests and for `up --simulated`: thousands of them cost nothing but a timer each.
 *
 * The "processes" live in a machine room, which outlives engines and agents as real processes do: an agent that restarts in the same Node
 * process adopts from it. Delays and faults are the machine room's program, asked anew for each run. Deadlines are real timers that keep
 * no process alive.
 */
import { appendFile } from "node:fs/promises";
import type { Inspection } from "../protocol/inspection.ts";
import type { EngineAvailability } from "../protocol/report.ts";
import type { Virtualization } from "../protocol/specification.ts";
import type { Engine, MachinePlan, PlannedDisk, PlannedInterface, RunningMachine } from "./engine.ts";
import { endedMachine } from "./adoption.ts";
import type { RunEnd } from "./run-record.ts";
import { SimulatedGuest } from "./simulated-guest.ts";

/** What a guest does; whatever is absent happens at once, or, for `powerOffAfterMs` and `crashAfterMs`, never. */
export interface GuestProgram {
  readonly startMs?: number;
  readonly startFails?: string;
  readonly bootMs?: number;
  readonly shutdownMs?: number;
  /** Deaf to requests to stop or restart. */
  readonly ignoresRequests?: boolean;
  readonly powerOffAfterMs?: number;
  readonly restartAfterMs?: number;
  readonly crashAfterMs?: number;
  readonly attachFails?: string;
  /** Writes nothing to its console. */
  readonly isSilent?: boolean;
}

export type ProgramOf = (plan: MachinePlan) => GuestProgram;

/** The processes of one simulated host, by run directory. */
export class MachineRoom {
  readonly #guests = new Map<string, SimulatedGuest>();
  #nextPid = 100_000;

  nextPid(): number {
    return this.#nextPid++;
  }

  find(runDirectory: string): SimulatedGuest | undefined {
    return this.#guests.get(runDirectory);
  }

  put(runDirectory: string, guest: SimulatedGuest): void {
    this.#guests.set(runDirectory, guest);
  }

  /** Forgets a guest that ended, when its end has been told. */
  forget(runDirectory: string): void {
    this.#guests.delete(runDirectory);
  }

  running(): readonly SimulatedGuest[] {
    return [...this.#guests.values()].filter((guest) => guest.end === undefined);
  }

  /** As `kill -9` of the engine's process. */
  crash(pid: number): void {
    this.running().find((guest) => guest.pid === pid)?.finish({ cause: "engine", reason: "its simulated process was killed" });
  }

  /** As the loss of the whole host. */
  crashAll(): void {
    for (const { pid } of this.running()) this.crash(pid);
  }
}

export interface SimulatedOptions {
  readonly virtualization: Virtualization;
  readonly room: MachineRoom;
  readonly program?: ProgramOf;
  readonly availability?: EngineAvailability;
}

export function simulatedEngine({ virtualization, room, program = () => ({}), availability }: SimulatedOptions): Engine {
  return {
    virtualization,
    probe: async () => availability ?? { works: true, engine: "simulated", bootMs: 0 },
    start: (plan, signal) => start(plan, room, program(plan), signal),
    adopt: async (plan) => {
      const guest = room.find(plan.runDirectory);
      if (guest === undefined) return undefined;
      if (guest.end === undefined) return control(guest, room);
      return guest.end.cause === "guest" ? endedMachine(guest.pid, guest.end) : undefined;
    },
  };
}

async function start(plan: MachinePlan, room: MachineRoom, program: GuestProgram, signal: AbortSignal): Promise<RunningMachine> {
  signal.throwIfAborted();
  const running = room.find(plan.runDirectory);
  if (running !== undefined && running.end === undefined) throw new Error("a process of this machine runs already");
  if (program.startMs !== undefined) await pause(program.startMs, signal);
  if (program.startFails !== undefined) throw new Error(program.startFails);
  const guest = new SimulatedGuest(plan, program, room.nextPid(), program.isSilent === true ? async () => {} : (line) => writeConsole(plan, line));
  room.put(plan.runDirectory, guest);
  return control(guest, room);
}

/** One agent's hold on a guest; after `release` nothing is heard of it any more. */
function control(guest: SimulatedGuest, room: MachineRoom): RunningMachine {
  let released = false;
  const forever = new Promise<RunEnd>(() => {});
  return {
    pid: guest.pid,
    ended: guest.ended.then((end) => (released ? forever : end)),
    requestStop: async () => guest.requestStop(),
    kill: async () => {
      guest.finish({ cause: "requested" });
      room.forget(guest.plan.runDirectory);
    },
    reboot: (gracefulMs) => guest.reboot(gracefulMs),
    openSerialInput: async () => guest.openSerialInput(),
    attachDisk: async (disk: PlannedDisk) => guest.attachDisk(disk),
    detachDisk: async (volume) => guest.detachDisk(volume),
    growDisk: async () => undefined,
    attachInterface: async (nic: PlannedInterface) => guest.attachInterface(nic),
    detachInterface: async (id) => guest.detachInterface(id),
    inspect: async (sampledMs) => simulatedInspection(guest, sampledMs),
    release: async () => void (released = true),
  };
}

function simulatedInspection({ plan, pid }: SimulatedGuest, sampledMs: number): Inspection {
  const process = { userProcessors: 0, kernelProcessors: 0, waitedProcessors: 0, threads: 0, residentBytes: 0, sharedBytes: 0 };
  const absent = [{ what: "every figure", why: "the guest is simulated" }];
  return { id: plan.id, virtualization: "emulated", engine: "simulated", pid, sampledMs, process, devices: [], privileged: { how: "none" }, absent };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

/** The console belongs to the guest: a folder that is already gone is no error of the engine. */
async function writeConsole(plan: MachinePlan, line: string): Promise<void> {
  if (plan.consoleFile !== "") await appendFile(plan.consoleFile, `${line}\n`).catch(() => {});
}
