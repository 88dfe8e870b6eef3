/** Instance profiles of instances, and their roles' credentials on the way from the rows to the guest's metadata. */
import { expect, test } from "vitest";
import { readMetadata as readAny } from "./guest-metadata.ts";
import { createUser, allowUser, policyOf } from "./identity-steps.ts";
import { hvmImage } from "./seed.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, codeOf, openTestServer, otherAccount, refusal, type Key, type TestServer } from "./test-server.ts";

const launch = { ImageId: hvmImage, MinCount: 1, MaxCount: 1, InstanceType: "t3.micro" } as const;
const trust = (service: string) => JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" } });

/** A profile with a role of the same name that may read EC2. Returns its ARN. */
async function createProfile(server: TestServer, name: string, service = "ec2.amazonaws.com"): Promise<string> {
  const iam = server.iam();
  await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust(service) });
  await iam.putRolePolicy({ RoleName: name, PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:Describe*" }) });
  const { InstanceProfile: profile } = await iam.createInstanceProfile({ InstanceProfileName: name });
  await iam.addRoleToInstanceProfile({ InstanceProfileName: name, RoleName: name });
  return profile?.Arn ?? "";
}

const readMetadata = (server: StaffedServer, id: string, path: string) => readAny(server, id, `iam/${path}`);

async function readKey(server: StaffedServer, id: string, role: string): Promise<Exclude<Key, string>> {
  const document = JSON.parse(String(await readMetadata(server, id, `security-credentials/${role}`))) as Record<string, string>; // metadata's own form
  return { accessKeyId: document["AccessKeyId"] ?? "", secretAccessKey: document["SecretAccessKey"] ?? "", sessionToken: document["Token"] ?? "" };
}

test("A guest finds its role's credentials in its metadata, and may do with them what the role may", async () => {
  await using server = await openStaffedServer();
  const arn = await createProfile(server, "web");
  const { Instances: [instance] = [] } = await server.ec2().runInstances({ ...launch, IamInstanceProfile: { Name: "web" } });
  const id = instance?.InstanceId ?? "";
  expect(instance?.IamInstanceProfile).toEqual({ Arn: arn, Id: expect.stringMatching(/^AIPA/) });
  expect(JSON.parse(String(await readMetadata(server, id, "info")))).toMatchObject({ Code: "Success", InstanceProfileArn: arn, InstanceProfileId: instance?.IamInstanceProfile?.Id });
  expect(await readMetadata(server, id, "security-credentials/")).toBe("web");
  const key = await readKey(server, id, "web");
  expect((await server.sts(key).getCallerIdentity({})).Arn).toBe(`arn:aws:sts::${account}:assumed-role/web/${id}`);
  await server.ec2(key).describeInstances({});
  expect(await codeOf(server.ec2(key).terminateInstances({ InstanceIds: [id] }))).toBe("UnauthorizedOperation");
  await server.iam().putRolePolicy({ RoleName: "web", PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:DescribeRegions", Condition: { ArnLike: { "ec2:SourceInstanceARN": `arn:aws:ec2:*:*:instance/${id}` } } }) });
  await server.ec2(key).describeRegions({});
  const rows = await server.dump();
  expect([key.secretAccessKey, key.sessionToken].map((secret) => rows.includes(secret ?? ""))).toEqual([false, false]);
});

test("Credentials stay the same until an hour before they end, and are then made anew", async () => {
  await using server = await openStaffedServer();
  await createProfile(server, "web");
  const { Instances: [instance] = [] } = await server.ec2().runInstances({ ...launch, IamInstanceProfile: { Name: "web" } });
  const id = instance?.InstanceId ?? "";
  const first = await readKey(server, id, "web");
  expect(await readKey(server, id, "web")).toEqual(first);
  const due = await server.read((tx) => tx.db.selectFrom("due").select("due_at").where("kind", "=", "instance").where("key", "=", id).executeTakeFirstOrThrow());
  expect(Math.round((due.due_at - Date.now()) / 3_600_000)).toBe(5);
  await server.write(async (tx) => {
    const { role_credentials: text } = await tx.db.selectFrom("instances").select("role_credentials").where("id", "=", id as never).executeTakeFirstOrThrow();
    await tx.db.updateTable("instances").set({ role_credentials: (text ?? "").replace(/"renewAt":\d+/, '"renewAt":0') }).where("id", "=", id as never).execute();
  });
  const second = await readKey(server, id, "web");
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
  for (const key of [first, second]) await server.ec2(key).describeInstances({});
});

test("A profile is associated, replaced and taken away, and the metadata follows", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const [web, batch] = [await createProfile(server, "web"), await createProfile(server, "batch")];
  const { Instances: [instance] = [] } = await ec2.runInstances(launch);
  const InstanceId = instance?.InstanceId ?? "";
  expect(await readMetadata(server, InstanceId, "info")).toBe(404);
  const { IamInstanceProfileAssociation: first } = await ec2.associateIamInstanceProfile({ InstanceId, IamInstanceProfile: { Arn: web } });
  expect(first).toMatchObject({ AssociationId: expect.stringMatching(/^iip-assoc-/), InstanceId, State: "associating", IamInstanceProfile: { Arn: web } });
  expect(await readMetadata(server, InstanceId, "security-credentials/")).toBe("web");
  expect(await refusal(ec2.associateIamInstanceProfile({ InstanceId, IamInstanceProfile: { Name: "batch" } }))).toMatchObject({ code: "IncorrectState", message: `There is an existing association for instance ${InstanceId}` });
  const { IamInstanceProfileAssociation: second } = await ec2.replaceIamInstanceProfileAssociation({ AssociationId: first?.AssociationId, IamInstanceProfile: { Name: "batch" } });
  expect(await readMetadata(server, InstanceId, "security-credentials/")).toBe("batch");
  const { IamInstanceProfileAssociations: shown } = await ec2.describeIamInstanceProfileAssociations({ Filters: [{ Name: "instance-id", Values: [InstanceId] }] });
  expect(shown).toMatchObject([{ AssociationId: second?.AssociationId, State: "associated", IamInstanceProfile: { Arn: batch } }]);
  expect((await ec2.describeInstances({ Filters: [{ Name: "iam-instance-profile.arn", Values: [batch] }] })).Reservations?.length).toBe(1);
  expect((await ec2.disassociateIamInstanceProfile({ AssociationId: second?.AssociationId })).IamInstanceProfileAssociation?.State).toBe("disassociating");
  expect([await readMetadata(server, InstanceId, "info"), (await ec2.describeIamInstanceProfileAssociations({})).IamInstanceProfileAssociations]).toEqual([404, []]);
  expect(await codeOf(ec2.disassociateIamInstanceProfile({ AssociationId: second?.AssociationId }))).toBe("NoSuchAssociation");
});

test("A role that does not trust EC2 says so in the metadata", async () => {
  await using server = await openStaffedServer();
  await createProfile(server, "web", "ssm.amazonaws.com");
  const { Instances: [instance] = [] } = await server.ec2().runInstances({ ...launch, IamInstanceProfile: { Name: "web" } });
  expect(JSON.parse(String(await readMetadata(server, instance?.InstanceId ?? "", "security-credentials/web")))).toMatchObject({ Code: "AssumeRoleUnauthorizedAccess" });
});

test("Profiles that are not there, or not the account's, are refused at launch", async () => {
  await using server = await openTestServer();
  const arn = await createProfile(server, "web");
  const run = (IamInstanceProfile: object, key: Key = account) => refusal(server.ec2(key).runInstances({ ...launch, IamInstanceProfile, DryRun: true }));
  expect(await run({ Name: "x" })).toEqual({ code: "InvalidParameterValue", message: "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", status: 400 });
  expect([(await run({ Arn: arn })).code, (await run({ Arn: `${arn}x` })).code, (await run({ Arn: "web" })).code, (await run({ Arn: arn }, otherAccount)).code]).toEqual(["DryRunOperation", "InvalidParameterValue", "InvalidIamInstanceProfileArn.Malformed", "InvalidParameterValue"]);
});

test("Whoever gives an instance a profile must be allowed to pass its role on to EC2", async () => {
  await using server = await openTestServer();
  await createProfile(server, "web");
  const ann = server.ec2(await createUser(server, "ann", { Action: "ec2:*" }));
  const run = () => refusal(ann.runInstances({ ...launch, IamInstanceProfile: { Name: "web" }, DryRun: true }));
  expect((await run()).message).toContain(`is not authorized to perform: iam:PassRole on resource: arn:aws:iam::${account}:role/web`);
  const pass = (service: string) => ({ Action: "iam:PassRole", Condition: { StringEquals: { "iam:PassedToService": service } } });
  await allowUser(server, "ann", { Action: "ec2:*" }, pass("ssm.amazonaws.com"));
  expect((await run()).code).toBe("UnauthorizedOperation");
  await allowUser(server, "ann", { Action: "ec2:*" }, pass("ec2.amazonaws.com"));
  expect((await run()).code).toBe("DryRunOperation");
});
