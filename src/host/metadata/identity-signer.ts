/**
 * Signs instance identity documents (facts §8.4): `signature` with RSA-1024 and SHA-256, `rsa2048` and `pkcs7` as PKCS#7 with the
 * document inside, by RSA-2048 and by DSA, without the lines around the base64. Keys and self-signed certificates are made once
 * and kept in a directory; several processes may open it at the same time and get the same keys.
 *
 * Signing runs outside the event loop, and a document is signed once: it changes only when its instance starts.
 */
import { createPrivateKey, sign, type KeyObject } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { runCommand } from "../network/command.ts";

export interface IdentitySigner {
  signature(document: string): Promise<string>;
  rsa2048(document: string): Promise<string>;
  pkcs7(document: string): Promise<string>;
}

export interface OpenedIdentitySigner extends IdentitySigner {
  /** The public certificates, PEM, by which users verify each form. */
  readonly certificates: Readonly<Record<keyof IdentitySigner, string>>;
}

const remembered = 512;
const signAside = promisify(sign);

export async function openIdentitySigner(directory: string): Promise<OpenedIdentitySigner> {
  if (!(await exists(directory))) await makeKeys(directory);
  const certificate = (name: keyof IdentitySigner) => readFile(join(directory, `${name}.crt`), "utf8");
  const [key, forSignature, forRsa2048, forPkcs7] = await Promise.all([
    readFile(join(directory, "signature.key")).then(createPrivateKey),
    certificate("signature"),
    certificate("rsa2048"),
    certificate("pkcs7"),
  ]);
  return {
    signature: rememberLast((document) => signPlainly(document, key)),
    rsa2048: rememberLast((document) => signAsPkcs7(document, directory, "rsa2048")),
    pkcs7: rememberLast((document) => signAsPkcs7(document, directory, "pkcs7")),
    certificates: { signature: forSignature, rsa2048: forRsa2048, pkcs7: forPkcs7 },
  };
}

async function signPlainly(document: string, key: KeyObject): Promise<string> {
  const signed = await signAside("sha256", Buffer.from(document), key);
  return signed.toString("base64").replace(/.{76}(?=.)/g, "$&\n");
}

async function signAsPkcs7(document: string, directory: string, name: string): Promise<string> {
  const files = ["-signer", join(directory, `${name}.crt`), "-inkey", join(directory, `${name}.key`)];
  const pem = await runCommand("openssl", ["smime", "-sign", "-binary", "-nodetach", "-nocerts", "-md", "sha256", "-outform", "PEM", ...files], document);
  return pem.split("\n").filter((line) => line !== "" && !line.startsWith("-----")).join("\n");
}

/** Made aside and put in place as a whole; whoever comes second takes the first one's. */
async function makeKeys(directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const aside = await mkdtemp(join(dirname(directory), `.${basename(directory)}-`));
  try {
    await Promise.all([makeRsaKey(aside, "signature", 1024), makeRsaKey(aside, "rsa2048", 2048), makeDsaKey(aside, "pkcs7")]);
    await rename(aside, directory).catch(async (error: unknown) => {
      if (!(await exists(directory))) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function makeRsaKey(directory: string, name: string, bits: number): Promise<void> {
  await runCommand("openssl", ["genrsa", "-out", join(directory, `${name}.key`), String(bits)]);
  await makeCertificate(directory, name);
}

async function makeDsaKey(directory: string, name: string): Promise<void> {
  await runCommand("openssl", ["dsaparam", "-genkey", "-noout", "-out", join(directory, `${name}.key`), "1024"]);
  await makeCertificate(directory, name);
}

/** Valid for 195 years, as EC2's own. */
async function makeCertificate(directory: string, name: string): Promise<void> {
  const subject = "/C=US/ST=Washington State/L=Seattle/O=Hostelry";
  const files = ["-key", join(directory, `${name}.key`), "-out", join(directory, `${name}.crt`)];
  await runCommand("openssl", ["req", "-new", "-x509", "-sha256", "-days", "71224", "-subj", subject, ...files]);
}

function rememberLast(make: (document: string) => Promise<string>): (document: string) => Promise<string> {
  const made = new Map<string, Promise<string>>();
  return (document) => {
    const known = made.get(document);
    if (known !== undefined) return known;
    const fresh = make(document);
    made.set(document, fresh);
    fresh.catch(() => made.delete(document));
    for (const oldest of made.keys()) if (made.size > remembered) made.delete(oldest);
    return fresh;
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
