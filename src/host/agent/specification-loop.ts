/**
 * Makes the newest specification of one volume or VPC true, until only a tombstone is left. What fails is tried again, after longer and longer
 * waits; a new specification is looked at at once.
 *
 * A specification that comes while an older one is being removed must not be buried with it: it is the next to be made true, and is saved again
 * where the burial has taken its record. Specifications are the same when they are the same object: what nobody names any more is withdrawn with
 * the generation that it had.
 */
import { TerminalError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { backOff, pause, type BackOff } from "./back-off.ts";

export interface SpecificationSteps<Specification> {
  make(specification: Specification): Promise<void>;
  remove(specification: Specification): Promise<void>;
  /** Puts a tombstone in the place of the record. */
  bury(specification: Specification): Promise<void>;
  /** Writes the record. */
  save(specification: Specification): Promise<void>;
  /** Nothing but the tombstone is left. */
  reportAbsent(specification: Specification): void;
  reportRetry(error: unknown, waitMs: number): void;
  /** Trying again would not help. Without this every error is tried again. */
  reportFailed?(specification: Specification, error: TerminalError): void;
}

const untilWokenMs = 2 ** 31 - 1;

export class SpecificationLoop<Specification extends { readonly want: "present" | "absent" }> {
  readonly #steps: SpecificationSteps<Specification>;
  readonly #backOff: BackOff;
  readonly #over: Promise<void>;
  #newest: Specification;
  #awake = new AbortController();
  #leaving = false;

  /** Begins at once: the first step has been called when it returns. `buried` is called at the end, unless it leaves before. */
  constructor(steps: SpecificationSteps<Specification>, first: Specification, random: Random, buried: () => void) {
    this.#steps = steps;
    this.#newest = first;
    this.#backOff = backOff(250, 30_000, random);
    this.#over = this.#run(buried);
  }

  get newest(): Specification {
    return this.#newest;
  }

  /** The specification is accepted and durable already. */
  accept(specification: Specification): void {
    this.#newest = specification;
    this.wake();
  }

  wake(): void {
    this.#backOff.reset();
    this.#awake.abort();
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    this.#awake.abort();
    await this.#over;
  }

  async #run(buried: () => void): Promise<void> {
    while (!this.#leaving) {
      this.#awake = new AbortController();
      const next = await this.#attempt(this.#newest);
      if (next === "buried") return buried();
      await pause(next, this.#awake.signal);
    }
  }

  /** Returns how long to wait before looking again. */
  async #attempt(specification: Specification): Promise<number | "buried"> {
    try {
      const isBuried = specification.want === "absent" ? await this.#remove(specification) : await this.#steps.make(specification).then(() => false);
      this.#backOff.reset();
      return isBuried ? "buried" : untilWokenMs;
    } catch (error) {
      if (this.#leaving) return 0;
      if (error instanceof TerminalError && this.#steps.reportFailed !== undefined) {
        this.#steps.reportFailed(specification, error);
        return untilWokenMs;
      }
      const waitMs = this.#backOff.next();
      this.#steps.reportRetry(error, waitMs);
      return waitMs;
    }
  }

  /** False when there is a newer specification by now. */
  async #remove(specification: Specification): Promise<boolean> {
    await this.#steps.remove(specification);
    if (this.#newest !== specification) return false;
    await this.#steps.bury(specification);
    const isNewest = this.#newest === specification;
    if (isNewest) this.#steps.reportAbsent(specification);
    else await this.#steps.save(this.#newest);
    return isNewest;
  }
}
