/**
 * The files in which CreateKeyPair hands out a private key, none of them encrypted: PKCS#1 PEM for RSA, OpenSSH's own format
 * for ed25519, and PuTTY's version 2 for both (every PuTTY since 2000 reads it).
 */
import { createHash, createHmac, type KeyObject } from "node:crypto";
import type { PublicKey } from "./public-key.ts";
import { sshInteger, sshString } from "./ssh-wire.ts";

export interface PrivateKeyParts {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  /** Shown by tools that load the file; the key pair's name. */
  readonly comment: string;
}

/** `checkInts` are the four random bytes by which OpenSSH tells a right passphrase; they must differ from file to file. */
export function toPem(parts: PrivateKeyParts, checkInts: Uint8Array): string {
  if (parts.publicKey.type === "rsa") return parts.privateKey.export({ format: "pem", type: "pkcs1" }).toString();
  return opensshPem(parts, checkInts);
}

function opensshPem({ privateKey, publicKey, comment }: PrivateKeyParts, checkInts: Uint8Array): string {
  const jwk = privateKey.export({ format: "jwk" });
  const point = Buffer.from(jwk.x ?? "", "base64url");
  const seed = Buffer.from(jwk.d ?? "", "base64url");
  const secret = Buffer.concat([checkInts, checkInts, sshString("ssh-ed25519"), sshString(point), sshString(Buffer.concat([seed, point])), sshString(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    sshString("none"),
    sshString("none"),
    sshString(""),
    Buffer.of(0, 0, 0, 1),
    sshString(publicKey.blob),
    sshString(Buffer.concat([secret, padding])),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines(body, 70).join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

export function toPpk(parts: PrivateKeyParts): string {
  const { publicKey, comment } = parts;
  const algorithm = publicKey.type === "rsa" ? "ssh-rsa" : "ssh-ed25519";
  const secret = puttySecret(parts);
  const signed = [algorithm, "none", comment, publicKey.blob, secret].map((field) => sshString(field));
  const macKey = createHash("sha1").update("putty-private-key-file-mac-key").digest();
  const publicLines = lines(publicKey.blob, 64);
  const privateLines = lines(secret, 64);
  return [
    `PuTTY-User-Key-File-2: ${algorithm}`,
    "Encryption: none",
    `Comment: ${comment}`,
    `Public-Lines: ${publicLines.length}`,
    ...publicLines,
    `Private-Lines: ${privateLines.length}`,
    ...privateLines,
    `Private-MAC: ${createHmac("sha1", macKey).update(Buffer.concat(signed)).digest("hex")}`,
    "",
  ].join("\r\n");
}

/** RSA: d, p, q and q's inverse modulo p. ed25519: the seed as PuTTY stores it, an integer in little-endian bytes. */
function puttySecret({ privateKey, publicKey }: PrivateKeyParts): Buffer {
  const jwk = privateKey.export({ format: "jwk" });
  const bytes = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
  if (publicKey.type === "ed25519") return sshString(bytes(jwk.d));
  return Buffer.concat([jwk.d, jwk.p, jwk.q, jwk.qi].map((part) => sshInteger(bytes(part))));
}

function lines(content: Buffer, width: number): string[] {
  return content.toString("base64").match(new RegExp(`.{1,${width}}`, "g")) ?? [];
}
