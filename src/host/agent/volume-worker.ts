/**
 * Makes one volume's specification true (`specification-loop.ts`): data, export, or nothing at all.
 * Data that was made once and is missing now is reported as failed, never replaced by an empty volume.
 */
import { TerminalError, errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Volumes } from "../disk/volumes.ts";
import { canonicalJson } from "../protocol/generation.ts";
import type { VolumeReport } from "../protocol/report.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { SpecificationLoop } from "./specification-loop.ts";
import type { StoredVolume, VolumeDirectory } from "./volume-directory.ts";

export interface VolumeParts {
  readonly directory: VolumeDirectory;
  readonly volumes: Volumes;
  readonly report: (report: VolumeReport) => void;
  readonly random: Random;
  readonly log: Log;
}

export class VolumeWorker {
  readonly #parts: VolumeParts;
  readonly #loop: SpecificationLoop<VolumeSpecification>;
  #made: boolean;
  #lastReport: VolumeReport | undefined;

  /** Begins at once. `buried` is called when only a tombstone is left. */
  constructor(parts: VolumeParts, { specification, made }: StoredVolume, buried: () => void) {
    this.#parts = { ...parts, log: parts.log.with({ volume: specification.id }) };
    this.#made = made;
    const { directory, volumes, random } = parts;
    const steps = {
      make: (wanted: VolumeSpecification) => this.#ensure(wanted),
      remove: ({ id }: VolumeSpecification) => volumes.remove(id),
      bury: ({ id, generation }: VolumeSpecification) => directory.bury(id, { generation }),
      save: (newest: VolumeSpecification) => directory.save({ specification: newest, made: this.#made }),
      reportAbsent: (removed: VolumeSpecification) => this.#report(removed, { state: "absent" }),
      reportRetry: (error: unknown, waitMs: number) => this.#parts.log.warn("A step for a volume failed; it is tried again", { waitMs, error: errorChain(error) }),
      reportFailed: (wanted: VolumeSpecification, error: TerminalError) => {
        this.#parts.log.error("A volume cannot be made", { error });
        this.#report(wanted, { state: "failed", reason: error.reason });
      },
    };
    this.#loop = new SpecificationLoop(steps, specification, random, buried);
  }

  get specification(): VolumeSpecification {
    return this.#loop.newest;
  }

  get made(): boolean {
    return this.#made;
  }

  get state(): VolumeReport["state"] {
    return this.#lastReport?.state ?? "creating";
  }

  /** The specification is accepted and durable already. */
  accept(specification: VolumeSpecification): void {
    this.#loop.accept(specification);
  }

  wake(): void {
    this.#loop.wake();
  }

  announceAgain(): void {
    if (this.#lastReport !== undefined) this.#parts.report(this.#lastReport);
  }

  leave(): Promise<void> {
    return this.#loop.leave();
  }

  async #ensure(specification: VolumeSpecification): Promise<void> {
    const { volumes, directory } = this.#parts;
    if (this.#made && !(await volumes.exists(specification.id))) throw new TerminalError("The volume's data is missing on its storage node.");
    if (!this.#made) {
      await volumes.ensureData(specification);
      await directory.save({ specification: this.specification, made: true });
      this.#made = true;
    }
    const { condition, snapshots } = await volumes.ensure(specification);
    this.#report(specification, { state: "available", condition, snapshots });
  }

  #report({ id, generation }: Pick<VolumeSpecification, "id" | "generation">, found: Pick<VolumeReport, "state" | "reason" | "condition" | "snapshots">): void {
    const report: VolumeReport = { kind: "volume", id, generation, ...found };
    if (canonicalJson(report) === canonicalJson(this.#lastReport)) return;
    this.#lastReport = report;
    this.#parts.report(report);
  }
}
