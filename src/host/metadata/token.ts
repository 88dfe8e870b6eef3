/**
 * Session tokens of IMDSv2: 40 bytes as base64, like EC2's. They carry their end and a signature over it and the instance's id,
 * so nothing is stored, a token of one instance is nothing to another, and all survive a restart of the agent.
 *
 *   version 1 · three zeroes · end in seconds since 1970 (4 bytes) · 8 random bytes · HMAC-SHA-256, its first 24 bytes
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { InstanceId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";

const tokenBytes = 40;
const signedBytes = 16;

export const longestTokenSeconds = 21_600;

export function issueToken(secret: Uint8Array, instance: InstanceId, seconds: number, nowMs: number, random: Random): string {
  const token = Buffer.alloc(tokenBytes);
  token.writeUInt8(1, 0);
  token.writeUInt32BE(Math.floor(nowMs / 1000) + seconds, 4);
  token.set(random.bytes(8), 8);
  token.set(signature(secret, instance, token.subarray(0, signedBytes)), signedBytes);
  return token.toString("base64url").padEnd(Math.ceil(tokenBytes / 3) * 4, "=");
}

/** For how many more seconds the token is good, or undefined when it is not this instance's, altered, or over. */
export function tokenSecondsLeft(secret: Uint8Array, instance: InstanceId, text: string, nowMs: number): number | undefined {
  if (!/^[\w-]{54}==$/.test(text)) return undefined;
  const token = Buffer.from(text, "base64url");
  if (token.length !== tokenBytes) return undefined;
  if (!timingSafeEqual(token.subarray(signedBytes), signature(secret, instance, token.subarray(0, signedBytes)))) return undefined;
  const left = token.readUInt32BE(4) - Math.floor(nowMs / 1000);
  return left > 0 ? left : undefined;
}

function signature(secret: Uint8Array, instance: InstanceId, bytes: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(instance).update("\0").update(bytes).digest().subarray(0, tokenBytes - signedBytes);
}
