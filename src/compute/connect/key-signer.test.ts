/**
 * What a guest with EC2's own scripts does with a pushed key, step by step after facts §9.2 and with the same programs: the signer's name, its chain, its
 * staple, and then of each key its instance, its end and its signature.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { makeServiceAuthority } from "../service-authority.ts";
import { makeSigningKey, signKey, type KeyFacts, type KeySigner, type SignedKey } from "./key-signer.ts";

const run = promisify(execFile);
const now = Date.now();
const facts: KeyFacts = {
  instanceId: "i-0123456789abcdef0",
  region: "eu-central-1",
  callerArn: "arn:aws:iam::111111111111:user/ann",
  requestId: "00000000-0000-4000-8000-000000000001",
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkZ5Sd0c3cxDPHZ1Gm0sCPSBpJUGn3oICcs8nWWQ2u2",
  expiresAt: now + 60_000,
};
let folder: string;
let signer: KeySigner;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostelry-signer-"));
  signer = { ...vouch(), signingKey: await makeSigningKey() };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function vouch(): Pick<KeySigner, "authority" | "authorityCertificate"> {
  const { authority, certificate: authorityCertificate } = makeServiceAuthority(systemRandom, now);
  return { authority, authorityCertificate };
}

async function openssl(...words: readonly string[]): Promise<string> {
  return (await run("openssl", words, { cwd: folder })).stdout;
}

/** The keys that the guest lets in; throws where it would believe none of them. */
async function believe({ block, signature }: SignedKey, guest: { readonly id: string; readonly atMs: number; readonly trusted: string }): Promise<readonly string[]> {
  const chain = signature.certificates.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];
  for (const [index, certificate] of chain.entries()) await writeFile(join(folder, `${index}.pem`), certificate);
  await writeFile(join(folder, "trusted.pem"), guest.trusted);
  const subject = await openssl("x509", "-noout", "-subject", "-in", "0.pem");
  if (!/CN\s*=\s*managed-ssh-signer\.eu-central-1\.amazonaws\.com\s*$/.test(subject)) throw new Error(`the signer is ${subject}`);
  await openssl("verify", "-x509_strict", "-CAfile", "trusted.pem", "-untrusted", "1.pem", "0.pem");
  for (let index = 0; index < chain.length - 1; index++) await checkStaple(index, signature.staples);
  await openssl("x509", "-pubkey", "-noout", "-in", "0.pem", "-out", "signer.pub");
  const keys: string[] = [];
  for (const text of block.split("\n\n")) {
    const lines = text.trimEnd().split("\n");
    const end = lines.findIndex((line) => line.startsWith("ssh-"));
    const header = Object.fromEntries(lines.slice(0, end).map((line) => line.slice(1).split("=", 2)));
    if (header["Instance"] !== guest.id || Number(header["Timestamp"]) <= Math.floor(guest.atMs / 1000)) continue;
    await writeFile(join(folder, "data"), `${lines.slice(0, end + 1).join("\n")}\n`);
    await writeFile(join(folder, "signature"), Buffer.from(lines.slice(end + 1).join(""), "base64"));
    await openssl("dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-verify", "signer.pub", "-signature", "signature", "data");
    keys.push(lines[end] ?? "");
  }
  return keys;
}

async function checkStaple(index: number, staples: Readonly<Record<string, string>>): Promise<void> {
  const print = (await openssl("x509", "-noout", "-fingerprint", "-sha1", "-in", `${index}.pem`)).trim().replace(/^.*=/, "").replaceAll(":", "");
  await writeFile(join(folder, "staple"), Buffer.from(staples[print] ?? "", "base64"));
  const answer = await openssl("ocsp", "-no_nonce", "-issuer", `${index + 1}.pem`, "-cert", `${index}.pem`, "-VAfile", `${index + 1}.pem`, "-respin", "staple");
  if (!answer.startsWith(`${index}.pem: good`) || answer.includes("WARNING")) throw new Error(answer);
}

test("A guest that trusts the installation's authority lets a pushed key in, until its end and on its instance only", async () => {
  const signed = signKey(signer, facts, systemRandom, now);
  const guest = { id: facts.instanceId, atMs: now + 59_000, trusted: signer.authorityCertificate };
  expect(await believe(signed, guest)).toEqual([facts.publicKey]);
  expect(await believe(signed, { ...guest, atMs: now + 61_000 })).toEqual([]);
  expect(await believe(signed, { ...guest, id: "i-0123456789abcdef1" })).toEqual([]);
  const second = signKey(signer, { ...facts, publicKey: `${facts.publicKey}3` }, systemRandom, now);
  expect(await believe({ ...second, block: `${signed.block}\n${second.block}\n` }, guest)).toEqual([facts.publicKey, `${facts.publicKey}3`]);
});

test.each([
  ["another authority is trusted", async (signed: SignedKey) => ({ signed, trusted: vouch().authorityCertificate })],
  ["the key is another", async (signed: SignedKey) => ({ signed: { ...signed, block: signed.block.replace("AAAAC3", "AAAAC4") } })],
  ["its caller is another", async (signed: SignedKey) => ({ signed: { ...signed, block: signed.block.replace("#Caller=arn", "#Caller=anr") } })],
  ["there is no staple", async (signed: SignedKey) => ({ signed: { ...signed, signature: { ...signed.signature, staples: {} } } })],
  ["the staple is of an earlier certificate", async (signed: SignedKey) => {
    const [staple = ""] = Object.values(signKey(signer, facts, systemRandom, now).signature.staples);
    const [print = ""] = Object.keys(signed.signature.staples);
    return { signed: { ...signed, signature: { ...signed.signature, staples: { [print]: staple } } } };
  }],
  ["the signer is of another region", async () => ({ signed: signKey(signer, { ...facts, region: "us-east-1" }, systemRandom, now) })],
  ["the signer's certificate is over", async () => ({ signed: signKey(signer, { ...facts, expiresAt: now }, systemRandom, now - 3 * 86_400_000) })],
] as const)("A guest believes nothing when %s", async (_why, change) => {
  const { signed, trusted = signer.authorityCertificate }: { signed: SignedKey; trusted?: string } = await change(signKey(signer, facts, systemRandom, now));
  await expect(believe(signed, { id: facts.instanceId, atMs: now - 1000, trusted })).rejects.toThrow();
});
