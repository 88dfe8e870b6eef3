/** Codes of six digits that change every 30 seconds (RFC 6238, with SHA-1), as authenticator apps show them. */
import { createHmac, timingSafeEqual } from "node:crypto";

const stepMs = 30_000;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A device's clock may be a step off. */
const tolerance = 1;

export function stepAt(now: number): number {
  return Math.floor(now / stepMs);
}

export function codeOf(seed: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", seed).update(counter).digest();
  const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The step that the code is of, later than `after`: a code is good for once. Undefined: it is none of now. */
export function findStep(seed: Uint8Array, code: string, now: number, after: number): number | undefined {
  const steps = Array.from({ length: 2 * tolerance + 1 }, (_step, index) => stepAt(now) - tolerance + index);
  return steps.filter((step) => step > after).find((step) => isSame(codeOf(seed, step), code));
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** As people type a seed into an app (RFC 4648); five bits a letter, whole bytes only. */
export function toBase32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)] ?? "").join("");
}
