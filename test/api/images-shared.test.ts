/** Who may see and launch an account's image, and what can be changed of it. */
import { expect, test } from "vitest";
import { hvmImage } from "./seed.ts";
import { launchOne } from "./launch-one.ts";
import { account, codeOf, openTestServer, otherAccount, refusal, type TestServer } from "./test-server.ts";

/** An image of the account's own, registered of a public snapshot. */
async function ownImage(server: TestServer, name = "mine"): Promise<string> {
  await server.ec2(otherAccount).describeRegions(); // whoever calls for the first time gets a network
  const { Images: [builtin] = [] } = await server.ec2().describeImages({ ImageIds: [hvmImage] });
  const { ImageId: id = "" } = await server.ec2().registerImage({
    Name: name,
    Architecture: "x86_64",
    VirtualizationType: "hvm",
    EnaSupport: true,
    RootDeviceName: "/dev/xvda",
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: builtin?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId } }],
  });
  return id;
}

test("An image is launched and seen by those it is shared with", async () => {
  await using server = await openTestServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await ownImage(server);
  const permissions = async () => (await ec2.describeImageAttribute({ ImageId: id, Attribute: "launchPermission" })).LaunchPermissions;
  const listed = async (input: object) => (await other.describeImages(input)).Images?.map((image) => image.ImageId) ?? [];
  expect([await codeOf(launchOne(server, { ImageId: id }, otherAccount)), await listed({ Owners: [account] }), await permissions()]).toEqual(["InvalidAMIID.NotFound", [], []]);

  await ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Add: [{ UserId: otherAccount }] } });
  expect([await listed({ Owners: [account] }), await listed({ ExecutableUsers: ["self"] }), await permissions()]).toEqual([[id], [id], [{ UserId: otherAccount }]]);
  expect((await launchOne(server, { ImageId: id }, otherAccount)).instance).toMatch(/^i-/);
  const { Images: [shown] = [] } = await other.describeImages({ ImageIds: [id] });
  expect([shown?.OwnerId, shown?.ImageOwnerAlias, shown?.Public]).toEqual([account, undefined, false]);
  expect(await refusal(other.deregisterImage({ ImageId: id }))).toEqual({ code: "AuthFailure", message: `Not authorized for image:${id}`, status: 403 });

  await ec2.modifyImageAttribute({ ImageId: id, Attribute: "launchPermission", OperationType: "remove", UserIds: [otherAccount] });
  expect([await listed({ Owners: [account] }), await permissions()]).toEqual([[], []]);
  await ec2.modifyImageAttribute({ ImageId: id, Attribute: "launchPermission", OperationType: "add", UserGroups: ["all"] });
  expect([(await listed({ ExecutableUsers: ["all"] })).includes(id), await listed({ ExecutableUsers: ["self"] }), await permissions()]).toEqual([true, [], [{ Group: "all" }]]);
  await ec2.resetImageAttribute({ ImageId: id, Attribute: "launchPermission" });
  expect([await listed({ Owners: [account] }), await permissions()]).toEqual([[], []]);
});

test("An image with encrypted disks cannot be public", async () => {
  await using server = await openTestServer();
  const id = await ownImage(server);
  const { Images: [image] = [] } = await server.ec2().describeImages({ ImageIds: [id] });
  const root = image?.BlockDeviceMappings?.[0] ?? {};
  const { ImageId: encrypted = "" } = await server.ec2().registerImage({
    Name: "encrypted",
    VirtualizationType: "hvm",
    RootDeviceName: "/dev/xvda",
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: root.Ebs?.SnapshotId } }, { DeviceName: "/dev/sdf", Ebs: { VolumeSize: 1, Encrypted: true } }],
  });
  const share = (grantee: object) => server.ec2().modifyImageAttribute({ ImageId: encrypted, LaunchPermission: { Add: [grantee] } });
  expect(await codeOf(share({ Group: "all" }))).toBe("InvalidAMIAttributeItemValue");
  await share({ UserId: otherAccount });
});

test("Each attribute of an image is shown, and its description and metadata support are changed, one at a time", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const id = await ownImage(server);
  const attribute = async (Attribute: string) => {
    const { $metadata: _, ImageId: of, ...rest } = await ec2.describeImageAttribute({ ImageId: id, Attribute: Attribute as "description" });
    return of === id && rest;
  };
  await ec2.modifyImageAttribute({ ImageId: id, Description: { Value: "better" } });
  await ec2.modifyImageAttribute({ ImageId: id, Attribute: "imdsSupport", Value: "v2.0" });
  expect([await attribute("description"), await attribute("imdsSupport"), await attribute("kernel"), await attribute("productCodes"), await attribute("deregistrationProtection")]).toEqual([
    { Description: { Value: "better" } },
    { ImdsSupport: { Value: "v2.0" } },
    { KernelId: {} },
    { ProductCodes: [] },
    { DeregistrationProtection: { Value: "disabled" } },
  ]);
  expect(await attribute("blockDeviceMapping")).toMatchObject({ BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 8 } }] });
  const { Images: [image] = [] } = await ec2.describeImages({ ImageIds: [id] });
  expect([image?.Description, image?.ImdsSupport]).toEqual(["better", "v2.0"]);
});

test("The attributes of an image are its owner's to see and change, and wrong ones change nothing", async () => {
  await using server = await openTestServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await ownImage(server);
  const before = await server.dump();
  const modify = (input: object) => codeOf(ec2.modifyImageAttribute({ ImageId: id, ...input }));
  expect([
    await modify({}),
    await modify({ Attribute: "kernel", Value: "aki-1" }),
    await modify({ Description: { Value: "a" }, ImdsSupport: { Value: "v2.0" } }),
    await modify({ Description: { Value: "x".repeat(256) } }),
    await modify({ ImdsSupport: { Value: "v1.0" } }),
    await modify({ LaunchPermission: { Add: [{ UserId: "bob" }] } }),
    await modify({ LaunchPermission: { Add: [{ Group: "some" }] } }),
    await modify({ ProductCodes: ["x"] }),
    await modify({ LaunchPermission: { Add: [{ UserId: otherAccount }] }, DryRun: true }),
    await modify({ ImageId: "ami", Description: { Value: "a" } }),
    await modify({ ImageId: "ami-0000000000000dead", Description: { Value: "a" } }),
    await modify({ ImageId: hvmImage, Description: { Value: "a" } }),
    await codeOf(other.modifyImageAttribute({ ImageId: id, Description: { Value: "a" } })),
    await codeOf(other.describeImageAttribute({ ImageId: id, Attribute: "description" })),
    await codeOf(ec2.describeImageAttribute({ ImageId: hvmImage, Attribute: "description" })),
    await codeOf(ec2.describeImageAttribute({ ImageId: id, Attribute: "colour" as never })),
    await codeOf(ec2.resetImageAttribute({ ImageId: id, Attribute: "description" as never })),
    await codeOf(other.resetImageAttribute({ ImageId: id, Attribute: "launchPermission" })),
  ]).toEqual([
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidUserID.Malformed",
    "InvalidParameterValue",
    "UnsupportedOperation",
    "DryRunOperation",
    "InvalidAMIID.Malformed",
    "InvalidAMIID.NotFound",
    "AuthFailure",
    "InvalidAMIID.NotFound",
    "InvalidAMIID.NotFound",
    "AuthFailure",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidAMIID.NotFound",
  ]);
  expect(await server.dump()).toBe(before);
});

test("A deprecated image is hidden from others and launched all the same", async () => {
  await using server = await openTestServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await ownImage(server);
  await ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Add: [{ Group: "all" }] } });
  const at = new Date(Date.now() + 3_600_000);
  await ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: at });
  const listed = async (input: object = {}) => (await other.describeImages({ Owners: [account], ...input })).Images?.length;
  const time = async () => (await ec2.describeImages({ ImageIds: [id] })).Images?.[0]?.DeprecationTime;
  expect([await time(), await listed()]).toEqual([new Date(Math.floor(at.getTime() / 60_000) * 60_000).toISOString(), 1]);
  await server.write((tx) => tx.db.updateTable("images").set({ deprecated_at: Date.now() - 1 }).where("id", "=", id).execute());
  expect([await listed(), await listed({ IncludeDeprecated: true }), await listed({ ImageIds: [id] }), (await ec2.describeImages({ Owners: ["self"] })).Images?.length]).toEqual([0, 1, 1, 1]);
  expect((await launchOne(server, { ImageId: id }, otherAccount)).instance).toMatch(/^i-/);
  await ec2.disableImageDeprecation({ ImageId: id });
  expect([await time(), await listed()]).toEqual([undefined, 1]);
  const before = await server.dump();
  expect([
    await codeOf(ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: new Date(0) })),
    await codeOf(ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: new Date(Date.now() + 11 * 366 * 24 * 3_600_000) })),
    await codeOf(ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: at, DryRun: true })),
    await codeOf(other.enableImageDeprecation({ ImageId: id, DeprecateAt: at })),
    await codeOf(ec2.disableImageDeprecation({ ImageId: "ami-0000000000000dead" })),
    await codeOf(other.disableImageDeprecation({ ImageId: id })),
  ]).toEqual(["InvalidParameterValue", "InvalidParameterValue", "DryRunOperation", "AuthFailure", "InvalidAMIID.NotFound", "AuthFailure"]);
  expect(await server.dump()).toBe(before);
});

test("A disabled image is nobody's to launch and its owner's alone to see, until it is enabled", async () => {
  await using server = await openTestServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await ownImage(server);
  await ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Add: [{ UserId: otherAccount }] } });
  await ec2.disableImage({ ImageId: id });
  const mine = async (input: object = {}) => (await ec2.describeImages({ Owners: ["self"], ...input })).Images?.map((image) => image.State);
  expect([await mine(), await mine({ IncludeDisabled: true }), await mine({ ImageIds: [id] })]).toEqual([[], ["disabled"], ["disabled"]]);
  expect([
    await codeOf(launchOne(server, { ImageId: id })),
    await codeOf(launchOne(server, { ImageId: id }, otherAccount)),
    await codeOf(ec2.disableImage({ ImageId: id })),
    await codeOf(ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Add: [{ UserId: otherAccount }] } })),
  ]).toEqual(["InvalidAMIID.Unavailable", "InvalidAMIID.NotFound", "IncorrectState", "IncorrectState"]);
  expect([await codeOf(ec2.enableImage({ ImageId: id, DryRun: true })), await codeOf(other.enableImage({ ImageId: id }))]).toEqual(["DryRunOperation", "InvalidAMIID.NotFound"]);
  await ec2.enableImage({ ImageId: id });
  expect([await mine(), await codeOf(ec2.enableImage({ ImageId: id })), (await launchOne(server, { ImageId: id })).instance]).toEqual([["available"], "IncorrectState", expect.stringMatching(/^i-/)]);
  expect([
    await codeOf(ec2.disableImage({ ImageId: id, DryRun: true })),
    await codeOf(ec2.disableImage({ ImageId: "ami-0000000000000dead" })),
    await codeOf(ec2.disableImage({ ImageId: hvmImage })),
  ]).toEqual(["DryRunOperation", "InvalidAMIID.NotFound", "AuthFailure"]);
});

test("A protected image is not deregistered, and one with a cooldown not for a day after that", async () => {
  await using server = await openTestServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await ownImage(server);
  const protection = async () => (await ec2.describeImageAttribute({ ImageId: id, Attribute: "deregistrationProtection" })).DeregistrationProtection?.Value;
  const before = await server.dump();
  expect([
    await codeOf(ec2.enableImageDeregistrationProtection({ ImageId: id, DryRun: true })),
    await codeOf(other.enableImageDeregistrationProtection({ ImageId: id })),
    await codeOf(ec2.disableImageDeregistrationProtection({ ImageId: "ami-0000000000000dead" })),
    await codeOf(ec2.disableImageDeregistrationProtection({ ImageId: hvmImage })),
  ]).toEqual(["DryRunOperation", "InvalidAMIID.NotFound", "InvalidAMIID.NotFound", "AuthFailure"]);
  expect(await server.dump()).toBe(before);

  await ec2.enableImageDeregistrationProtection({ ImageId: id, WithCooldown: true });
  expect([await protection(), await codeOf(ec2.deregisterImage({ ImageId: id }))]).toEqual(["enabled-with-cooldown", "OperationNotPermitted"]);
  await ec2.disableImageDeregistrationProtection({ ImageId: id });
  expect([await protection(), await codeOf(ec2.deregisterImage({ ImageId: id }))]).toEqual(["disabled", "OperationNotPermitted"]);
  await ec2.enableImageDeregistrationProtection({ ImageId: id });
  await ec2.disableImageDeregistrationProtection({ ImageId: id });
  await ec2.deregisterImage({ ImageId: id });
});
