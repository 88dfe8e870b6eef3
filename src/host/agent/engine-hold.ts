/** The control of one machine's engine, as far as this agent has it: whether it lives, how it ended, whether it is restarting. */
import type { RunningMachine } from "../engine/engine.ts";
import type { EngineSight, MachineView } from "./decide-machine.ts";
import type { RunEnd } from "./machine-record.ts";

export class EngineHold {
  sight: EngineSight = "unknown";
  stopAskedAt: number | undefined;
  #engine: RunningMachine | undefined;
  #end: RunEnd | undefined;
  #rebooting = false;
  #rebooted: number | undefined;
  readonly #changed: () => void;

  /** `changed` is called when the engine ends or a reboot is over. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get pid(): number | undefined {
    return this.#engine?.pid;
  }

  see(): Pick<MachineView, "engine" | "end" | "rebooting" | "rebooted" | "stopAskedAt"> {
    return {
      engine: this.sight,
      rebooting: this.#rebooting,
      ...(this.#end === undefined ? {} : { end: this.#end }),
      ...(this.#rebooted === undefined ? {} : { rebooted: this.#rebooted }),
      ...(this.stopAskedAt === undefined ? {} : { stopAskedAt: this.stopAskedAt }),
    };
  }

  take(engine: RunningMachine): void {
    this.#engine = engine;
    this.sight = "alive";
    this.#end = undefined;
    const gone = (end: RunEnd | undefined) => {
      if (this.#engine !== engine) return;
      this.forget("none");
      this.#end = end;
      this.#changed();
    };
    engine.ended.then(gone, () => gone(undefined)); // rejected: control was given up
  }

  requireEngine(): RunningMachine {
    if (this.#engine === undefined) throw new Error("the guest's engine is gone");
    return this.#engine;
  }

  /** Begins a restart that honours so many reboots in all and goes on in the background: a guest may take minutes, and may be stopped meanwhile. */
  reboot(reboots: number, gracefulMs: number, failed: (error: unknown) => void): void {
    const engine = this.requireEngine();
    this.#rebooting = true;
    const over = (rebooted: number | undefined) => {
      if (this.#engine !== engine) return;
      this.#rebooting = false;
      if (rebooted !== undefined) this.#rebooted = rebooted;
      this.#changed();
    };
    engine.reboot(gracefulMs).then(
      () => over(reboots),
      (error: unknown) => {
        failed(error);
        setTimeout(() => over(undefined), 1_000).unref();
      },
    );
  }

  async kill(): Promise<void> {
    await this.requireEngine().kill();
    this.forget("none");
  }

  forget(sight: EngineSight): void {
    this.#engine = undefined;
    this.sight = sight;
    this.#end = undefined;
    this.#rebooting = false;
    this.#rebooted = undefined;
    this.stopAskedAt = undefined;
  }

  /** Lets go of the engine without ending it. */
  async release(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.release();
  }
}
