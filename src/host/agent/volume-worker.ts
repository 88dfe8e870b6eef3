/**
 * Makes one volume's specification true: data, export, or nothing at all. Level-triggered, as `machine-worker.ts` is.
 * Data that was made once and is missing now is reported as failed, never replaced by an empty volume.
 */
import { TerminalError, errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Volumes } from "../disk/volumes.ts";
import { canonicalJson } from "../protocol/generation.ts";
import type { VolumeReport } from "../protocol/report.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { backOff, pause, type BackOff } from "./back-off.ts";
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
  readonly #backOff: BackOff;
  readonly #over: Promise<void>;
  #stored: StoredVolume;
  #awake = new AbortController();
  #lastReport: VolumeReport | undefined;
  #leaving = false;

  /** Begins at once. `buried` is called when only a tombstone is left. */
  constructor(parts: VolumeParts, stored: StoredVolume, buried: () => void) {
    this.#parts = { ...parts, log: parts.log.with({ volume: stored.specification.id }) };
    this.#stored = stored;
    this.#backOff = backOff(250, 30_000, parts.random);
    this.#over = this.#loop(buried);
  }

  get specification(): VolumeSpecification {
    return this.#stored.specification;
  }

  get made(): boolean {
    return this.#stored.made;
  }

  get state(): VolumeReport["state"] {
    return this.#lastReport?.state ?? "creating";
  }

  /** The specification is accepted and durable already. */
  accept(specification: VolumeSpecification): void {
    this.#stored = { ...this.#stored, specification };
    this.wake();
  }

  wake(): void {
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
      const { specification } = this.#stored;
      const waitMs = await this.#attempt(specification);
      if (this.state === "absent" && this.specification.generation === specification.generation) return buried();
      await pause(waitMs, this.#awake.signal);
    }
  }

  /** Returns how long to wait before looking again. */
  async #attempt(specification: VolumeSpecification): Promise<number> {
    const untilWoken = 2 ** 31 - 1;
    try {
      if (specification.want === "absent") await this.#remove(specification);
      else await this.#ensure(specification);
      this.#backOff.reset();
      return untilWoken;
    } catch (error) {
      if (this.#leaving) return 0;
      if (error instanceof TerminalError) {
        this.#parts.log.error("A volume cannot be made", { error });
        this.#report(specification, { state: "failed", reason: error.reason });
        return untilWoken;
      }
      const waitMs = this.#backOff.next();
      this.#parts.log.warn("A step for a volume failed; it is tried again", { waitMs, error: errorChain(error) });
      return waitMs;
    }
  }

  async #ensure(specification: VolumeSpecification): Promise<void> {
    const { volumes, directory } = this.#parts;
    if (this.#stored.made && !(await volumes.exists(specification.id))) throw new TerminalError("The volume's data is missing on its storage node.");
    if (!this.#stored.made) {
      await volumes.ensureData(specification);
      await directory.save({ specification: this.#stored.specification, made: true });
      this.#stored = { ...this.#stored, made: true };
    }
    const { condition, snapshots } = await volumes.ensure(specification);
    this.#report(specification, { state: "available", condition, snapshots });
  }

  async #remove({ id, generation }: VolumeSpecification): Promise<void> {
    await this.#parts.volumes.remove(id);
    await this.#parts.directory.bury(id, { generation });
    this.#report({ id, generation }, { state: "absent" });
  }

  #report({ id, generation }: Pick<VolumeSpecification, "id" | "generation">, found: Pick<VolumeReport, "state" | "reason" | "condition" | "snapshots">): void {
    const report: VolumeReport = { kind: "volume", id, generation, ...found };
    if (canonicalJson(report) === canonicalJson(this.#lastReport)) return;
    this.#lastReport = report;
    this.#parts.report(report);
  }
}
