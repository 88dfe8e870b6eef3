/** Launch templates: their versions, and launches from them. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { expectRefusals } from "./refusals.ts";
import { hvmImage } from "./seed.ts";
import { launchOne } from "./launch-one.ts";
import { account, codeOf, openTestServer, otherAccount, type TestServer } from "./test-server.ts";

const data = { ImageId: hvmImage, InstanceType: "t3.micro" } as const;

async function createTemplate(server: TestServer, name = "web"): Promise<string> {
  const { LaunchTemplate: template } = await server.ec2().createLaunchTemplate({ LaunchTemplateName: name, LaunchTemplateData: data });
  return template?.LaunchTemplateId ?? "";
}

test("A launch template has numbered versions, of which one is the default", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { LaunchTemplate: made, Warning: warning } = await ec2.createLaunchTemplate({
    LaunchTemplateName: "web",
    VersionDescription: "first",
    LaunchTemplateData: { ...data, KeyName: "mine", SecurityGroupIds: ["sg-0123456789abcdef0"] },
    TagSpecifications: [{ ResourceType: "launch-template", Tags: [{ Key: "team", Value: "shop" }] }],
  });
  const id = made?.LaunchTemplateId ?? "";
  expect([id, made, warning]).toEqual([
    expect.stringMatching(/^lt-0[0-9a-f]{16}$/),
    {
      LaunchTemplateId: id,
      LaunchTemplateName: "web",
      CreateTime: expect.any(Date),
      CreatedBy: `arn:aws:iam::${account}:root`,
      DefaultVersionNumber: 1,
      LatestVersionNumber: 1,
      Tags: [{ Key: "team", Value: "shop" }],
    },
    undefined,
  ]);
  const { LaunchTemplateVersion: second } = await ec2.createLaunchTemplateVersion({
    LaunchTemplateName: "web",
    SourceVersion: "1",
    LaunchTemplateData: { InstanceType: "m5.large", SecurityGroups: ["web"] },
  });
  expect([second?.VersionNumber, second?.DefaultVersion, second?.VersionDescription, second?.LaunchTemplateData]).toEqual([
    2,
    false,
    undefined,
    { ImageId: hvmImage, InstanceType: "m5.large", KeyName: "mine", SecurityGroups: ["web"] },
  ]);
  const { LaunchTemplate: modified } = await ec2.modifyLaunchTemplate({ LaunchTemplateId: id, DefaultVersion: "2" });
  expect([modified?.DefaultVersionNumber, modified?.LatestVersionNumber, modified?.Tags?.length]).toEqual([2, 2, 1]);
  const versions = async (input: object) => (await ec2.describeLaunchTemplateVersions(input)).LaunchTemplateVersions?.map((each) => [each.VersionNumber, each.DefaultVersion]);
  expect([
    await versions({ LaunchTemplateId: id }),
    await versions({ LaunchTemplateName: "web", Versions: ["$Default", "1"] }),
    await versions({ LaunchTemplateId: id, MaxVersion: "1" }),
    await versions({ Versions: ["$Latest"], Filters: [{ Name: "is-default-version", Values: ["true"] }] }),
    await versions({ LaunchTemplateId: id, Filters: [{ Name: "instance-type", Values: ["t3.*"] }] }),
  ]).toEqual([
    [
      [2, true],
      [1, false],
    ],
    [
      [2, true],
      [1, false],
    ],
    [[1, false]],
    [[2, true]],
    [[1, false]],
  ]);
});

test("Numbers of deleted versions are not used again, and the default version is not deleted", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const LaunchTemplateId = await createTemplate(server);
  for (const _ of [2, 3]) await ec2.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData: data });
  const deleted = await ec2.deleteLaunchTemplateVersions({ LaunchTemplateId, Versions: ["1", "3", "9"] });
  expect([
    deleted.SuccessfullyDeletedLaunchTemplateVersions,
    deleted.UnsuccessfullyDeletedLaunchTemplateVersions?.map((each) => [each.VersionNumber, each.ResponseError?.Code]),
  ]).toEqual([
    [{ LaunchTemplateId, LaunchTemplateName: "web", VersionNumber: 3 }],
    [
      [1, "unexpectedError"],
      [9, "launchTemplateVersionDoesNotExist"],
    ],
  ]);
  const latest = async () => (await ec2.describeLaunchTemplates({ LaunchTemplateNames: ["web"] })).LaunchTemplates?.[0]?.LatestVersionNumber;
  const before = await latest();
  await ec2.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData: data });
  expect([before, await latest()]).toEqual([2, 4]);
});

test("Launch templates are found by name, tag and page, and go with all their versions", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const ids = [await createTemplate(server, "one"), await createTemplate(server, "two"), await createTemplate(server, "three")];
  await ec2.createTags({ Resources: [ids[1] ?? ""], Tags: [{ Key: "team", Value: "shop" }] });
  const names = async (input: object) => (await ec2.describeLaunchTemplates(input)).LaunchTemplates?.map((each) => each.LaunchTemplateName).toSorted();
  const first = await ec2.describeLaunchTemplates({ MaxResults: 2 });
  expect([
    await names({ LaunchTemplateIds: ids.slice(0, 1) }),
    await names({ Filters: [{ Name: "tag:team", Values: ["shop"] }] }),
    await names({ Filters: [{ Name: "launch-template-name", Values: ["t*"] }] }),
    first.LaunchTemplates?.length,
    (await names({ MaxResults: 2, NextToken: first.NextToken }))?.length,
  ]).toEqual([["one"], ["two"], ["three", "two"], 2, 1]);
  await ec2.deleteLaunchTemplate({ LaunchTemplateName: "two" });
  expect([await names({}), await codeOf(ec2.describeLaunchTemplateVersions({ LaunchTemplateId: ids[1] })), (await ec2.describeTags({})).Tags]).toEqual([
    ["one", "three"],
    "InvalidLaunchTemplateId.NotFound",
    [],
  ]);
  expect(await createTemplate(server, "two")).not.toBe(ids[1]);
});

test("A launch takes from its template what the request does not say", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { LaunchTemplate: template } = await ec2.createLaunchTemplate({
    LaunchTemplateName: "web",
    LaunchTemplateData: {
      ...data,
      UserData: Buffer.from("#!/bin/sh").toString("base64"),
      DisableApiTermination: true,
      BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 3 } }],
      TagSpecifications: [
        { ResourceType: "instance", Tags: [{ Key: "from", Value: "template" }] },
        { ResourceType: "volume", Tags: [{ Key: "disk", Value: "template" }] },
      ],
    },
  });
  const id = template?.LaunchTemplateId ?? "";
  await ec2.createLaunchTemplateVersion({ LaunchTemplateId: id, LaunchTemplateData: { ...data, InstanceType: "t3.small" } });
  const launched = async (input: Partial<RunInstancesCommandInput>) => {
    const { Instances: [instance] = [] } = await ec2.runInstances({ MinCount: 1, MaxCount: 1, ...input });
    const { Volumes: volumes = [] } = await ec2.describeVolumes({ Filters: [{ Name: "attachment.instance-id", Values: [instance?.InstanceId ?? ""] }] });
    const { DisableApiTermination: kept } = await ec2.describeInstanceAttribute({ InstanceId: instance?.InstanceId ?? "", Attribute: "disableApiTermination" });
    return {
      type: instance?.InstanceType,
      kept: kept?.Value,
      volumes: volumes.map((volume) => volume.Size).toSorted(),
      tags: Object.fromEntries((instance?.Tags ?? []).map((tag) => [tag.Key, tag.Value])),
      volumeTags: volumes[0]?.Tags,
    };
  };
  const mark = (version: string) => ({ "aws:ec2launchtemplate:id": id, "aws:ec2launchtemplate:version": version });
  const plain = await launched({ LaunchTemplate: { LaunchTemplateName: "web" } });
  expect(plain).toEqual({ type: "t3.micro", kept: true, volumes: [3, expect.any(Number)], tags: { from: "template", ...mark("1") }, volumeTags: [{ Key: "disk", Value: "template" }] });
  expect(
    await launched({
      LaunchTemplate: { LaunchTemplateId: id, Version: "$Default" },
      InstanceType: "t3.nano",
      DisableApiTermination: false,
      BlockDeviceMappings: [],
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "by", Value: "request" }] }],
    }),
  ).toEqual({ type: "t3.nano", kept: false, volumes: plain.volumes, tags: { by: "request", ...mark("1") }, volumeTags: [{ Key: "disk", Value: "template" }] });
  expect(await launched({ LaunchTemplate: { LaunchTemplateId: id, Version: "$Latest" } })).toMatchObject({ type: "t3.small", kept: false, tags: mark("2") });
});

test("A template made from an instance launches one like it", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { instance } = await launchOne(server, { DisableApiStop: true, TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "web" }] }] });
  const { LaunchTemplateData: found = {} } = await ec2.getLaunchTemplateData({ InstanceId: instance });
  expect(found).toMatchObject({
    ...data,
    DisableApiStop: true,
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { DeleteOnTermination: true, VolumeType: "gp3" } }],
    NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: [expect.stringMatching(/^sg-/)] }],
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "web" }] }],
    CreditSpecification: { CpuCredits: "unlimited" },
  });
  await ec2.createLaunchTemplate({ LaunchTemplateName: "like-it", LaunchTemplateData: found as object });
  const { Instances: [twin] = [] } = await ec2.runInstances({ MinCount: 1, MaxCount: 1, LaunchTemplate: { LaunchTemplateName: "like-it" } });
  const again = await ec2.getLaunchTemplateData({ InstanceId: twin?.InstanceId ?? "" });
  expect(again.LaunchTemplateData).toEqual(found);
});

test("What could never be launched is warned of, and refused when it is launched", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { Warning: warning } = await ec2.createLaunchTemplate({
    LaunchTemplateName: "odd",
    LaunchTemplateData: { ImageId: hvmImage, InstanceType: "t9.huge" as "t3.micro", SecurityGroups: ["web"], NetworkInterfaces: [{ DeviceIndex: 0 }] }, // wrong on purpose
  });
  expect([warning?.Errors?.map((error) => error.Code), await codeOf(ec2.runInstances({ MinCount: 1, MaxCount: 1, LaunchTemplate: { LaunchTemplateName: "odd" } }))]).toEqual([
    ["InvalidParameterValue", "InvalidParameterCombination"],
    "InvalidParameterValue",
  ]);
});

test("What a launch template cannot be is refused, and nothing changes", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const id = await createTemplate(server);
  const create = (LaunchTemplateName: string, more: object = {}) => ec2.createLaunchTemplate({ LaunchTemplateName, LaunchTemplateData: data, ...more });
  const run = (LaunchTemplate: object) => ec2.runInstances({ MinCount: 1, MaxCount: 1, LaunchTemplate });
  await expectRefusals(server, [
    [() => create("web"), "InvalidLaunchTemplateName.AlreadyExistsException"],
    [() => create("we"), "InvalidLaunchTemplateName.MalformedException"],
    [() => create("w eb"), "InvalidLaunchTemplateName.MalformedException"],
    [() => create("long", { VersionDescription: "x".repeat(256) }), "InvalidParameterValue"],
    [() => create("tagged", { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "a" }] }] }), "InvalidParameterValue"],
    [() => create("dry", { DryRun: true }), "DryRunOperation"],
    [() => ec2.createLaunchTemplateVersion({ LaunchTemplateId: id, SourceVersion: "7", LaunchTemplateData: data }), "InvalidLaunchTemplateId.VersionNotFound"],
    [() => ec2.modifyLaunchTemplate({ LaunchTemplateId: id, DefaultVersion: "2" }), "InvalidLaunchTemplateId.VersionNotFound"],
    [() => ec2.modifyLaunchTemplate({ LaunchTemplateId: id }), "MissingParameter"],
    [() => ec2.deleteLaunchTemplate({ LaunchTemplateId: id, LaunchTemplateName: "web" }), "InvalidParameterCombination"],
    [() => ec2.deleteLaunchTemplate({ LaunchTemplateId: "lt-x" }), "InvalidLaunchTemplateId.Malformed"],
    [() => ec2.deleteLaunchTemplate({ LaunchTemplateId: "lt-0123456789abcdef0" }), "InvalidLaunchTemplateId.NotFound"],
    [() => server.ec2(otherAccount).deleteLaunchTemplate({ LaunchTemplateId: id }), "InvalidLaunchTemplateId.NotFound"],
    [() => ec2.deleteLaunchTemplate({ LaunchTemplateName: "none" }), "InvalidLaunchTemplateName.NotFoundException"],
    [() => ec2.describeLaunchTemplateVersions({}), "MissingParameter"],
    [() => ec2.describeLaunchTemplateVersions({ LaunchTemplateId: id, Versions: ["1"], MinVersion: "1" }), "InvalidParameterCombination"],
    [() => ec2.describeLaunchTemplates({ MaxResults: 201 }), "InvalidParameterValue"],
    [() => run({ LaunchTemplateId: id, Version: "two" }), "InvalidLaunchTemplateId.VersionNotFound"],
    [() => run({ LaunchTemplateId: id, LaunchTemplateName: "web" }), "InvalidParameterCombination"],
    [() => run({}), "MissingParameter"],
  ]);
});
