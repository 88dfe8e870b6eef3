/** The bucket of credits of one instance in one direction: bytes that it may send faster than its baseline. Pure. */
import type { BandwidthSpecification } from "../../protocol/specification.ts";

/** Plain data. */
export interface Credits {
  /** Bytes; below zero when it was faster than it might until that was found. */
  readonly bytes: number;
  /** What each of its devices had sent by then. */
  readonly sent: Readonly<Record<string, number>>;
  readonly atMs: number;
}

type Rates = Pick<BandwidthSpecification, "baselineBitsPerSecond" | "peakBitsPerSecond" | "creditBytes">;

export function fullCredits({ creditBytes }: Rates, sent: Credits["sent"], nowMs: number): Credits {
  return { bytes: creditBytes, sent, atMs: nowMs };
}

/**
 * What was not used of the baseline is earned, what went beyond it is spent. A device that was made anew counts from nothing; one of which nothing is said
 * is away for now, one that was not there before begins now.
 */
export function settleCredits(before: Credits, { baselineBitsPerSecond, creditBytes }: Rates, sent: Credits["sent"], nowMs: number): Credits {
  const used = Object.entries(sent).reduce((sum, [device, bytes]) => sum + usedSince(before.sent[device] ?? bytes, bytes), 0);
  const earned = (baselineBitsPerSecond / 8) * (Math.max(0, nowMs - before.atMs) / 1_000);
  return { bytes: Math.min(creditBytes, before.bytes + earned - used), sent: { ...before.sent, ...sent }, atMs: nowMs };
}

function usedSince(before: number, now: number): number {
  return now < before ? now : now - before;
}

export function allowedBitsPerSecond({ bytes }: Credits, { baselineBitsPerSecond, peakBitsPerSecond }: Rates): number {
  return bytes > 0 ? peakBitsPerSecond : baselineBitsPerSecond;
}
