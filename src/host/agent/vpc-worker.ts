/**
 * Makes one VPC's specification true on this host, as `volume-worker.ts` does a volume's: the newest one counts, what fails is tried
 * again. While it fails, packets go as they went before.
 */
import { errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { VpcReport } from "../protocol/report.ts";
import type { VpcSpecification } from "../protocol/specification.ts";
import { backOff, pause, type BackOff } from "./back-off.ts";
import type { HostNetwork } from "./parts.ts";
import type { VpcDirectory } from "./vpc-directory.ts";

export interface VpcParts {
  readonly directory: VpcDirectory;
  readonly network: Pick<HostNetwork, "applyVpc" | "removeVpc">;
  readonly report: (report: VpcReport) => void;
  readonly random: Random;
  readonly log: Log;
}

const untilWokenMs = 2 ** 31 - 1;

export class VpcWorker {
  readonly #parts: VpcParts;
  readonly #backOff: BackOff;
  readonly #over: Promise<void>;
  #specification: VpcSpecification;
  #awake = new AbortController();
  #lastReport: VpcReport | undefined;
  #leaving = false;

  /** Begins at once. `buried` is called when only a tombstone is left. */
  constructor(parts: VpcParts, specification: VpcSpecification, buried: () => void) {
    this.#parts = { ...parts, log: parts.log.with({ vpc: specification.id }) };
    this.#specification = specification;
    this.#backOff = backOff(250, 30_000, parts.random);
    this.#over = this.#loop(buried);
  }

  get specification(): VpcSpecification {
    return this.#specification;
  }

  /** The specification is accepted and durable already. */
  accept(specification: VpcSpecification): void {
    this.#specification = specification;
    this.#backOff.reset();
    this.#awake.abort();
  }

  announceAgain(): void {
    if (this.#lastReport !== undefined) this.#parts.report(this.#lastReport);
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    this.#awake.abort();
    await this.#over;
  }

  async #loop(buried: () => void): Promise<void> {
    while (!this.#leaving) {
      this.#awake = new AbortController();
      const specification = this.#specification;
      const waitMs = await this.#attempt(specification);
      if (this.#lastReport?.state === "absent" && this.#specification === specification) return buried();
      await pause(waitMs, this.#awake.signal);
    }
  }

  /** Returns how long to wait before looking again. */
  async #attempt(specification: VpcSpecification): Promise<number> {
    try {
      await (specification.want === "absent" ? this.#remove(specification) : this.#apply(specification));
      this.#backOff.reset();
      return untilWokenMs;
    } catch (error) {
      if (this.#leaving) return 0;
      const waitMs = this.#backOff.next();
      this.#parts.log.warn("A VPC's specification could not be made true; it is tried again", { waitMs, error: errorChain(error) });
      return waitMs;
    }
  }

  async #apply(specification: VpcSpecification): Promise<void> {
    await this.#parts.network.applyVpc(specification);
    this.#report(specification, "applied");
  }

  /** A specification that comes meanwhile must not be buried with this one. */
  async #remove(specification: VpcSpecification): Promise<void> {
    await this.#parts.network.removeVpc(specification.id);
    if (this.#specification !== specification) return;
    await this.#parts.directory.bury(specification.id, { generation: specification.generation });
    if (this.#specification !== specification) await this.#parts.directory.save(this.#specification);
    else this.#report(specification, "absent");
  }

  #report({ id, generation }: VpcSpecification, state: VpcReport["state"]): void {
    this.#lastReport = { kind: "vpc", id, generation, state };
    this.#parts.report(this.#lastReport);
  }
}
