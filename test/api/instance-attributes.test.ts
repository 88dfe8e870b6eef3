import type { ModifyInstanceAttributeCommandInput } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { kernelImage, paravirtualImage } from "./seed.ts";
import { codeOf, openTestServer, otherAccount, refusal, type TestServer } from "./test-server.ts";

type Change = Omit<ModifyInstanceAttributeCommandInput, "InstanceId">;

async function attributeOf(server: TestServer, instance: string, attribute: string): Promise<object> {
  const { $metadata: _metadata, InstanceId: _id, ...value } = await server.ec2().describeInstanceAttribute({ InstanceId: instance, Attribute: attribute as "userData" }); // the table's names
  return value;
}

const groups = [{ GroupId: expect.stringMatching(/^sg-/), GroupName: "default" }];
const disk = { DeviceName: "/dev/xvda", Ebs: { VolumeId: expect.stringMatching(/^vol-/), Status: "attached", AttachTime: expect.any(Date), DeleteOnTermination: true } };

const asLaunched: readonly [attribute: string, value: object][] = [
  ["instanceType", { InstanceType: { Value: "t3.micro" } }],
  ["userData", { UserData: { Value: "aGVsbG8=" } }],
  ["disableApiTermination", { DisableApiTermination: { Value: false } }],
  ["disableApiStop", { DisableApiStop: { Value: false } }],
  ["instanceInitiatedShutdownBehavior", { InstanceInitiatedShutdownBehavior: { Value: "stop" } }],
  ["rootDeviceName", { RootDeviceName: { Value: "/dev/xvda" } }],
  ["blockDeviceMapping", { BlockDeviceMappings: [disk] }],
  ["productCodes", { ProductCodes: [] }],
  ["sourceDestCheck", { SourceDestCheck: { Value: true } }],
  ["groupSet", { Groups: groups }],
  ["ebsOptimized", { EbsOptimized: { Value: false } }],
  ["sriovNetSupport", { SriovNetSupport: { Value: "simple" } }],
  ["enaSupport", { EnaSupport: { Value: true } }],
  ["enclaveOptions", { EnclaveOptions: { Enabled: false } }],
];

describe("DescribeInstanceAttribute", () => {
  test("shows one attribute at a time", async () => {
    await using server = await openTestServer();
    const { instance } = await launchOne(server, { UserData: "aGVsbG8=" });
    await server.reportRunning(instance);
    const shown: [string, object][] = [];
    for (const [attribute] of asLaunched) shown.push([attribute, await attributeOf(server, instance, attribute)]);
    expect(shown).toEqual(asLaunched);
  });

  test("refuses unknown attributes, unknown instances and those of others", async () => {
    await using server = await openTestServer();
    const { instance } = await launchOne(server);
    const ask = (InstanceId: string, Attribute: string, account?: string) => codeOf(server.ec2(account).describeInstanceAttribute({ InstanceId, Attribute: Attribute as "userData" })); // wrong on purpose
    expect([await ask(instance, "toString"), await ask("i-0123456789abcdef0", "userData"), await ask("x", "userData"), await ask(instance, "userData", otherAccount)]).toEqual([
      "InvalidParameterValue",
      "InvalidInstanceID.NotFound",
      "InvalidInstanceID.Malformed",
      "InvalidInstanceID.NotFound",
    ]);
  });
});

const whileRunning: readonly [attribute: string, change: Change, after: object][] = [
  ["disableApiTermination", { DisableApiTermination: { Value: true } }, { DisableApiTermination: { Value: true } }],
  ["disableApiTermination", { Attribute: "disableApiTermination", Value: "false" }, { DisableApiTermination: { Value: false } }],
  ["disableApiStop", { DisableApiStop: { Value: true } }, { DisableApiStop: { Value: true } }],
  ["instanceInitiatedShutdownBehavior", { InstanceInitiatedShutdownBehavior: { Value: "terminate" } }, { InstanceInitiatedShutdownBehavior: { Value: "terminate" } }],
  ["sourceDestCheck", { SourceDestCheck: { Value: false } }, { SourceDestCheck: { Value: false } }],
  [
    "blockDeviceMapping",
    { BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { DeleteOnTermination: false } }] },
    { BlockDeviceMappings: [{ ...disk, Ebs: { ...disk.Ebs, DeleteOnTermination: false } }] },
  ],
];

const whileStopped: readonly [attribute: string, change: Change, after: object][] = [
  ["instanceType", { InstanceType: { Value: "m5d.large" } }, { InstanceType: { Value: "m5d.large" } }],
  ["instanceType", { Attribute: "instanceType", Value: "t3.small" }, { InstanceType: { Value: "t3.small" } }],
  ["userData", { UserData: { Value: Buffer.from("#!/bin/sh") } }, { UserData: { Value: "IyEvYmluL3No" } }],
  ["userData", { Attribute: "userData", Value: "aGVsbG8=" }, { UserData: { Value: "aGVsbG8=" } }],
  ["ebsOptimized", { EbsOptimized: { Value: true } }, { EbsOptimized: { Value: true } }],
  ["sriovNetSupport", { SriovNetSupport: { Value: "simple" } }, { SriovNetSupport: { Value: "simple" } }],
  ["enaSupport", { EnaSupport: { Value: true } }, { EnaSupport: { Value: true } }],
];

describe("ModifyInstanceAttribute", () => {
  test("changes what is not part of the machine while the instance runs, and the rest only while it is stopped", async () => {
    await using server = await openTestServer();
    const { instance } = await launchOne(server);
    await server.reportRunning(instance);
    const ec2 = server.ec2();
    for (const [attribute, change, after] of whileRunning) {
      await ec2.modifyInstanceAttribute({ InstanceId: instance, ...change });
      expect(await attributeOf(server, instance, attribute)).toEqual(after);
    }
    const before = await server.dump();
    for (const [attribute, change] of whileStopped) {
      const { code, message } = await refusal(ec2.modifyInstanceAttribute({ InstanceId: instance, ...change }));
      expect([attribute, code, message]).toEqual([attribute, "IncorrectInstanceState", `The instance '${instance}' is not in the 'stopped' state.`]);
    }
    expect(await server.dump()).toBe(before);
    await server.reportStopped(instance);
    for (const [attribute, change, after] of whileStopped) {
      await ec2.modifyInstanceAttribute({ InstanceId: instance, ...change });
      expect(await attributeOf(server, instance, attribute)).toEqual(after);
    }
  });

  test("gives the next run the disks and credits of the new type", async () => {
    await using server = await openTestServer();
    const { instance } = await launchOne(server);
    await server.reportStopped(instance);
    await server.ec2().modifyInstanceAttribute({ InstanceId: instance, InstanceType: { Value: "m5d.large" } });
    const row = await server.read((tx) => tx.db.selectFrom("instances").select(["instance_store", "credit_specification"]).executeTakeFirstOrThrow());
    expect(row).toEqual({ instance_store: '{"gib":[75],"devices":{}}', credit_specification: null });
    await server.ec2().startInstances({ InstanceIds: [instance] });
    const room = await server.read((tx) => tx.db.selectFrom("host_reservations").select(["vcpus", "memory_mib"]).execute());
    expect(room).toEqual([{ vcpus: 2, memory_mib: 8192 }]);
  });

  test("replaces the security groups of the instance's interface", async () => {
    await using server = await openTestServer();
    const { instance, vpcId, networkInterface } = await launchOne(server);
    await server.write((tx) =>
      tx.db
        .insertInto("security_groups")
        .values([
          { id: "sg-0000000000000000a", account: "111111111111", region: "us-east-1", vpc_id: vpcId as `vpc-${string}`, name: "web", description: "web" }, // an answer's id
          { id: "sg-0000000000000000b", account: "111111111111", region: "us-east-1", vpc_id: "vpc-0000000000000000b", name: "far", description: "of another VPC" },
        ])
        .execute(),
    );
    const ec2 = server.ec2();
    await ec2.modifyInstanceAttribute({ InstanceId: instance, Groups: ["sg-0000000000000000a"] });
    const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "group-name", Values: ["web"] }] });
    expect([nic?.NetworkInterfaceId, nic?.Groups]).toEqual([networkInterface, [{ GroupId: "sg-0000000000000000a", GroupName: "web" }]]);
    const refused = (Groups: string[]) => codeOf(ec2.modifyInstanceAttribute({ InstanceId: instance, Groups }));
    expect([await refused(["sg-0000000000000000b"]), await refused(["sg-0000000000000dead"]), await refused(["web"])]).toEqual(["InvalidParameter", "InvalidGroup.NotFound", "InvalidGroupId.Malformed"]);
  });

  test("changes the kernel of a stopped paravirtual instance only", async () => {
    await using server = await openTestServer();
    const { instance } = await launchOne(server, { ImageId: paravirtualImage, InstanceType: "m3.medium" });
    const { instance: hvm } = await launchOne(server);
    await server.reportStopped(instance, hvm);
    const set = (InstanceId: string, Value: string) => server.ec2().modifyInstanceAttribute({ InstanceId, Kernel: { Value } });
    await set(instance, kernelImage);
    expect(await attributeOf(server, instance, "kernel")).toEqual({ KernelId: { Value: kernelImage } });
    expect(await codeOf(server.ec2().modifyInstanceAttribute({ InstanceId: instance, InstanceType: { Value: "t3.small" } }))).toBe("InvalidParameterCombination");
    expect([await codeOf(set(instance, "aki-0000000000000dead")), await codeOf(set(instance, "linux")), await codeOf(set(hvm, kernelImage))]).toEqual([
      "InvalidAMIID.NotFound",
      "InvalidKernelId.Malformed",
      "InvalidParameterCombination",
    ]);
  });

  test("refuses what no instance could be, and changes nothing", async () => {
    await using server = await openTestServer();
    const { instance } = await launchOne(server, { BlockDeviceMappings: ["f", "g", "h"].map((letter) => ({ DeviceName: `/dev/sd${letter}`, Ebs: { VolumeSize: 1 } })) });
    await server.reportStopped(instance);
    await server.ec2(otherAccount).describeVpcs({});
    const before = await server.dump();
    const refused: readonly [what: string, change: object, code: string][] = [
      ["nothing", {}, "InvalidParameterCombination"],
      ["two attributes", { DisableApiStop: { Value: true }, InstanceType: { Value: "t3.small" } }, "InvalidParameterCombination"],
      ["an attribute without a value", { Attribute: "instanceType" }, "MissingParameter"],
      ["an attribute that nobody can change", { Attribute: "rootDeviceName", Value: "/dev/sdx" }, "InvalidParameterValue"],
      ["a flag that is none", { Attribute: "disableApiStop", Value: "perhaps" }, "InvalidInstanceAttributeValue"],
      ["an unknown type", { InstanceType: { Value: "t9.huge" } }, "InvalidInstanceAttributeValue"],
      ["a type of another architecture", { InstanceType: { Value: "m7g.large" } }, "InvalidParameterValue"],
      ["a type that holds fewer volumes", { InstanceType: { Value: "d3en.12xlarge" } }, "AttachmentLimitExceeded"],
      ["user data over 16 KiB", { UserData: { Value: Buffer.alloc(16 * 1024 + 1) } }, "InvalidParameterValue"],
      ["user data that is no base64", { Attribute: "userData", Value: "#!/bin/sh" }, "InvalidParameterValue"],
      ["an unknown shutdown behaviour", { InstanceInitiatedShutdownBehavior: { Value: "sleep" } }, "InvalidInstanceAttributeValue"],
      ["a device that is not attached", { BlockDeviceMappings: [{ DeviceName: "/dev/sdz", Ebs: { DeleteOnTermination: true } }] }, "InvalidInstanceAttributeValue"],
      ["a RAM disk", { Ramdisk: { Value: "ari-0123456789abcdef0" } }, "InvalidAMIID.NotFound"],
      ["a dry run", { DisableApiStop: { Value: true }, DryRun: true }, "DryRunOperation"],
    ];
    const codes: Record<string, string> = {};
    for (const [what, change] of refused) codes[what] = await codeOf(server.ec2().modifyInstanceAttribute({ InstanceId: instance, ...change }));
    expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
    expect(await codeOf(server.ec2(otherAccount).modifyInstanceAttribute({ InstanceId: instance, DisableApiStop: { Value: true } }))).toBe("InvalidInstanceID.NotFound");
    expect(await server.dump()).toBe(before);
  });
});

test("A change wakes the instance's reconciler", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  await server.reportRunning(instance);
  const due = () => server.read((tx) => tx.db.selectFrom("due").select("key").where("kind", "=", "instance").where("key", "=", instance).executeTakeFirst());
  const woken: (string | undefined)[] = [];
  const changes = [
    () => server.ec2().modifyInstanceAttribute({ InstanceId: instance, DisableApiStop: { Value: true } }),
    () => server.ec2().modifyInstanceMetadataOptions({ InstanceId: instance, HttpTokens: "required" }),
    () => server.ec2().monitorInstances({ InstanceIds: [instance] }),
    () => server.ec2().createTags({ Resources: [instance], Tags: [{ Key: "a", Value: "b" }] }),
    () => server.ec2().deleteTags({ Resources: [instance] }),
  ];
  for (const change of changes) {
    await server.write((tx) => tx.db.deleteFrom("due").execute());
    await change();
    woken.push((await due())?.key);
  }
  expect(woken).toEqual(changes.map(() => instance));
});

test("ModifyInstanceMetadataOptions changes what it names and leaves the rest", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server, { MetadataOptions: { HttpPutResponseHopLimit: 3 } });
  const ec2 = server.ec2();
  const { InstanceMetadataOptions: answered } = await ec2.modifyInstanceMetadataOptions({ InstanceId: instance, HttpTokens: "required" });
  const options = { HttpTokens: "required", HttpPutResponseHopLimit: 3, HttpEndpoint: "enabled", HttpProtocolIpv6: "disabled", InstanceMetadataTags: "disabled" };
  expect(answered).toEqual({ State: "pending", ...options });
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  expect(reservation?.Instances?.[0]?.MetadataOptions).toEqual({ State: "applied", ...options });
  await ec2.createTags({ Resources: [instance], Tags: [{ Key: "a b", Value: "" }] });
  expect({
    nothing: await codeOf(ec2.modifyInstanceMetadataOptions({ InstanceId: instance })),
    hops: await codeOf(ec2.modifyInstanceMetadataOptions({ InstanceId: instance, HttpPutResponseHopLimit: 0 })),
    keyWithSpace: await codeOf(ec2.modifyInstanceMetadataOptions({ InstanceId: instance, InstanceMetadataTags: "enabled" })),
    foreign: await codeOf(server.ec2(otherAccount).modifyInstanceMetadataOptions({ InstanceId: instance, HttpTokens: "optional" })),
    dryRun: await codeOf(ec2.modifyInstanceMetadataOptions({ InstanceId: instance, HttpTokens: "optional", DryRun: true })),
  }).toEqual({ nothing: "InvalidParameterCombination", hops: "InvalidParameterValue", keyWithSpace: "InvalidParameterValue", foreign: "InvalidInstanceID.NotFound", dryRun: "DryRunOperation" });
});

test("MonitorInstances and UnmonitorInstances say what they began, and that nothing was to be done", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const ids = { InstanceIds: [instance] };
  const states = [await server.ec2().monitorInstances(ids), await server.ec2().monitorInstances(ids), await server.ec2().unmonitorInstances(ids), await server.ec2().unmonitorInstances(ids)];
  expect(states.map(({ InstanceMonitorings: all }) => all)).toEqual(["pending", "enabled", "disabling", "disabled"].map((State) => [{ InstanceId: instance, Monitoring: { State } }]));
  await server.ec2().terminateInstances(ids);
  expect([await codeOf(server.ec2().monitorInstances(ids)), await codeOf(server.ec2(otherAccount).monitorInstances(ids))]).toEqual(["IncorrectInstanceState", "InvalidInstanceID.NotFound"]);
});

test("GetConsoleOutput shows what was posted, and with Latest what was last heard, of terminated instances too", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const output = async (Latest?: boolean) => (await server.ec2().getConsoleOutput({ InstanceId: instance, ...(Latest === undefined ? {} : { Latest }) })).Output;
  expect([await output(), await output(true)]).toEqual([undefined, undefined]);
  const row = { instance_id: instance as `i-${string}`, run: 1, posted: null, posted_at: null, latest: Buffer.from("booting"), latest_at: Date.now() }; // an answer's id
  await server.write((tx) => tx.db.insertInto("consoles").values(row).execute());
  expect([await output(), await output(true)]).toEqual([undefined, Buffer.from("booting").toString("base64")]);
  await server.write((tx) => tx.db.updateTable("consoles").set({ posted: Buffer.from("login:"), posted_at: Date.now() }).execute());
  await server.ec2().terminateInstances({ InstanceIds: [instance] });
  expect([await output(), await output(true)]).toEqual([Buffer.from("login:").toString("base64"), Buffer.from("booting").toString("base64")]);
  expect(await codeOf(server.ec2(otherAccount).getConsoleOutput({ InstanceId: instance }))).toBe("InvalidInstanceID.NotFound");
});

test("GetPasswordData is empty", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  expect(await server.ec2().getPasswordData({ InstanceId: instance })).toMatchObject({ InstanceId: instance, PasswordData: "", Timestamp: expect.any(Date) });
});

test("DescribeInstanceStatus tells running from other instances, a guest that was heard from one that was not, and a heard host from a silent one", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const { instance: pending } = await launchOne(server);
  await server.reportRunning(instance);
  const ec2 = server.ec2();
  const summary = { Status: "initializing", Details: [{ Name: "reachability", Status: "initializing" }] };
  expect((await ec2.describeInstanceStatus({})).InstanceStatuses).toMatchObject([{ InstanceStatus: summary, SystemStatus: summary }]);
  await server.reportReached(instance);
  const passed = { Status: "ok", Details: [{ Name: "reachability", Status: "passed" }] };
  const running = { InstanceId: instance, InstanceState: { Code: 16, Name: "running" }, InstanceStatus: passed, SystemStatus: passed, AttachedEbsStatus: passed };
  expect((await ec2.describeInstanceStatus({})).InstanceStatuses).toEqual([{ ...running, AvailabilityZone: expect.any(String), AvailabilityZoneId: expect.any(String) }]);
  const all = await ec2.describeInstanceStatus({ IncludeAllInstances: true, Filters: [{ Name: "instance-state-name", Values: ["pending"] }] });
  expect(all.InstanceStatuses?.map((status) => [status.InstanceId, status.InstanceStatus?.Status])).toEqual([[pending, "not-applicable"]]);
  await server.write((tx) => tx.db.updateTable("hosts").set({ heard_at: Date.now() - 60_000 }).where("role", "=", "host").execute());
  const impaired = await ec2.describeInstanceStatus({ Filters: [{ Name: "system-status.status", Values: ["impaired"] }] });
  expect(impaired.InstanceStatuses?.map((status) => [status.InstanceId, status.SystemStatus?.Details?.[0]?.Status, status.InstanceStatus?.Status, status.AttachedEbsStatus?.Status])).toEqual([
    [instance, "failed", "impaired", "ok"],
  ]);
});
