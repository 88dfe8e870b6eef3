/**
 * All machines of one host: loads what an earlier agent knew, takes specifications through the fence (`protocol/generation.ts`),
 * and gives each machine a worker.
 *
 * A conflict (the generation that the host has, with other content) changes nothing: the guest goes on as the host knows it, the
 * error is logged, and no report of failure is made, because a control plane that contradicts itself must not cost a guest its life.
 */
import type { Duplex } from "node:stream";
import type { InstanceId } from "../../base/ids.ts";
import { acceptSpecification } from "../protocol/generation.ts";
import type { Inspection } from "../protocol/inspection.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { StreamError } from "../protocol/stream.ts";
import type { WatchedGuest } from "./guest-watch.ts";
import type { StoredMachine } from "./machine-directory.ts";
import type { MachineParts } from "./machine-parts.ts";
import { freshRecord, recordAfterBoot } from "./machine-record.ts";
import { MachineWorker, type HostMood, type MachineStatus } from "./machine-worker.ts";

export class MachineKeeper {
  readonly #parts: MachineParts;
  readonly #workers = new Map<InstanceId, MachineWorker>();
  #mood: HostMood = { parking: false, confirmed: false };
  #changed = Promise.withResolvers<void>();

  constructor(parts: MachineParts) {
    this.#parts = parts;
  }

  /** Takes up every machine that this host has; guests that run are adopted. */
  async open(): Promise<void> {
    const machines = await this.#parts.directory.load();
    await this.#parts.network.retainOnly(machines.flatMap(({ record }) => record.interfaces));
    await this.#parts.accelerators.retainOnly(machines.map(({ specification }) => specification.id));
    for (const { specification, record } of machines) {
      this.#workers.set(specification.id, this.#worker({ specification, record: recordAfterBoot(record, this.#parts.bootId) }));
    }
  }

  /** Durable when it returns, if the host acts on it at all. */
  async accept(incoming: MachineSpecification): Promise<void> {
    const { directory, log } = this.#parts;
    const { id, generation, want } = incoming;
    const worker = this.#workers.get(id);
    const tombstone = worker === undefined ? await directory.findTombstone(id) : undefined;
    const acceptance = acceptSpecification(worker?.specification, tombstone, incoming);
    if (acceptance === "conflict") log.error("The control plane sent two specifications of one generation; the first is kept", { machine: id, generation });
    if (worker === undefined && (want === "absent" || acceptance === "stale")) return this.#confirmAbsent(incoming, acceptance === "take");
    if (acceptance !== "take") return;
    await directory.saveSpecification(incoming);
    if (worker === undefined) this.#workers.set(id, this.#worker({ specification: incoming, record: freshRecord }));
    else if (this.#workers.get(id) === worker) worker.accept(incoming);
    else await this.accept(incoming); // the machine was buried while this was written
  }

  /** What the control plane does not name any more must go, without a farewell: it may be running elsewhere already, and its volumes are not its own then. */
  async retainOnly(ids: ReadonlySet<string>): Promise<void> {
    const unnamed = [...this.#workers.values()].filter(({ specification: { id, want } }) => !ids.has(id) && want !== "absent");
    for (const worker of unnamed) {
      const removal = { ...worker.specification, want: "absent", stop: "force" } as const;
      this.#parts.log.warn("The control plane does not know a machine of this host; it is removed", { machine: removal.id });
      await this.#parts.directory.saveSpecification(removal);
      worker.accept(removal);
    }
  }

  /** The control plane has said what this host should have: runs may begin. */
  confirm(): void {
    if (this.#mood.confirmed) return;
    this.#setMood({ ...this.#mood, confirmed: true });
  }

  /** Shuts every guest down, to begin again with the next agent; settles when no engine runs any more. */
  async park(): Promise<void> {
    this.#setMood({ ...this.#mood, parking: true });
    while ([...this.#workers.values()].some((worker) => !worker.isDown)) {
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
  }

  /** Guests that were heard in their present run. */
  guests(): readonly WatchedGuest[] {
    return [...this.#workers.values()].flatMap(({ guest }) => guest ?? []);
  }

  announceAll(): void {
    for (const worker of this.#workers.values()) worker.announceAgain();
  }

  /** A machine's serial port. Rejects with a StreamError. */
  openSerial(id: InstanceId): Promise<Duplex> {
    return this.#workers.get(id)?.openSerial() ?? Promise.reject(new StreamError("no-such-machine"));
  }

  status(): readonly MachineStatus[] {
    return [...this.#workers.values()].map((worker) => worker.status());
  }

  /** Undefined: the host does not have the machine. Fails when no engine of it runs. */
  async inspect(id: InstanceId, sampleMs: number): Promise<Inspection | undefined> {
    return this.#workers.get(id)?.inspect(sampleMs);
  }

  /** Leaves every guest as it is. */
  async leave(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.leave()));
  }

  #worker(stored: StoredMachine): MachineWorker {
    const buried = () => {
      this.#workers.delete(stored.specification.id);
      this.#changed.resolve();
    };
    return new MachineWorker(this.#parts, stored, { mood: () => this.#mood, buried, rested: () => this.#changed.resolve() });
  }

  #setMood(mood: HostMood): void {
    this.#mood = mood;
    for (const worker of this.#workers.values()) worker.wake();
  }

  /** The machine is gone already, or never was here; an older wish for it stays unheard. The control plane hears so each time that it asks. */
  async #confirmAbsent({ id, generation, run, reboots, want }: MachineSpecification, take: boolean): Promise<void> {
    if (want !== "absent") this.#parts.log.warn("An outdated specification asked for a machine that this host has removed", { machine: id, generation });
    if (take) await this.#parts.directory.bury(id, { generation });
    this.#parts.report({ kind: "machine", id, generation, run, reboots, state: "absent" });
  }
}
