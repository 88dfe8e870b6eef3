/**
 * The key material of EC2 key pairs: CreateKeyPair generates a pair and hands out the private half once, ImportKeyPair brings
 * a public half. Fingerprints are EC2's: which half they are taken of depends on who made the pair (facts §12.2). Nothing of
 * a private key is kept.
 */
import { createHash, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { Random } from "../base/random.ts";
import { toPem, toPpk } from "./private-key-file.ts";
import { colonHex, ed25519Fingerprint, importedFingerprint, parsePublicKey, toOpenSshLine, toPublicKey, type KeyType, type PublicKey } from "./public-key.ts";

export type { KeyType } from "./public-key.ts";
export type KeyFormat = "pem" | "ppk";

export interface ImportedKeyPair {
  readonly keyType: KeyType;
  readonly fingerprint: string;
  /** The OpenSSH line, the key pair's name as its comment. */
  readonly publicKey: string;
}

export interface CreatedKeyPair extends ImportedKeyPair {
  /** The private key's file; shown once and stored nowhere. */
  readonly keyMaterial: string;
}

const generate = promisify(generateKeyPair);

/** Runs on libuv's threads: an RSA key takes up to a second, and the event loop goes on meanwhile. */
export async function createKeyPairMaterial(name: string, type: KeyType, format: KeyFormat, random: Random): Promise<CreatedKeyPair> {
  const pair = type === "rsa" ? await generate("rsa", { modulusLength: 2048 }) : await generate("ed25519");
  const publicKey = toPublicKey(pair.publicKey);
  const parts = { privateKey: pair.privateKey, publicKey, comment: asciiComment(name) };
  return {
    keyType: type,
    fingerprint: createdFingerprint(pair.privateKey, publicKey),
    publicKey: toOpenSshLine(publicKey, asciiComment(name)),
    keyMaterial: format === "pem" ? toPem(parts, random.bytes(4)) : toPpk(parts),
  };
}

/** `material` is ImportKeyPair's PublicKeyMaterial, already decoded from the request's base64. */
export function importKeyPairMaterial(name: string, material: Uint8Array): ImportedKeyPair {
  const publicKey = parsePublicKey(material);
  return { keyType: publicKey.type, fingerprint: importedFingerprint(publicKey), publicKey: toOpenSshLine(publicKey, asciiComment(name)) };
}

/** SHA-1 of the private key's PKCS#8 form for RSA: what `openssl pkcs8 -topk8 -nocrypt -outform DER | openssl sha1 -c` shows. */
export function createdFingerprint(privateKey: KeyObject, publicKey: PublicKey): string {
  if (publicKey.type === "ed25519") return ed25519Fingerprint(publicKey);
  return colonHex(createHash("sha1").update(privateKey.export({ format: "der", type: "pkcs8" })).digest());
}

/** A name is one line of printable ASCII; whatever else it might hold must not break the line or the file that quotes it. */
function asciiComment(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?");
}
