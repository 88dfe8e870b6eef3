import { createHash, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

test("CreateKeyPair makes RSA and ed25519 keys, as PEM and for PuTTY, and hands out each once", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const rsa = await ec2.createKeyPair({ KeyName: "rsa", TagSpecifications: [{ ResourceType: "key-pair", Tags: [{ Key: "for", Value: "ci" }] }] });
  const ed25519 = await ec2.createKeyPair({ KeyName: "ed", KeyType: "ed25519", KeyFormat: "ppk" });
  expect([rsa.KeyMaterial?.split("\n")[0], ed25519.KeyMaterial?.split("\r\n")[0]]).toEqual(["-----BEGIN RSA PRIVATE KEY-----", "PuTTY-User-Key-File-2: ssh-ed25519"]);
  const { KeyPairs: pairs } = await ec2.describeKeyPairs({ IncludePublicKey: true });
  expect(pairs).toEqual([
    { KeyPairId: ed25519.KeyPairId, KeyName: "ed", KeyType: "ed25519", KeyFingerprint: ed25519.KeyFingerprint, Tags: [], PublicKey: expect.stringMatching(/^ssh-ed25519 \S+ ed$/), CreateTime: expect.any(Date) },
    { KeyPairId: rsa.KeyPairId, KeyName: "rsa", KeyType: "rsa", KeyFingerprint: rsa.KeyFingerprint, Tags: [{ Key: "for", Value: "ci" }], PublicKey: expect.stringMatching(/^ssh-rsa \S+ rsa$/), CreateTime: expect.any(Date) },
  ]);
  const stored = await server.dump();
  expect(stored).not.toContain("PRIVATE KEY");
});

test("ImportKeyPair takes an OpenSSH line and shows the MD5 of the public key", async () => {
  await using server = await openTestServer();
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "der" }, privateKeyEncoding: { type: "pkcs8", format: "der" } });
  const md5 = createHash("md5").update(publicKey).digest("hex").replace(/(..)(?!$)/g, "$1:");
  const imported = await server.ec2().importKeyPair({ KeyName: "mine", PublicKeyMaterial: Buffer.from(publicKey.toString("base64")) });
  expect(imported).toMatchObject({ KeyName: "mine", KeyFingerprint: md5 });
});

test("DeleteKeyPair may be repeated, takes a name or an id, and leaves running instances their key", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { KeyPairId: id } = await ec2.createKeyPair({ KeyName: "mine", KeyType: "ed25519" });
  const { instance } = await launchOne(server, { KeyName: "mine" });
  await server.ec2(otherAccount).deleteKeyPair({ KeyPairId: id });
  expect(await ec2.deleteKeyPair({ KeyPairId: id })).toMatchObject({ Return: true, KeyPairId: id });
  const again = await ec2.deleteKeyPair({ KeyName: "mine" });
  expect([again.Return, again.KeyPairId]).toEqual([true, undefined]);
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  expect(reservation?.Instances?.[0]?.KeyName).toBe("mine");
  expect(await codeOf(ec2.describeKeyPairs({ KeyNames: ["mine"] }))).toBe("InvalidKeyPair.NotFound");
});

test("Key pairs that cannot be are refused, and change nothing", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  await ec2.createKeyPair({ KeyName: "mine", KeyType: "ed25519" });
  const before = await server.dump();
  const dsa = Buffer.from("ssh-dss AAAAB3NzaC1kc3MAAACBAP me");
  expect({
    duplicate: await refusal(ec2.createKeyPair({ KeyName: "mine", KeyType: "ed25519" })),
    dryRun: await codeOf(ec2.createKeyPair({ KeyName: "other", DryRun: true })),
    type: await codeOf(ec2.createKeyPair({ KeyName: "other", KeyType: "dsa" as "rsa" })), // wrong on purpose
    format: await codeOf(ec2.createKeyPair({ KeyName: "other", KeyFormat: "der" as "pem" })), // as above
    name: await codeOf(ec2.createKeyPair({ KeyName: "x".repeat(256), KeyType: "ed25519" })),
    noName: await codeOf(ec2.createKeyPair({ KeyName: undefined as unknown as string })), // as above
    material: await codeOf(ec2.importKeyPair({ KeyName: "other", PublicKeyMaterial: Buffer.from("nonsense") })),
    dsa: await codeOf(ec2.importKeyPair({ KeyName: "other", PublicKeyMaterial: dsa })),
    nothing: await codeOf(ec2.deleteKeyPair({})),
    unknown: await refusal(ec2.describeKeyPairs({ KeyNames: ["nobody's"] })),
  }).toEqual({
    duplicate: { code: "InvalidKeyPair.Duplicate", message: "The keypair 'mine' already exists.", status: 400 },
    dryRun: "DryRunOperation",
    type: "InvalidParameterValue",
    format: "InvalidParameterValue",
    name: "InvalidParameterValue",
    noName: "MissingParameter",
    material: "InvalidKey.Format",
    dsa: "InvalidKey.Format",
    nothing: "MissingParameter",
    unknown: { code: "InvalidKeyPair.NotFound", message: "The keypair 'nobody's' does not exist.", status: 400 },
  });
  expect(await server.dump()).toBe(before);
});

test("Two accounts may have key pairs of the same name", async () => {
  await using server = await openTestServer();
  const mine = await server.ec2().createKeyPair({ KeyName: "me", KeyType: "ed25519" });
  const theirs = await server.ec2(otherAccount).createKeyPair({ KeyName: "me", KeyType: "ed25519" });
  const { KeyPairs: pairs } = await server.ec2(otherAccount).describeKeyPairs({ Filters: [{ Name: "key-name", Values: ["m?*"] }] });
  expect([mine.KeyPairId === theirs.KeyPairId, pairs?.map((pair) => pair.KeyPairId)]).toEqual([false, [theirs.KeyPairId]]);
});
