/** The bucket of credits of one interface in one direction: bytes that it may send faster than its baseline. Pure. */
import type { BandwidthSpecification } from "../../protocol/specification.ts";

/** Plain data. */
export interface Credits {
  /** Bytes; below zero when it was faster than it might until that was found. */
  readonly bytes: number;
  /** What the device had sent by then. */
  readonly sent: number;
  readonly atMs: number;
}

export function fullCredits({ creditBytes }: BandwidthSpecification, sent: number, nowMs: number): Credits {
  return { bytes: creditBytes, sent, atMs: nowMs };
}

/** What was not used of the baseline is earned, what went beyond it is spent. A device that was made anew counts from nothing. */
export function settleCredits(before: Credits, { baselineBitsPerSecond, creditBytes }: BandwidthSpecification, sent: number, nowMs: number): Credits {
  const used = sent < before.sent ? sent : sent - before.sent;
  const earned = (baselineBitsPerSecond / 8) * (Math.max(0, nowMs - before.atMs) / 1_000);
  return { bytes: Math.min(creditBytes, before.bytes + earned - used), sent, atMs: nowMs };
}

export function allowedBitsPerSecond({ bytes }: Credits, { baselineBitsPerSecond, peakBitsPerSecond }: BandwidthSpecification): number {
  return bytes > 0 ? peakBitsPerSecond : baselineBitsPerSecond;
}
