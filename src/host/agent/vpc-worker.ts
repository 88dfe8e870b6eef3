/** Makes one VPC's specification true on this host (`specification-loop.ts`). While that fails, packets go as they went before. */
import { errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { HostNetwork } from "../network/host-network-options.ts";
import type { VpcReport } from "../protocol/report.ts";
import type { VpcSpecification } from "../protocol/specification.ts";
import { SpecificationLoop } from "./specification-loop.ts";
import type { VpcDirectory } from "./vpc-directory.ts";

export interface VpcParts {
  readonly directory: VpcDirectory;
  readonly network: Pick<HostNetwork, "applyVpc" | "removeVpc">;
  readonly report: (report: VpcReport) => void;
  readonly random: Random;
  readonly log: Log;
}

export class VpcWorker {
  readonly #report: (report: VpcReport) => void;
  readonly #loop: SpecificationLoop<VpcSpecification>;
  #lastReport: VpcReport | undefined;

  /** Begins at once. `buried` is called when only a tombstone is left. */
  constructor({ directory, network, report, random, log }: VpcParts, first: VpcSpecification, buried: () => void) {
    this.#report = report;
    const steps = {
      make: async (specification: VpcSpecification) => {
        await network.applyVpc(specification);
        this.#tell(specification, "applied");
      },
      remove: ({ id }: VpcSpecification) => network.removeVpc(id),
      bury: ({ id, generation }: VpcSpecification) => directory.bury(id, { generation }),
      save: (newest: VpcSpecification) => directory.save(newest),
      reportAbsent: (specification: VpcSpecification) => this.#tell(specification, "absent"),
      reportRetry: (error: unknown, waitMs: number) =>
        log.warn("A VPC's specification could not be made true; it is tried again", { vpc: first.id, waitMs, error: errorChain(error) }),
    };
    this.#loop = new SpecificationLoop(steps, first, random, buried);
  }

  get specification(): VpcSpecification {
    return this.#loop.newest;
  }

  /** The specification is accepted and durable already. */
  accept(specification: VpcSpecification): void {
    this.#loop.accept(specification);
  }

  announceAgain(): void {
    if (this.#lastReport !== undefined) this.#report(this.#lastReport);
  }

  leave(): Promise<void> {
    return this.#loop.leave();
  }

  #tell({ id, generation }: VpcSpecification, state: VpcReport["state"]): void {
    this.#lastReport = { kind: "vpc", id, generation, state };
    this.#report(this.#lastReport);
  }
}
