/** Encryption of volumes: by request, by default, by what they begin as; and the keys. */
import { describe, expect, test } from "vitest";
import { volumeKeyOf } from "../../src/storage/kms-key.ts";
import { launchOne } from "./launch-one.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { account, codeOf, openTestServer, otherAccount, type TestServer } from "./test-server.ts";

const place = { Size: 1, AvailabilityZone: "us-east-1a" };
const arnOfKey = new RegExp(`^arn:aws:kms:us-east-1:${account}:key/[0-9a-f-]{36}$`);

async function encryptionOf(server: TestServer, input: object): Promise<unknown[]> {
  const { Encrypted, KmsKeyId } = await server.ec2().createVolume({ ...place, ...input });
  return [Encrypted, KmsKeyId];
}

describe("A new volume", () => {
  test("is encrypted with the account's managed key, the same each time, or with the key that it names", async () => {
    await using server = await openTestServer();
    const id = "12345678-1234-1234-1234-123456789012";
    const arn = `arn:aws:kms:us-east-1:${account}:key/${id}`;
    const [, managed] = await encryptionOf(server, { Encrypted: true });
    expect(managed).toMatch(arnOfKey);
    expect(await encryptionOf(server, { Encrypted: true })).toEqual([true, managed]);
    expect(await encryptionOf(server, { Encrypted: true, KmsKeyId: "alias/aws/ebs" })).toEqual([true, managed]);
    for (const KmsKeyId of [id, arn]) expect(await encryptionOf(server, { Encrypted: true, KmsKeyId })).toEqual([true, arn]);
    const [, byAlias] = await encryptionOf(server, { Encrypted: true, KmsKeyId: "alias/mine" });
    expect(await encryptionOf(server, { Encrypted: true, KmsKeyId: `arn:aws:kms:us-east-1:${account}:alias/mine` })).toEqual([true, byAlias]);
    expect(await encryptionOf(server, {})).toEqual([false, undefined]);
  });

  test("cannot be encrypted with another's key, with one of another region, or with none of the form", async () => {
    await using server = await openTestServer();
    const id = "12345678-1234-1234-1234-123456789012";
    await server.ec2(otherAccount).createVolume({ ...place, Encrypted: true, KmsKeyId: id });
    await server.ec2().describeVpcs({});
    const before = await server.dump();
    const names = [id, `arn:aws:kms:us-east-1:${otherAccount}:key/${id}`, `arn:aws:kms:eu-west-1:${account}:key/${id}`, "alias/aws/s3", "mine"];
    const codes: string[] = [];
    for (const KmsKeyId of names) codes.push(await codeOf(server.ec2().createVolume({ ...place, Encrypted: true, KmsKeyId })));
    expect(codes).toEqual(names.map(() => "InvalidParameterValue"));
    expect(await server.dump()).toBe(before);
  });

  test("is given to its storage node with a key of its own that follows from the account's", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const { VolumeId = "" } = await server.ec2().createVolume({ ...place, Encrypted: true });
    const { VolumeId: second = "" } = await server.ec2().createVolume({ ...place, Encrypted: true });
    await hosts.settle();
    const key = await server.read((tx) => tx.db.selectFrom("kms_keys").selectAll().executeTakeFirstOrThrow());
    const keys = [VolumeId, second].map((id) => {
      const specification = hosts.byId.get("storage-a")?.held.get(id)?.specification;
      return specification?.kind === "volume" ? specification.encryptionKey : undefined;
    });
    expect(keys).toEqual([volumeKeyOf(key, VolumeId), volumeKeyOf(key, second)]);
    expect([new Set(keys).size, ...keys.map((text) => Buffer.from(text ?? "", "base64").length)]).toEqual([2, 32, 32]);
  });
});

describe("Encryption by default", () => {
  test("encrypts all new volumes of the account in the region, those of launches too, and no others", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    const before = await encryptionOf(server, {});
    expect((await ec2.enableEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(true);
    expect([(await ec2.getEbsEncryptionByDefault({})).EbsEncryptionByDefault, (await server.ec2(otherAccount).getEbsEncryptionByDefault({})).EbsEncryptionByDefault]).toEqual([true, false]);
    expect((await server.ec2(undefined, "eu-west-1").getEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(false);
    expect([before, await encryptionOf(server, {}), await encryptionOf(server, { Encrypted: false })]).toEqual([[false, undefined], [true, expect.stringMatching(arnOfKey)], [true, expect.stringMatching(arnOfKey)]]);
    const { volume } = await launchOne(server);
    expect((await ec2.describeVolumes({ VolumeIds: [volume] })).Volumes).toMatchObject([{ Encrypted: true, KmsKeyId: expect.stringMatching(arnOfKey) }]);
    expect((await ec2.disableEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(false);
    expect(await encryptionOf(server, {})).toEqual([false, undefined]);
  });

  test("uses the key that the account chose, until that is taken back", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    const arn = `arn:aws:kms:us-east-1:${account}:key/12345678-1234-1234-1234-123456789012`;
    expect((await ec2.getEbsDefaultKmsKeyId({})).KmsKeyId).toBe("alias/aws/ebs");
    expect((await ec2.modifyEbsDefaultKmsKeyId({ KmsKeyId: arn })).KmsKeyId).toBe(arn);
    expect([(await ec2.getEbsDefaultKmsKeyId({})).KmsKeyId, await encryptionOf(server, { Encrypted: true })]).toEqual([arn, [true, arn]]);
    expect((await ec2.resetEbsDefaultKmsKeyId({})).KmsKeyId).toBe("alias/aws/ebs");
    const [, managed] = await encryptionOf(server, { Encrypted: true });
    expect([(await ec2.getEbsDefaultKmsKeyId({})).KmsKeyId, managed === arn]).toEqual(["alias/aws/ebs", false]);
  });

  test("is neither switched nor given a key by a dry run or a key that is none", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    await ec2.describeVpcs({});
    const before = await server.dump();
    expect([
      await codeOf(ec2.enableEbsEncryptionByDefault({ DryRun: true })),
      await codeOf(ec2.disableEbsEncryptionByDefault({ DryRun: true })),
      await codeOf(ec2.getEbsEncryptionByDefault({ DryRun: true })),
      await codeOf(ec2.getEbsDefaultKmsKeyId({ DryRun: true })),
      await codeOf(ec2.modifyEbsDefaultKmsKeyId({ KmsKeyId: "alias/mine", DryRun: true })),
      await codeOf(ec2.resetEbsDefaultKmsKeyId({ DryRun: true })),
      await codeOf(ec2.modifyEbsDefaultKmsKeyId({ KmsKeyId: "my key" })),
      await codeOf(ec2.modifyEbsDefaultKmsKeyId({ KmsKeyId: `arn:aws:kms:us-east-1:${otherAccount}:key/12345678-1234-1234-1234-123456789012` })),
    ]).toEqual([...Array.from({ length: 6 }, () => "DryRunOperation"), "InvalidParameterValue", "InvalidParameterValue"]);
    expect(await server.dump()).toBe(before);
  });
});
