/**
 * A join token: what a machine needs to become a host, once. It names the installation's certificate authority by its fingerprint, so that the machine believes
 * no other control plane, and carries a secret, of which the installation keeps a digest only.
 *
 *   token = "hjt-" base64url( fingerprint (32 bytes) ‖ secret (24 bytes) )
 */
import { createHash, X509Certificate } from "node:crypto";
import type { Random } from "../../base/random.ts";

export interface JoinToken {
  /** SHA-256 of the authority's certificate. */
  readonly fingerprint: Buffer;
  readonly secret: Buffer;
}

const prefix = "hjt-";
const [fingerprintBytes, secretBytes] = [32, 24];

export function makeJoinToken(fingerprint: Buffer, random: Random): JoinToken {
  return { fingerprint, secret: Buffer.from(random.bytes(secretBytes)) };
}

export function formatJoinToken({ fingerprint, secret }: JoinToken): string {
  return prefix + Buffer.concat([fingerprint, secret]).toString("base64url");
}

/** Undefined for a text that is no token, or not all of one. */
export function parseJoinToken(text: string): JoinToken | undefined {
  if (!text.startsWith(prefix) || !/^[\w-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text.slice(prefix.length), "base64url");
  if (bytes.length !== fingerprintBytes + secretBytes) return undefined;
  return { fingerprint: bytes.subarray(0, fingerprintBytes), secret: bytes.subarray(fingerprintBytes) };
}

/** What the installation keeps of a token. */
export function digestOf(secret: Uint8Array): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Of a certificate, PEM; hexadecimal. */
export function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(":", "").toLowerCase();
}
