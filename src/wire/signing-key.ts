/** Signature Version 4 keys: a secret narrowed to one day, region and service, and what it makes of a canonical request. */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { sha256Hex } from "./canonical-request.ts";
import { type CredentialScope, signingAlgorithm } from "./credential-scope.ts";

/**
 * Remembers derived keys, the least recently used forgotten first: deriving is four hashes, and the day is long. As objects, since to make one of bytes takes
 * four times as long as the signature.
 */
export interface SigningKeys {
  derive(secretAccessKey: string, scope: CredentialScope): KeyObject;
}

export function createSigningKeys(limit = 1000): SigningKeys {
  const known = new Map<string, KeyObject>();
  return {
    derive(secretAccessKey, scope) {
      // The secret is part of the name: a key id whose secret changed must not be served the old key.
      const name = `${scope.date}/${scope.region}/${scope.service}/${secretAccessKey}`;
      const key = known.get(name) ?? deriveSigningKey(secretAccessKey, scope);
      known.delete(name);
      known.set(name, key);
      if (known.size > limit) forgetFirst(known);
      return key;
    },
  };
}

function forgetFirst(map: Map<string, unknown>): void {
  for (const name of map.keys()) {
    map.delete(name);
    return;
  }
}

export function deriveSigningKey(secretAccessKey: string, { date, region, service }: CredentialScope): KeyObject {
  const key = [date, region, service, "aws4_request"].reduce<string | Uint8Array>(hmac, `AWS4${secretAccessKey}`) as Uint8Array; // after one step it is bytes
  return createSecretKey(key);
}

/** The signature, in hexadecimal, of a canonical request by a derived key. */
export function signCanonical(key: KeyObject, scope: CredentialScope, signedAt: string, canonical: string): string {
  const { date, region, service } = scope;
  const toSign = [signingAlgorithm, signedAt, `${date}/${region}/${service}/aws4_request`, sha256Hex(canonical)].join("\n");
  return Buffer.from(hmac(key, toSign)).toString("hex");
}

function hmac(key: string | Uint8Array | KeyObject, text: string): Uint8Array {
  return createHmac("sha256", key).update(text, "utf8").digest();
}
