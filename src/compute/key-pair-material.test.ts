import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { isApiError } from "../base/api-error.ts";
import { systemRandom } from "../base/random.ts";
import { createdFingerprint, createKeyPairMaterial, importKeyPairMaterial } from "./key-pair-material.ts";
import { toPem, toPpk } from "./private-key-file.ts";
import { toPublicKey } from "./public-key.ts";

const folder = mkdtempSync(join(tmpdir(), "key-pair-material-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const has = (command: string) => spawnSync(command, ["-h"], { stdio: "ignore" }).error === undefined;
const [hasSshKeygen, hasOpenssl, hasPuttygen] = [has("ssh-keygen"), has("openssl"), has("puttygen")];

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
const codeOf = (work: () => unknown) => {
  try {
    work();
    return "accepted";
  } catch (thrown) {
    return isApiError(thrown) ? thrown.code : String(thrown);
  }
};

/** RFC 8032 §7.1, the first vector; its OpenSSH line and fingerprint are what ssh-keygen shows. */
const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
const point = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
const vectorLine = `ssh-ed25519 ${Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), point]).toString("base64")}`;
const vectorKey = createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url"), d: seed.toString("base64url") }, format: "jwk" });

describe("CreateKeyPair", () => {
  test("An RSA pair of 2048 bits comes as PKCS#1 PEM whose public half is the one shown", async () => {
    const pair = await createKeyPairMaterial("me", "rsa", "pem", systemRandom);
    const privateKey = createPrivateKey(pair.keyMaterial);
    const shown = importKeyPairMaterial("me", Buffer.from(pair.publicKey)).publicKey;
    expect([pair.keyMaterial.split("\n")[0], privateKey.asymmetricKeyDetails?.modulusLength, shown, pair.fingerprint.length]).toEqual([
      "-----BEGIN RSA PRIVATE KEY-----",
      2048,
      pair.publicKey,
      59,
    ]);
    const publicKey = toPublicKey(createPublicKey(privateKey));
    expect([createdFingerprint(privateKey, publicKey), publicKey.blob.toString("base64")]).toEqual([pair.fingerprint, pair.publicKey.split(" ")[1]]);
  });

  test("The event loop turns while an RSA pair is made", async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    await createKeyPairMaterial("me", "rsa", "pem", systemRandom);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });

  test("An ed25519 pair has the same fingerprint when imported again", async () => {
    const pair = await createKeyPairMaterial("me", "ed25519", "pem", systemRandom);
    const again = importKeyPairMaterial("me", Buffer.from(pair.publicKey));
    expect([pair.keyMaterial.split("\n")[0], again]).toEqual([
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      { keyType: "ed25519", fingerprint: pair.fingerprint, publicKey: pair.publicKey },
    ]);
  });

  test("A name with line breaks cannot add lines to the files that quote it", async () => {
    const pair = await createKeyPairMaterial("a\r\nComment: b", "ed25519", "ppk", systemRandom);
    expect([pair.publicKey.split("\n").length, pair.keyMaterial.match(/^Comment: /gm)?.length]).toEqual([1, 1]);
  });

  test.skipIf(!hasOpenssl)(`The RSA fingerprint is openssl's SHA-1 of the PKCS#8 form${hasOpenssl ? "" : " (openssl is missing)"}`, async () => {
    const pair = await createKeyPairMaterial("me", "rsa", "pem", systemRandom);
    const path = file("rsa.pem", pair.keyMaterial);
    const der = execFileSync("openssl", ["pkcs8", "-in", path, "-inform", "PEM", "-outform", "DER", "-topk8", "-nocrypt"]);
    const digest = execFileSync("openssl", ["sha1", "-c"], { input: der }).toString().trim();
    expect(digest.split("= ")[1]).toBe(pair.fingerprint);
  });

  test.skipIf(!hasSshKeygen).each(["rsa", "ed25519"] as const)(`ssh-keygen reads the %s PEM and finds the same public key${hasSshKeygen ? "" : " (ssh-keygen is missing)"}`, async (type) => {
    const pair = await createKeyPairMaterial("me", type, "pem", systemRandom);
    const line = run("ssh-keygen", "-y", "-f", file(`${type}.key`, pair.keyMaterial));
    expect(line.split(" ").slice(0, 2)).toEqual(pair.publicKey.split(" ").slice(0, 2));
  });

  test.skipIf(!hasPuttygen || !hasSshKeygen).each(["rsa", "ed25519"] as const)(`puttygen reads the %s PPK and exports the same key${hasPuttygen && hasSshKeygen ? "" : " (puttygen or ssh-keygen is missing)"}`, async (type) => {
    const pair = await createKeyPairMaterial("my key", type, "ppk", systemRandom);
    const path = file(`${type}.ppk`, pair.keyMaterial);
    run("puttygen", path, "-O", "private-openssh", "-o", `${path}.pem`);
    const exported = importKeyPairMaterial("my key", Buffer.from(run("ssh-keygen", "-y", "-f", `${path}.pem`))).publicKey;
    expect([run("puttygen", "-L", path), exported]).toEqual([pair.publicKey, pair.publicKey]);
  });
});

describe("Private key files of a known key", () => {
  const parts = { privateKey: vectorKey, publicKey: toPublicKey(createPublicKey(vectorKey)), comment: "vector" };

  test("The PPK is exact to its MAC", () => {
    expect(toPpk(parts)).toMatchInlineSnapshot(`
      "PuTTY-User-Key-File-2: ssh-ed25519
      Encryption: none
      Comment: vector
      Public-Lines: 2
      AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3
      B1Ea
      Private-Lines: 1
      AAAAIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
      Private-MAC: cc3721693ef02f710f513d818d14edf83acfd004
      "
    `);
  });

  test("The OpenSSH PEM is exact", () => {
    expect(toPem(parts, Buffer.of(1, 2, 3, 4))).toMatchInlineSnapshot(`
      "-----BEGIN OPENSSH PRIVATE KEY-----
      b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
      QyNTUxOQAAACDXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGgAAAJABAgMEAQID
      BAAAAAtzc2gtZWQyNTUxOQAAACDXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg
      AAAECdYbGd7/1aYLqESvSS7CzEREnFaXsyaRlwO6wDHK5/YNdamAGCsQq31Uv+08lkBzoO
      4XLz2qYjJa8CGmj3B1EaAAAABnZlY3RvcgECAwQFBgc=
      -----END OPENSSH PRIVATE KEY-----
      "
    `);
  });
});

describe("ImportKeyPair", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  const der = rsa.export({ format: "der", type: "spki" });
  const imported = importKeyPairMaterial("me", Buffer.from(der.toString("base64")));
  const blob = imported.publicKey.split(" ")[1] ?? "";
  const wrapped = blob.replace(/(.{70})/g, "$1\n");

  test("One key in its four forms is the same key pair", () => {
    const forms = [
      `ssh-rsa ${blob} somebody@somewhere\n`,
      `ssh-rsa ${blob}`,
      rsa.export({ format: "pem", type: "spki" }).toString(),
      `---- BEGIN SSH2 PUBLIC KEY ----\nSubject: somebody\nComment: "a long comment that \\\ngoes on"\n${wrapped}\n---- END SSH2 PUBLIC KEY ----\n`,
    ];
    expect(forms.map((form) => importKeyPairMaterial("me", Buffer.from(form)))).toEqual(forms.map(() => imported));
  });

  test("An ed25519 key keeps its line and gets the SHA-256 of its wire form", () => {
    expect(importKeyPairMaterial("me", Buffer.from(`${vectorLine} x@y`))).toEqual({
      keyType: "ed25519",
      publicKey: `${vectorLine} me`,
      fingerprint: "bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8=",
    });
  });

  test.skipIf(!hasOpenssl)(`The RSA fingerprint is openssl's MD5 of the public key${hasOpenssl ? "" : " (openssl is missing)"}`, () => {
    const digest = execFileSync("openssl", ["md5", "-c"], { input: der }).toString().trim();
    expect(digest.split("= ")[1]).toBe(imported.fingerprint);
  });

  test.skipIf(!hasSshKeygen)(`Keys made by ssh-keygen are accepted and shown as it shows them${hasSshKeygen ? "" : " (ssh-keygen is missing)"}`, () => {
    const path = join(folder, "theirs");
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "them", "-f", path);
    const rfc4716 = run("ssh-keygen", "-e", "-m", "RFC4716", "-f", path);
    const pair = importKeyPairMaterial("them", Buffer.from(rfc4716));
    const shown = run("ssh-keygen", "-l", "-f", path).split(" ")[1];
    expect([pair.publicKey, `SHA256:${pair.fingerprint.replace(/=+$/, "")}`]).toEqual([run("ssh-keygen", "-y", "-f", path), shown]);
  });

  test("RSA of 1024 and 4096 bits is accepted and of 3072 bits is not", () => {
    const codes = [1024, 4096, 3072].map((modulusLength) => {
      const spki = generateKeyPairSync("rsa", { modulusLength }).publicKey.export({ format: "der", type: "spki" });
      return codeOf(() => importKeyPairMaterial("me", Buffer.from(spki.toString("base64"))));
    });
    expect(codes).toEqual(["accepted", "accepted", "InvalidKey.Format"]);
  });

  test("DSA, ECDSA, private keys and text that is no key are refused", () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "der", type: "spki" });
    const dsa = generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).publicKey.export({ format: "der", type: "spki" });
    const refused = [
      ec.toString("base64"),
      dsa.toString("base64"),
      vectorKey.export({ format: "pem", type: "pkcs8" }).toString(),
      "",
      "hello",
      "ssh-rsa",
      "ssh-rsa !!!!",
      `ssh-rsa ${vectorLine.split(" ")[1]}`,
      `ssh-ed25519 ${blob}`,
      `${vectorLine.slice(0, -8)}`,
      `${vectorLine} a\nssh-rsa ${blob} b`,
      "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA",
      `ssh-rsa ${Buffer.alloc(12_000, 1).toString("base64")}`,
      "A".repeat(20_000),
    ];
    expect(refused.map((text) => codeOf(() => importKeyPairMaterial("me", Buffer.from(text))))).toEqual(refused.map(() => "InvalidKey.Format"));
  });

  test("A signature by the private half verifies with the imported half", () => {
    const line = importKeyPairMaterial("me", Buffer.from(vectorLine)).publicKey;
    const signature = sign(null, Buffer.from("text"), vectorKey);
    const x = Buffer.from(line.split(" ")[1] ?? "", "base64").subarray(-32).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(verify(null, Buffer.from("text"), key, signature)).toBe(true);
  });
});
