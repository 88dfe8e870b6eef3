/** Processor time: what a machine may use of its host's, and what became of its CPU credits. */
import type { InstanceId } from "../../base/ids.ts";

/** Of a burstable machine (facts §3.7). */
export interface CreditSpecification {
  readonly mode: "standard" | "unlimited";
  readonly earnedPerHour: number;
  /** The balance never exceeds it. */
  readonly maximum: number;
  /** At the beginning of the run. */
  readonly initial: CreditBalance;
}

export interface CreditBalance {
  readonly balance: number;
  /** Launch credits, which are spent first. */
  readonly launch: number;
  /** Borrowed, in unlimited mode. */
  readonly surplus: number;
  /** Borrowed for good. */
  readonly charged: number;
}

/** A burstable machine's credits, every few minutes and at the end of a run. */
export interface CreditReport {
  readonly kind: "credits";
  readonly id: InstanceId;
  readonly run: number;
  readonly credits: CreditBalance;
}
