import { execFileSync } from "node:child_process";
import { createVerify, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { interfaceSpecimen, machineSpecimen } from "../network/testing/specimens.ts";
import { identityDocument } from "./identity-document.ts";
import { openIdentitySigner, type OpenedIdentitySigner } from "./identity-signer.ts";

const document = identityDocument(machineSpecimen("1", interfaceSpecimen("1", "1", "172.31.0.5")));
let directory: string;
let signer: OpenedIdentitySigner;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "hostelry-identity-"));
  // Two agents on one machine may come at the same time.
  const [first, second] = await Promise.all([openIdentitySigner(join(directory, "keys")), openIdentitySigner(join(directory, "keys"))]);
  signer = first;
  expect(second.certificates).toEqual(first.certificates);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the plain signature verifies with its certificate and fails for another document", async () => {
  const signature = Buffer.from(await signer.signature(document), "base64");
  const { publicKey } = new X509Certificate(signer.certificates.signature);
  const verify = (text: string) => createVerify("sha256").update(text).verify(publicKey, signature);
  expect([verify(document), verify(document.replace("172.31.0.5", "172.31.0.6"))]).toEqual([true, false]);
});

test.each(["rsa2048", "pkcs7"] as const)("%s verifies as users of EC2 verify it, and holds the document", async (form) => {
  const [signed, certificate] = [join(directory, `${form}.p7`), join(directory, `${form}.crt`)];
  writeFileSync(signed, `-----BEGIN PKCS7-----\n${await signer[form](document)}\n-----END PKCS7-----\n`);
  writeFileSync(certificate, signer.certificates[form]);
  const out = execFileSync("openssl", ["smime", "-verify", "-in", signed, "-inform", "PEM", "-certfile", certificate, "-noverify"], { stdio: ["ignore", "pipe", "ignore"] });
  expect(out.toString()).toBe(document);
});

test("a document is signed once, and nothing is left beside the keys", async () => {
  expect(await signer.pkcs7(document)).toBe(await signer.pkcs7(document));
  expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
});
