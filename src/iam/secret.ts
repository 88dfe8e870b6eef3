/**
 * What must be read again but may not lie in the clear: secrets of access keys in the database, and what callers carry for us (session tokens,
 * authorization messages). Sealed with AES-256-GCM under a key that is in a file of its own and never in the database.
 *
 *   sealed = "1:" base64url( nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes) )
 *
 * The purpose is part of what is authenticated: what was sealed for one cannot be opened for another.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../base/random.ts";

export type SecretKey = Uint8Array;

export const secretKeyBytes = 32;
const [nonceBytes, tagBytes] = [12, 16];
const prefix = "1:";

export function seal(key: SecretKey, purpose: string, text: string, random: Random): string {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
  return prefix + Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

/** Undefined for what this key did not seal for this purpose. */
export function unseal(key: SecretKey, purpose: string, sealed: string): string | undefined {
  if (!isSealed(sealed)) return undefined;
  const bytes = Buffer.from(sealed.slice(prefix.length), "base64url");
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes)).setAAD(Buffer.from(purpose));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes)), decipher.final()]).toString("utf8");
  } catch {
    return undefined; // altered, or another key's
  }
}

/** Secrets of keys have no colon. */
export function isSealed(text: string): boolean {
  return text.startsWith(prefix);
}
