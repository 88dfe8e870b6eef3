/** All VPCs of one host, as `machine-keeper.ts` keeps its machines: the same fence, the same tombstones. */
import type { VpcId } from "../../base/ids.ts";
import { acceptSpecification } from "../protocol/generation.ts";
import type { VpcSpecification } from "../protocol/specification.ts";
import { VpcWorker, type VpcParts } from "./vpc-worker.ts";

export class VpcKeeper {
  readonly #parts: VpcParts;
  readonly #workers = new Map<VpcId, VpcWorker>();

  constructor(parts: VpcParts) {
    this.#parts = parts;
  }

  /** The network has been told of every VPC when it returns; machines are to be taken up after it, for their interfaces need it. */
  async open(): Promise<void> {
    for (const specification of await this.#parts.directory.load()) this.#take(specification);
  }

  /** Durable when it returns, if the host acts on it at all. */
  async accept(incoming: VpcSpecification): Promise<void> {
    const { directory, log } = this.#parts;
    const { id, generation, want } = incoming;
    const worker = this.#workers.get(id);
    const tombstone = worker === undefined ? await directory.findTombstone(id) : undefined;
    const acceptance = acceptSpecification(worker?.specification, tombstone, incoming);
    if (acceptance === "conflict") log.error("The control plane sent two specifications of one generation; the first is kept", { vpc: id, generation });
    if (worker === undefined && (want === "absent" || acceptance === "stale")) return this.#confirmAbsent(incoming, acceptance === "take");
    if (acceptance !== "take") return;
    await directory.save(incoming);
    if (worker === undefined) this.#take(incoming);
    else if (this.#workers.get(id) === worker) worker.accept(incoming);
    else await this.accept(incoming); // the VPC was buried while this was written
  }

  /** What the control plane does not name any more must go. */
  async retainOnly(ids: ReadonlySet<string>): Promise<void> {
    const unnamed = [...this.#workers.values()].filter(({ specification: { id, want } }) => !ids.has(id) && want !== "absent");
    for (const worker of unnamed) {
      const removal = { ...worker.specification, want: "absent" } as const;
      this.#parts.log.warn("The control plane does not know a VPC of this host; it is withdrawn", { vpc: removal.id });
      await this.#parts.directory.save(removal);
      worker.accept(removal);
    }
  }

  announceAll(): void {
    for (const worker of this.#workers.values()) worker.announceAgain();
  }

  /** Leaves all packets as they go. */
  async leave(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.leave()));
  }

  #take(specification: VpcSpecification): void {
    const { id } = specification;
    this.#workers.set(id, new VpcWorker(this.#parts, specification, () => void this.#workers.delete(id)));
  }

  /** It is gone already, or never was here; an older wish for it stays unheard. */
  async #confirmAbsent({ id, generation }: VpcSpecification, take: boolean): Promise<void> {
    if (take) await this.#parts.directory.bury(id, { generation });
    this.#parts.report({ kind: "vpc", id, generation, state: "absent" });
  }
}
