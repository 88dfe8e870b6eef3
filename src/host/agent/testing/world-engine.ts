/** An engine whose guests live in the test's world and not in any process: they outlive agents, and every start is counted. */
import { PassThrough } from "node:stream";
import type { EndCause } from "../../protocol/report.ts";
import type { Engine, MachinePlan, RunningMachine } from "../../engine/engine.ts";
import type { Engines } from "../parts.ts";

export interface Guest {
  readonly plan: MachinePlan;
  readonly disks: Set<string>;
  /** Sizes in bytes that were told while it ran. */
  readonly grown: Map<string, number>;
  readonly interfaces: Set<string>;
  readonly ended: PromiseWithResolvers<{ readonly cause: EndCause }>;
  reboots: number;
}

export class WorldEngine {
  readonly guests = new Map<string, Guest>();
  boots = 0;
  /** A guest that does not react to the power button. */
  stubborn = false;
  /** A guest that gives no disk back. */
  clinging = false;
  /** A guest that takes no disk. */
  refusing = false;
  /** What every start throws while it is set. */
  refusal: Error | undefined;
  readonly wrongs: string[] = [];

  engines(): Engines {
    return { emulated: this.#engine("emulated"), paravirtual: this.#engine("paravirtual"), hardware: this.#engine("hardware") };
  }

  /** The guest's own shutdown, or the death of its process. */
  end(id: string, cause: EndCause): void {
    const guest = this.guests.get(id);
    if (guest === undefined) return;
    this.guests.delete(id);
    guest.ended.resolve({ cause });
  }

  #engine(virtualization: Engine["virtualization"]): Engine {
    return {
      virtualization,
      probe: async () => ({ works: true, engine: "simulated" }),
      start: async (plan) => {
        if (this.refusal !== undefined) throw this.refusal;
        if (this.guests.has(plan.id)) this.wrongs.push(`${plan.id} was started while it ran`);
        this.boots++;
        const names = { disks: new Set(plan.disks.map(({ volume }) => volume)), interfaces: new Set(plan.interfaces.map(({ id }) => id)) };
        this.guests.set(plan.id, { plan, ...names, grown: new Map(), ended: Promise.withResolvers(), reboots: 0 });
        return this.#control(plan.id);
      },
      adopt: async ({ id }) => (this.guests.has(id) ? this.#control(id) : undefined),
    };
  }

  #control(id: string): RunningMachine {
    const guest = this.guests.get(id);
    if (guest === undefined) throw new Error("no such guest");
    return {
      pid: 1,
      ended: guest.ended.promise,
      requestStop: async () => void (this.stubborn || this.end(id, "requested")),
      kill: async () => this.end(id, "requested"),
      reboot: async () => void guest.reboots++,
      attachDisk: async ({ volume }) => {
        if (this.refusing) throw new Error("the guest has no place for another disk");
        guest.disks.add(volume);
      },
      detachDisk: async (volume) => {
        if (this.clinging) throw new Error("the guest did not let go of its disk");
        guest.disks.delete(volume);
      },
      openSerialInput: async () => new PassThrough().resume(),
      growDisk: async (volume, sizeBytes) => void guest.grown.set(volume, sizeBytes),
      attachInterface: async (nic) => void guest.interfaces.add(nic.id),
      detachInterface: async (nic) => void guest.interfaces.delete(nic),
      inspect: async () => { throw new Error("nothing to see"); },
      release: async () => undefined,
    };
  }
}
