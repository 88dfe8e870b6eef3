/**
 * CPU credits of a burstable machine: pure. One credit is a vCPU at 100 % for a minute. They are earned all the time, spent by what the guest runs, and kept up
 * to what 24 hours earn. A machine in standard mode without any is held to its baseline; in unlimited mode it goes on with surplus credits, which what it
 * earns pays back first, and which are charged beyond 24 hours' worth (facts §3.7).
 */
import type { CreditBalance, CreditSpecification } from "../protocol/processor.ts";

export interface Ledger extends CreditBalance {
  /** The machine's run that this is about. */
  readonly run: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What the guest had used of processors by then, microseconds. */
  readonly usedUs: number;
  /** Held to the baseline. */
  readonly throttled: boolean;
}

/** A throttled machine is let go when it has this many again: six seconds of a vCPU. */
const releaseAt = 0.1;
const [usPerCredit, msPerHour] = [60e6, 3_600_000];

export function openLedger(run: number, { initial }: CreditSpecification, usedUs: number, now: number): Ledger {
  return { ...initial, run, at: now, usedUs, throttled: false };
}

/** A counter that is lower than before has begun anew: the engine's group was made again. */
export function settle(ledger: Ledger, specification: CreditSpecification, usedUs: number, now: number): Ledger {
  const spent = Math.max(0, usedUs < ledger.usedUs ? usedUs : usedUs - ledger.usedUs) / usPerCredit;
  const earned = (specification.earnedPerHour * Math.max(0, now - ledger.at)) / msPerHour;
  const fromLaunch = Math.min(ledger.launch, spent);
  const paidBack = Math.min(ledger.surplus, earned);
  const balance = ledger.balance + earned - paidBack - (spent - fromLaunch);
  const left = specification.mode === "unlimited" ? borrow(ledger, specification, paidBack, balance) : { balance, surplus: ledger.surplus - paidBack, charged: ledger.charged };
  const settled = { ...left, balance: Math.min(left.balance, specification.maximum), launch: ledger.launch - fromLaunch };
  return { ...settled, run: ledger.run, at: now, usedUs, throttled: isThrottled(ledger, specification, settled) };
}

function borrow(ledger: Ledger, { maximum }: CreditSpecification, paidBack: number, balance: number): Pick<Ledger, "balance" | "surplus" | "charged"> {
  const surplus = ledger.surplus - paidBack + Math.max(0, -balance);
  return { balance: Math.max(0, balance), surplus: Math.min(surplus, maximum), charged: ledger.charged + Math.max(0, surplus - maximum) };
}

function isThrottled({ throttled }: Ledger, { mode }: CreditSpecification, { balance, launch }: Pick<Ledger, "balance" | "launch">): boolean {
  if (mode === "unlimited") return false;
  return balance + launch <= (throttled ? releaseAt : 0);
}

/** What the machine may use of processors now, in vCPUs; undefined: as much as it has. */
export function allowedVcpus({ throttled }: Ledger, { earnedPerHour }: CreditSpecification): number | undefined {
  return throttled ? earnedPerHour / 60 : undefined;
}
