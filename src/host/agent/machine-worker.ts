/**
 * Makes one machine's specification true, level by level: looks, decides, takes one step, looks again. It survives its own death
 * at any point, because every look begins with what is durable and what lives.
 *
 * A step that fails is tried again, later each time, or at once when a newer specification comes; a `TerminalError` while a run is
 * being started ends that run with a reason for the user. A failing hot-plug holds up nothing else.
 */
import type { Duplex } from "node:stream";
import { TerminalError, errorChain } from "../../base/errors.ts";
import type { Inspection } from "../protocol/inspection.ts";
import type { MachineReport } from "../protocol/report.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { StreamError } from "../protocol/stream.ts";
import { backOff, pause, type BackOff } from "./back-off.ts";
import { decideMachine, isWanted, type MachineView, type Step } from "./decide-machine.ts";
import type { WatchedGuest } from "./guest-watch.ts";
import type { StoredMachine } from "./machine-directory.ts";
import type { MachineParts } from "./machine-parts.ts";
import { reportMachine, type ReportView } from "./machine-report.ts";
import { MachineSteps } from "./machine-steps.ts";
import { SerialPort } from "./serial-port.ts";
import { StartTimes } from "./start-times.ts";

export interface MachineStatus {
  readonly id: string;
  readonly want: MachineSpecification["want"];
  readonly state: MachineReport["state"] | "unknown";
  readonly phase: string;
  readonly run: number;
  readonly virtualization: string;
  readonly parked: boolean;
  readonly pid?: number;
}

/** What all machines of a host have in common at a moment. */
export interface HostMood {
  readonly parking: boolean;
  readonly confirmed: boolean;
}

export interface MachineSurroundings {
  readonly mood: () => HostMood;
  /** Nothing of the machine is left but a tombstone; the worker is over. */
  readonly buried: () => void;
  /** There is nothing to do for now. */
  readonly rested: () => void;
}

/** Without a reason of ours each abort makes an error with a stack trace, which nobody looks at. */
const woken = "woken";

export class MachineWorker {
  readonly #parts: MachineParts;
  readonly #steps: MachineSteps;
  readonly #surroundings: MachineSurroundings;
  readonly #backOff: BackOff;
  readonly #postponed = new Set<string>();
  readonly #troubled = new Set<string>();
  readonly #over: Promise<void>;
  #awake = new AbortController();
  #stepAbort = new AbortController();
  #current: Step["do"] = "rest";
  #failed: Step["do"] | undefined;
  #lastReport = "";
  readonly #runAtStart: number;
  /** Whether the guest answered, of the run of this number. */
  #said: { readonly run: number; readonly answers: boolean } | undefined;
  #leaving = false;
  readonly #startTimes = new StartTimes();
  readonly #serial: SerialPort;

  /** Begins at once. */
  constructor(parts: MachineParts, stored: StoredMachine, surroundings: MachineSurroundings) {
    this.#parts = { ...parts, log: parts.log.with({ machine: stored.specification.id }) };
    this.#steps = new MachineSteps(this.#parts, stored, () => this.wake());
    this.#surroundings = surroundings;
    this.#runAtStart = stored.record.run;
    this.#serial = new SerialPort(parts.consoles, parts.directory.places(stored.specification.id).consoleFile);
    this.#backOff = backOff(250, 30_000, parts.random);
    this.#over = this.#loop();
  }

  get specification(): MachineSpecification {
    return this.#steps.specification;
  }

  /** The specification is accepted and durable already. */
  accept(specification: MachineSpecification): void {
    this.#steps.specification = specification;
    this.#postponed.clear();
    this.wake();
  }

  /** Looks again now: the specification or the host's mood changed, or something happened by itself. */
  wake(): void {
    const { record, specification } = this.#steps;
    if (!isWanted({ record, specification, parking: this.#surroundings.mood().parking })) this.#stepAbort.abort();
    this.#backOff.reset();
    this.#awake.abort(woken);
  }

  /** Says again what it said last. */
  announceAgain(): void {
    this.#lastReport = "";
    this.#report();
  }

  /** Its guest, while one runs that was heard. */
  get guest(): WatchedGuest | undefined {
    const { record, specification, engine } = this.#steps;
    const { run } = record;
    const nic = specification.interfaces.find(({ deviceIndex }) => deviceIndex === 0);
    if (record.phase !== "running" || record.reached !== true || record.stopBy !== undefined || engine.sight !== "alive" || nic === undefined) return undefined;
    const note = (answers: boolean): void => {
      // Of a run that an earlier agent may have spoken about nothing is known.
      const known = this.#said?.run === run ? this.#said.answers : run === this.#runAtStart ? undefined : true;
      if (answers === known) return;
      this.#said = { run, answers };
      this.#report();
    };
    return { machine: specification.id, run, nic: nic.id, note };
  }

  get isDown(): boolean {
    return this.#steps.record.phase === "down";
  }

  /** The guest's serial port. Rejects with a StreamError. */
  openSerial(): Promise<Duplex> {
    const { engine } = this.#steps;
    if (engine.sight !== "alive") return Promise.reject(new StreamError("no-such-machine"));
    const machine = engine.requireEngine();
    return this.#serial.open(() => machine.openSerialInput(), machine.ended);
  }

  status(): MachineStatus {
    const { record, specification, engine: { pid } } = this.#steps;
    const { parked, ...shown } = record; // a parked machine's state is shown, though not reported
    const report = reportMachine({ ...this.#seen(), record: shown });
    return {
      id: specification.id,
      want: specification.want,
      state: report?.state ?? "unknown",
      phase: record.phase,
      run: record.run,
      virtualization: record.virtualization ?? specification.virtualization,
      parked: parked === true,
      ...(pid === undefined ? {} : { pid }),
    };
  }

  /** What its engine does for the guest, over so long. Fails when none runs. */
  inspect(sampleMs: number): Promise<Inspection> {
    return this.#steps.engine.requireEngine().inspect(sampleMs);
  }

  /** Ends the worker and leaves the guest as it is. An engine that is just being started is waited for. */
  async leave(): Promise<void> {
    this.#leaving = true;
    if (this.#current !== "start-engine") this.#stepAbort.abort();
    this.#awake.abort(woken);
    await this.#over;
    await this.#steps.release();
  }

  async #loop(): Promise<void> {
    while (!this.#leaving) {
      this.#awake = new AbortController();
      const view = this.#view();
      const step = decideMachine(view);
      this.#current = step.do;
      this.#report();
      if (step.do === "rest") {
        this.#surroundings.rested();
        await this.#sleep(step.untilMs);
      } else if (step.do === "bury") {
        const { generation } = this.specification;
        const done = await this.#attempt(step, () => this.#bury());
        if (done && this.specification.generation === generation) return this.#surroundings.buried();
        if (done) await this.#attempt(step, () => this.#parts.directory.saveSpecification(this.specification)); // it came while its folder was removed
      } else {
        await this.#attempt(step, (signal) => this.#steps.perform(step, signal));
      }
    }
  }

  #view(): MachineView {
    return { ...this.#steps.see(), ...this.#surroundings.mood(), postponed: this.#postponed, nowMs: this.#parts.clock.now() };
  }

  async #sleep(untilMs: number | undefined): Promise<void> {
    const ms = untilMs === undefined ? 2 ** 31 - 1 : Math.max(1, untilMs - this.#parts.clock.now());
    await pause(ms, this.#awake.signal);
  }

  async #attempt(step: Step, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.#stepAbort = new AbortController();
    try {
      await this.#startTimes.measure(step.do, () => work(this.#stepAbort.signal));
      if (this.#failed === step.do) this.#backOff.reset(); // other steps in between prove nothing
      if (step.do === "note-announced") this.#parts.log.info("A guest was started", { run: this.#steps.record.run, stepsMs: this.#startTimes.summary() });
      this.#troubled.delete(deviceOf(step) ?? "");
      return true;
    } catch (error) {
      await this.#afterFailure(step, error);
      return false;
    }
  }

  async #afterFailure(step: Step, error: unknown): Promise<void> {
    this.#steps.loseSight();
    if (this.#stepAbort.signal.aborted || this.#leaving) return;
    this.#failed = step.do;
    const { log } = this.#parts;
    if (error instanceof TerminalError && this.#steps.record.phase === "starting") {
      log.error("A run cannot be started", { step: step.do, error });
      return this.#steps.fail(error.reason).catch((failure: unknown) => log.error("A machine's state could not be written", { error: failure }));
    }
    const waitMs = this.#backOff.next();
    log.warn("A step for a machine failed; it is tried again", { step: step.do, waitMs, error: errorChain(error) });
    const device = this.#steps.record.phase === "running" ? deviceOf(step) : undefined;
    if (device === undefined) return pause(waitMs, this.#awake.signal);
    this.#postponed.add(device);
    this.#troubled.add(device);
    setTimeout(() => this.#postponed.delete(device) && this.#awake.abort(woken), waitMs).unref();
  }

  async #bury(): Promise<void> {
    const { specification, record } = this.#steps;
    const { id, generation } = specification;
    await this.#parts.directory.bury(id, { generation });
    this.#parts.report({ kind: "machine", id, generation, run: record.run, reboots: record.reboots, state: "absent" });
  }

  #seen(): ReportView {
    const said = this.#said?.run === this.#steps.record.run ? { answers: this.#said.answers } : {};
    return { ...this.#steps.see(), troubled: this.#troubled, ...said };
  }

  #report(): void {
    const report = reportMachine(this.#seen());
    if (report === undefined) return;
    const text = JSON.stringify(report);
    if (text === this.#lastReport) return;
    this.#lastReport = text;
    this.#parts.report(report);
  }
}

/** The volume or interface that a hot-plug step is about. */
function deviceOf(step: Step): string | undefined {
  switch (step.do) {
    case "plug-disk":
    case "prepare-disk":
    case "grow-disk":
      return step.disk.volume;
    case "unplug-disk":
    case "release-disk":
      return step.volume;
    case "plug-interface":
      return step.nic.id;
    case "unplug-interface":
    case "release-interface":
      return step.id;
    default:
      return undefined;
  }
}
