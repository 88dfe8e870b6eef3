/** What policies decide about real calls: every resource, its tags and keys, who asks and from where. */
import { expect, test } from "vitest";
import { allowUser, createUser, policyOf } from "./identity-steps.ts";
import { launchOne } from "./launch-one.ts";
import { hvmImage } from "./seed.ts";
import { account, codeOf, openTestServer, refusal } from "./test-server.ts";

const launch = { ImageId: hvmImage, MinCount: 1, MaxCount: 1, InstanceType: "t3.micro" } as const;
const denied = "UnauthorizedOperation";
const dryRun = "DryRunOperation";

test("A user may do what its policies say at this moment, its own and its groups'", async () => {
  await using server = await openTestServer();
  const ann = server.ec2(await createUser(server, "ann"));
  const iam = server.iam();
  expect(await codeOf(ann.describeInstances({}))).toBe(denied);
  await allowUser(server, "ann", { Action: "ec2:Describe*" });
  await ann.describeInstances({});
  await allowUser(server, "ann");
  expect(await codeOf(ann.describeInstances({}))).toBe(denied);
  await iam.createGroup({ GroupName: "readers" });
  await iam.attachGroupPolicy({ GroupName: "readers", PolicyArn: "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess" });
  await iam.addUserToGroup({ GroupName: "readers", UserName: "ann" });
  await ann.describeInstances({});
  expect(await codeOf(ann.createVpc({ CidrBlock: "10.0.0.0/16" }))).toBe(denied);
});

test("An explicit deny and a boundary win over whatever allows, and the refusal says which", async () => {
  await using server = await openTestServer();
  const ann = server.ec2(await createUser(server, "ann", { Action: "*" }, { Effect: "Deny", Action: "ec2:CreateVpc" }));
  expect((await refusal(ann.createVpc({ CidrBlock: "10.0.0.0/16", DryRun: true }))).message).toContain("with an explicit deny in an identity-based policy.");
  await server.iam().putUserPermissionsBoundary({ UserName: "ann", PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess" });
  await ann.describeInstances({});
  expect((await refusal(ann.createKeyPair({ KeyName: "k", DryRun: true }))).message).toContain("because no permissions boundary allows the ec2:CreateKeyPair action.");
});

test("The tags of a resource decide, by variables too", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const ann = server.ec2(await createUser(server, "ann", { Action: "ec2:MonitorInstances", Condition: { StringEquals: { "ec2:ResourceTag/owner": "${aws:username}" } } }));
  expect(await codeOf(ann.monitorInstances({ InstanceIds: [instance], DryRun: true }))).toBe(denied);
  await server.ec2().createTags({ Resources: [instance], Tags: [{ Key: "owner", Value: "ann" }] });
  expect(await codeOf(ann.monitorInstances({ InstanceIds: [instance], DryRun: true }))).toBe(dryRun);
  await server.iam().tagUser({ UserName: "ann", Tags: [{ Key: "team", Value: "ann" }] });
  await allowUser(server, "ann", { Action: "ec2:MonitorInstances", Condition: { StringEquals: { "aws:ResourceTag/owner": "${aws:PrincipalTag/team}" } } });
  expect(await codeOf(ann.monitorInstances({ InstanceIds: [instance], DryRun: true }))).toBe(dryRun);
});

test("A call on several resources needs all of them", async () => {
  await using server = await openTestServer();
  const [one, other] = [(await launchOne(server)).instance, (await launchOne(server)).instance];
  const arn = `arn:aws:ec2:us-east-1:${account}:instance/${one}`;
  const ann = server.ec2(await createUser(server, "ann", { Action: "ec2:StopInstances", Resource: arn }));
  expect([await codeOf(ann.stopInstances({ InstanceIds: [one], DryRun: true })), await codeOf(ann.stopInstances({ InstanceIds: [one, other], DryRun: true }))]).toEqual([dryRun, denied]);
});

test("A launch is allowed by what it is to make: type, subnet, metadata options, volumes, tags", async () => {
  await using server = await openTestServer();
  const key = await createUser(server, "ann");
  const run = async (condition: object, more: object = {}) => {
    await allowUser(server, "ann", { Action: "ec2:RunInstances", Condition: condition }, { Action: "ec2:CreateTags", Condition: { StringEquals: { "ec2:CreateAction": "RunInstances" } } });
    return codeOf(server.ec2(key).runInstances({ ...launch, ...more, DryRun: true }));
  };
  const { Subnets: [subnet] = [] } = await server.ec2().describeSubnets({ Filters: [{ Name: "availability-zone", Values: ["us-east-1a"] }] });
  const metadata = (HttpTokens: string) => ({ MetadataOptions: { HttpTokens } });
  const tagged = { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "team", Value: "sea" }] }] };
  const typeIs = (type: string) => ({ StringEqualsIfExists: { "ec2:InstanceType": type } });
  const tokens = { StringEqualsIfExists: { "ec2:MetadataHttpTokens": "required" } };
  expect([await run(typeIs("t3.micro")), await run(typeIs("t3.nano"))]).toEqual([dryRun, denied]);
  expect([await run(tokens, metadata("required")), await run(tokens, metadata("optional"))]).toEqual([dryRun, denied]);
  expect([await run({ ArnLikeIfExists: { "ec2:Vpc": `arn:aws:ec2:*:*:vpc/${subnet?.VpcId}` } }), await run({ ArnLikeIfExists: { "ec2:Vpc": "arn:aws:ec2:*:*:vpc/vpc-0" } })]).toEqual([dryRun, denied]);
  expect([await run({ NumericLessThanIfExists: { "ec2:VolumeSize": "1000" } }), await run({ NumericGreaterThanIfExists: { "ec2:VolumeSize": "1000" } })]).toEqual([dryRun, denied]);
  expect([await run({ "ForAllValues:StringEquals": { "aws:TagKeys": "team" } }, tagged), await run({ "ForAllValues:StringEquals": { "aws:TagKeys": "owner" } }, tagged)]).toEqual([dryRun, denied]);
  expect([await run({ StringEqualsIfExists: { "aws:RequestTag/team": "sea" } }, tagged), await run({ StringEqualsIfExists: { "aws:RequestTag/team": "sky" } }, tagged)]).toEqual([dryRun, denied]);
});

test("A volume is allowed by what it is to be", async () => {
  await using server = await openTestServer();
  const key = await createUser(server, "ann");
  const create = async (condition: object) => {
    await allowUser(server, "ann", { Action: "ec2:CreateVolume", Condition: condition });
    return codeOf(server.ec2(key).createVolume({ AvailabilityZone: "us-east-1a", Size: 8, VolumeType: "gp3", Encrypted: true, KmsKeyId: "alias/aws/ebs", DryRun: true }));
  };
  const figures = { "ec2:VolumeSize": "8", "ec2:VolumeIops": "3000", "ec2:VolumeThroughput": "125" };
  expect([await create({ NumericEquals: figures, Bool: { "ec2:Encrypted": "true" }, StringLike: { "ec2:KmsKeyId": "alias/*" } }), await create({ StringEquals: { "ec2:VolumeType": "io2" } })]).toEqual([dryRun, denied]);
});

test("A change is allowed by the attribute that it sets, and by its value", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const ann = server.ec2(await createUser(server, "ann", { Action: ["ec2:ModifyInstance*"], Condition: { StringEqualsIfExists: { "ec2:Attribute/HttpTokens": "required" }, StringNotEquals: { "ec2:Attribute": "DisableApiTermination" } } }));
  const named = { InstanceId: instance, DryRun: true };
  expect([
    await codeOf(ann.modifyInstanceMetadataOptions({ ...named, HttpTokens: "required" })),
    await codeOf(ann.modifyInstanceMetadataOptions({ ...named, HttpTokens: "optional" })),
    await codeOf(ann.modifyInstanceAttribute({ ...named, DisableApiStop: { Value: true } })),
    await codeOf(ann.modifyInstanceAttribute({ ...named, DisableApiTermination: { Value: true } })),
    await codeOf(ann.modifyInstanceAttribute({ ...named, Attribute: "disableApiTermination", Value: "true" })),
  ]).toEqual([dryRun, denied, dryRun, denied, denied]);
  const { SecurityGroups: [group] = [] } = await server.ec2().describeSecurityGroups({});
  await allowUser(server, "ann", { Action: "ec2:ModifyInstanceAttribute", Condition: { "ForAllValues:StringEquals": { "ec2:Attribute": "Groups" } } });
  expect([await codeOf(ann.modifyInstanceAttribute({ ...named, Groups: [group?.GroupId ?? ""] })), await codeOf(ann.modifyInstanceAttribute({ ...named, DisableApiStop: { Value: true } }))]).toEqual([dryRun, denied]);
});

test("A launch by a template is allowed by the template, by what the request names itself, and by the template's tags", async () => {
  await using server = await openTestServer();
  const root = server.ec2();
  const { LaunchTemplate: template } = await root.createLaunchTemplate({
    LaunchTemplateName: "fixed",
    LaunchTemplateData: { ImageId: hvmImage, InstanceType: "t3.micro", TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "team", Value: "sea" }] }] },
  });
  const id = template?.LaunchTemplateId ?? "";
  const key = await createUser(server, "ann");
  const run = async (condition: object, more: object = { LaunchTemplate: { LaunchTemplateId: id } }, ofTags: object = {}) => {
    await allowUser(server, "ann", { Action: "ec2:RunInstances", Condition: condition }, { Action: "ec2:CreateTags", Condition: ofTags });
    return codeOf(server.ec2(key).runInstances({ MinCount: 1, MaxCount: 1, ...more, DryRun: true }));
  };
  const byTemplate = { ArnLikeIfExists: { "ec2:LaunchTemplate": `arn:aws:ec2:*:*:launch-template/${id}` }, BoolIfExists: { "ec2:IsLaunchTemplateResource": "true" } };
  expect([await run(byTemplate), await run(byTemplate, { LaunchTemplate: { LaunchTemplateId: id }, ImageId: hvmImage })]).toEqual([dryRun, denied]);
  expect([await run({ Null: { "ec2:LaunchTemplate": "true" } }), await run({ Null: { "ec2:LaunchTemplate": "true" } }, launch)]).toEqual([denied, dryRun]);
  const keys = (key: string) => ({ "ForAllValues:StringEquals": { "aws:TagKeys": key } });
  expect([await run(keys("team")), await run(keys("owner")), await run({}, undefined, keys("team")), await run({}, undefined, keys("owner")), await run({ StringEqualsIfExists: { "aws:RequestTag/team": "sky" } })]).toEqual([dryRun, denied, dryRun, denied, denied]);
});

test("What is made in a VPC, or of a volume, is allowed by that", async () => {
  await using server = await openTestServer();
  const { Vpcs: [vpc] = [] } = await server.ec2().describeVpcs({});
  const { instance, volume } = await launchOne(server);
  await server.reportRunning(instance);
  const key = await createUser(server, "ann");
  const create = async (condition: object, call: (ann: ReturnType<typeof server.ec2>) => Promise<unknown>) => {
    await allowUser(server, "ann", { Action: "ec2:Create*", Condition: condition });
    return codeOf(call(server.ec2(key)));
  };
  const ofVpc = (id = "vpc-0") => ({ ArnLikeIfExists: { "ec2:Vpc": `arn:aws:ec2:*:*:vpc/${id}` } });
  const group = (ann: ReturnType<typeof server.ec2>) => ann.createSecurityGroup({ GroupName: "g", Description: "d", VpcId: vpc?.VpcId, DryRun: true });
  expect([await create(ofVpc(vpc?.VpcId), group), await create(ofVpc(), group)]).toEqual([dryRun, denied]);
  const ofVolume = (id = "vol-0") => ({ ArnLikeIfExists: { "ec2:ParentVolume": `arn:aws:ec2:*:*:volume/${id}` } });
  const snapshot = (ann: ReturnType<typeof server.ec2>) => ann.createSnapshot({ VolumeId: volume, DryRun: true });
  expect([await create(ofVolume(volume), snapshot), await create(ofVolume(), snapshot)]).toEqual([dryRun, denied]);
});

test("A resource of a kind that is none is denied, whatever it is called", async () => {
  await using server = await openTestServer();
  const key = await createUser(server, "ann", { Action: "*" });
  for (const type of ["__proto__", "constructor"]) expect(await codeOf(server.sts(key).assumeRole({ RoleArn: `arn:aws:ec2:us-east-1:${account}:${type}/x`, RoleSessionName: "session" }))).toBe("AccessDenied");
});

test("Tags at creation need CreateTags on behalf of the creating action", async () => {
  await using server = await openTestServer();
  const ann = server.ec2(await createUser(server, "ann", { Action: "ec2:CreateVpc" }));
  const tagged = { CidrBlock: "10.0.0.0/16", DryRun: true, TagSpecifications: [{ ResourceType: "vpc" as const, Tags: [{ Key: "a", Value: "b" }] }] };
  expect([await codeOf(ann.createVpc({ CidrBlock: "10.0.0.0/16", DryRun: true })), await codeOf(ann.createVpc(tagged))]).toEqual([dryRun, denied]);
  await allowUser(server, "ann", { Action: "ec2:CreateVpc" }, { Action: "ec2:CreateTags", Condition: { StringEquals: { "ec2:CreateAction": "CreateVpc" } } });
  expect(await codeOf(ann.createVpc(tagged))).toBe(dryRun);
});

test("Who asks, from where and when can be asked for", async () => {
  await using server = await openTestServer();
  const key = await createUser(server, "ann");
  const outcome = async (condition: object) => {
    await allowUser(server, "ann", { Action: "ec2:DescribeRegions", Condition: condition });
    return server.ec2(key).describeRegions({}).then(() => "allowed", (thrown: Error) => thrown.name);
  };
  const allowed = [
    { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } },
    { DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" }, NumericGreaterThan: { "aws:EpochTime": 1_500_000_000 } },
    { StringEquals: { "aws:RequestedRegion": "us-east-1", "ec2:Region": "us-east-1", "aws:PrincipalType": "User", "aws:PrincipalAccount": account } },
    { ArnEquals: { "aws:PrincipalArn": `arn:aws:iam::${account}:user/*` }, StringLike: { "aws:userid": "AIDA*", "aws:UserAgent": "aws-sdk-js*" } },
    { Null: { "aws:TokenIssueTime": "true" } },
  ];
  for (const condition of allowed) expect([condition, await outcome(condition)]).toEqual([condition, "allowed"]);
  for (const condition of [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { DateLessThan: { "aws:CurrentTime": "2020" } }, { Bool: { "aws:SecureTransport": "true" } }]) expect([condition, await outcome(condition)]).toEqual([condition, denied]);
});

test("IAM's own actions are authorized on the identity, before it is known whether it is there", async () => {
  await using server = await openTestServer();
  const ann = server.iam(await createUser(server, "ann", { Action: ["iam:GetUser", "iam:*AccessKey*"], Resource: `arn:aws:iam::${account}:user/\${aws:username}` }));
  expect((await ann.getUser({})).User?.UserName).toBe("ann");
  await ann.createAccessKey({});
  expect([await codeOf(ann.getUser({ UserName: "powerless" })), await codeOf(ann.getUser({ UserName: "nobody" })), await codeOf(ann.createAccessKey({ UserName: "powerless" }))]).toEqual(["AccessDenied", "AccessDenied", "AccessDenied"]);
});

test("A role is put into a profile only by who may pass it on", async () => {
  await using server = await openTestServer();
  const trust = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" } });
  await server.iam().createRole({ RoleName: "r", AssumeRolePolicyDocument: trust });
  await server.iam().createInstanceProfile({ InstanceProfileName: "p" });
  const ann = server.iam(await createUser(server, "ann", { Action: "iam:AddRoleToInstanceProfile" }));
  expect((await refusal(ann.addRoleToInstanceProfile({ InstanceProfileName: "p", RoleName: "r" }))).message).toContain(`iam:PassRole on resource: arn:aws:iam::${account}:role/r`);
  await allowUser(server, "ann", { Action: "iam:AddRoleToInstanceProfile" }, { Action: "iam:PassRole", Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } } });
  await ann.addRoleToInstanceProfile({ InstanceProfileName: "p", RoleName: "r" });
});

test("Policies are checked when they are written", async () => {
  await using server = await openTestServer();
  const refused = await refusal(server.iam().putUserPolicy({ UserName: "powerless", PolicyName: "p", PolicyDocument: policyOf({ Action: "everything" }) }));
  expect(refused).toEqual({ code: "MalformedPolicyDocument", message: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc (Statement[0].Action[0]).", status: 400 });
});
