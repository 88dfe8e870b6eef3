/**
 * Public keys of EC2 key pairs: parsed from whatever ImportKeyPair accepts (an OpenSSH line, base64 DER, RFC 4716), shown as
 * an OpenSSH line, and fingerprinted as EC2 does (facts §12.2). RSA of 1024, 2048 or 4096 bits and ed25519; anything else,
 * DSA and ECDSA included, is no key of ours.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { invalidKeyFormat } from "../base/api-error.ts";
import { readSshStrings, sshInteger, sshString } from "./ssh-wire.ts";

export type KeyType = "rsa" | "ed25519";

export interface PublicKey {
  readonly type: KeyType;
  readonly key: KeyObject;
  /** The key in SSH's wire form, which OpenSSH lines and ed25519 fingerprints are made of. */
  readonly blob: Buffer;
}

/** No key, in any form and with any comment, is longer; more is refused unread. */
const maxMaterialBytes = 16 * 1024;
const importableRsaBits = new Set([1024, 2048, 4096]);

/** The key in ImportKeyPair's PublicKeyMaterial; throws `InvalidKey.Format` for what is none. */
export function parsePublicKey(material: Uint8Array): PublicKey {
  if (material.byteLength === 0 || material.byteLength > maxMaterialBytes) throw invalidKeyFormat();
  const text = Buffer.from(material).toString("latin1").trim();
  const key = keyOfText(text);
  if (key === undefined || !isAccepted(key)) throw invalidKeyFormat();
  return toPublicKey(key);
}

/** A key generated or parsed by Node's crypto; only of a type that EC2 knows. */
export function toPublicKey(key: KeyObject): PublicKey {
  const jwk = key.export({ format: "jwk" });
  if (key.asymmetricKeyType === "ed25519") {
    return { type: "ed25519", key, blob: Buffer.concat([sshString("ssh-ed25519"), sshString(fromBase64Url(jwk.x))]) };
  }
  return { type: "rsa", key, blob: Buffer.concat([sshString("ssh-rsa"), sshInteger(fromBase64Url(jwk.e)), sshInteger(fromBase64Url(jwk.n))]) };
}

/** `ssh-ed25519 AAAA… me`, the form of instance metadata and of DescribeKeyPairs. */
export function toOpenSshLine({ type, blob }: PublicKey, comment: string): string {
  return `${type === "rsa" ? "ssh-rsa" : "ssh-ed25519"} ${blob.toString("base64")} ${comment}`;
}

/** MD5 of the DER form for RSA; ed25519 as `ed25519Fingerprint`. */
export function importedFingerprint(publicKey: PublicKey): string {
  if (publicKey.type === "ed25519") return ed25519Fingerprint(publicKey);
  return colonHex(createHash("md5").update(publicKey.key.export({ format: "der", type: "spki" })).digest());
}

/** SHA-256 of the wire form in base64, padded, as EC2 shows it. */
export function ed25519Fingerprint({ blob }: PublicKey): string {
  return createHash("sha256").update(blob).digest("base64");
}

export function colonHex(digest: Buffer): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function keyOfText(text: string): KeyObject | undefined {
  if (text.startsWith("---- BEGIN SSH2 PUBLIC KEY ----")) return keyOfRfc4716(text);
  if (/^ssh-\S+\s/.test(text)) return keyOfOpenSshLine(text);
  return keyOfDer(base64(text.replace(/^-----BEGIN PUBLIC KEY-----|-----END PUBLIC KEY-----$/g, "")));
}

function keyOfOpenSshLine(text: string): KeyObject | undefined {
  const [algorithm, encoded] = text.split(/\s+/, 2);
  if (/[\r\n]/.test(text) || algorithm === undefined || encoded === undefined) return undefined;
  return keyOfBlob(base64(encoded), algorithm);
}

function keyOfRfc4716(text: string): KeyObject | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1)?.trim() !== "---- END SSH2 PUBLIC KEY ----") return undefined;
  let continued = false;
  const body = lines.slice(1, -1).filter((line) => {
    const header = continued || line.includes(":");
    continued = header && line.endsWith("\\"); // a long header goes on in the next line
    return !header;
  });
  return keyOfBlob(base64(body.join("")));
}

/** The blob names its own algorithm; an OpenSSH line must say the same. */
function keyOfBlob(blob: Buffer | undefined, expected?: string): KeyObject | undefined {
  const strings = blob === undefined ? undefined : readSshStrings(blob);
  const algorithm = strings?.[0]?.toString("latin1");
  if (strings === undefined || (expected !== undefined && algorithm !== expected)) return undefined;
  const [, first, second] = strings;
  if (algorithm === "ssh-ed25519" && strings.length === 2 && first?.length === 32) {
    return keyOfJwk({ kty: "OKP", crv: "Ed25519", x: first.toString("base64url") });
  }
  if (algorithm === "ssh-rsa" && strings.length === 3 && first !== undefined && second !== undefined) {
    return keyOfJwk({ kty: "RSA", e: withoutSign(first), n: withoutSign(second) });
  }
  return undefined;
}

function keyOfJwk(key: Readonly<Record<string, string>>): KeyObject | undefined {
  return attempt(() => createPublicKey({ key, format: "jwk" }));
}

function keyOfDer(der: Buffer | undefined): KeyObject | undefined {
  return der === undefined ? undefined : attempt(() => createPublicKey({ key: der, format: "der", type: "spki" }));
}

/** OpenSSL's complaint about bytes that are no key says nothing that the caller could use. */
function attempt(parse: () => KeyObject): KeyObject | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function isAccepted(key: KeyObject): boolean {
  if (key.asymmetricKeyType === "ed25519") return true;
  return key.asymmetricKeyType === "rsa" && importableRsaBits.has(key.asymmetricKeyDetails?.modulusLength ?? 0);
}

function base64(text: string): Buffer | undefined {
  const dense = text.replace(/\s+/g, "");
  return dense !== "" && /^[A-Za-z0-9+/]+={0,2}$/.test(dense) ? Buffer.from(dense, "base64") : undefined;
}

function withoutSign(integer: Buffer): string {
  return (integer[0] === 0 ? integer.subarray(1) : integer).toString("base64url");
}

function fromBase64Url(text: string | undefined): Buffer {
  return Buffer.from(text ?? "", "base64url");
}
