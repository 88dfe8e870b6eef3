/** All volumes of one storage node, as `machine-keeper.ts` keeps the machines of a host: the same fence, the same tombstones. */
import type { VolumeId } from "../../base/ids.ts";
import { acceptSpecification } from "../protocol/generation.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import type { StoredVolume } from "./volume-directory.ts";
import { VolumeWorker, type VolumeParts } from "./volume-worker.ts";

export interface VolumeStatus {
  readonly id: string;
  readonly want: VolumeSpecification["want"];
  readonly state: string;
  readonly exported: boolean;
}

export class VolumeKeeper {
  readonly #parts: VolumeParts;
  readonly #workers = new Map<VolumeId, VolumeWorker>();

  constructor(parts: VolumeParts) {
    this.#parts = parts;
    parts.volumes.onChange((id) => this.#workers.get(id)?.wake());
  }

  async open(): Promise<void> {
    for (const stored of await this.#parts.directory.load()) this.#take(stored);
  }

  async accept(incoming: VolumeSpecification): Promise<void> {
    const { directory, log } = this.#parts;
    const { id, generation, want } = incoming;
    const worker = this.#workers.get(id);
    const tombstone = worker === undefined ? await directory.findTombstone(id) : undefined;
    const acceptance = acceptSpecification(worker?.specification, tombstone, incoming);
    if (acceptance === "conflict") log.error("The control plane sent two specifications of one generation; the first is kept", { volume: id, generation });
    if (tombstone !== undefined || (worker === undefined && want === "absent")) return this.#confirmAbsent(incoming, acceptance === "take");
    if (acceptance !== "take") return;
    await directory.save({ specification: incoming, made: worker?.made ?? false });
    if (worker === undefined) this.#take({ specification: incoming, made: false });
    else if (this.#workers.get(id) === worker) worker.accept(incoming);
    else await this.#confirmAbsent(incoming, true); // it was buried while this was written
  }

  async retainOnly(ids: ReadonlySet<string>): Promise<void> {
    const unnamed = [...this.#workers.values()].filter(({ specification: { id, want } }) => !ids.has(id) && want !== "absent");
    for (const worker of unnamed) {
      const removal = { ...worker.specification, want: "absent" } as const;
      this.#parts.log.warn("The control plane does not know a volume of this storage node; it is removed", { volume: removal.id });
      await this.#parts.directory.save({ specification: removal, made: worker.made });
      worker.accept(removal);
    }
  }

  /** Ends the exports; they come back with the next agent. */
  async park(): Promise<void> {
    await this.leave();
    await this.#parts.volumes.endAllExports();
  }

  announceAll(): void {
    for (const worker of this.#workers.values()) worker.announceAgain();
  }

  status(): readonly VolumeStatus[] {
    return [...this.#workers.values()].map(({ specification: { id, want, exportNames }, state }) => ({ id, want, state, exported: exportNames.length > 0 }));
  }

  async leave(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.leave()));
    this.#parts.volumes.release();
  }

  #take(stored: StoredVolume): void {
    const { id } = stored.specification;
    this.#workers.set(id, new VolumeWorker(this.#parts, stored, () => void this.#workers.delete(id)));
  }

  async #confirmAbsent({ id, generation, want }: VolumeSpecification, take: boolean): Promise<void> {
    if (want !== "absent") this.#parts.log.warn("The control plane asked for a volume that this storage node has removed for good", { volume: id, generation });
    if (take) await this.#parts.directory.bury(id, { generation });
    this.#parts.report({ kind: "volume", id, generation, state: "absent" });
  }
}
