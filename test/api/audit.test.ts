/** What the audit keeps of calls, and how it is looked up. */
import { expect, test } from "vitest";
import { removeOldEvents, shownForMs } from "../../src/iam/audit/retention.ts";
import { allowUser, createUser, policyOf } from "./identity-steps.ts";
import { account, codeOf, openTestServer, otherAccount, powerlessKey, region, type TestServer } from "./test-server.ts";

/** The events of calls that have been answered, the newest first. */
async function lookUp(server: TestServer, input: object = {}, key: string = account) {
  await server.audit.flush();
  const { Events: events = [] } = await server.cloudTrail(key).lookupEvents(input);
  return events;
}

const named = (EventName: string) => ({ LookupAttributes: [{ AttributeKey: "EventName" as const, AttributeValue: EventName }] });
const toRecord = (event: { CloudTrailEvent?: string | undefined } | undefined): Record<string, unknown> => JSON.parse(event?.CloudTrailEvent ?? "{}") as Record<string, unknown>;

test("A change is recorded with its request and its answer, and found by what it touched", async () => {
  await using server = await openTestServer();
  const { Vpc: vpc } = await server.ec2().createVpc({ CidrBlock: "10.7.0.0/16" });
  const events = await lookUp(server, { LookupAttributes: [{ AttributeKey: "ResourceName", AttributeValue: vpc?.VpcId }] });
  expect(events).toMatchObject([{ EventName: "CreateVpc", EventSource: "ec2.amazonaws.com", ReadOnly: "false", Username: "root", AccessKeyId: account }]);
  expect(events[0]?.Resources).toContainEqual({ ResourceType: "AWS::EC2::VPC", ResourceName: vpc?.VpcId });
  expect(toRecord(events[0])).toMatchObject({
    userIdentity: { type: "Root", arn: `arn:aws:iam::${account}:root`, accountId: account, accessKeyId: account },
    awsRegion: region,
    sourceIPAddress: "127.0.0.1",
    requestParameters: { cidrBlock: "10.7.0.0/16" },
    responseElements: { vpc: { vpcId: vpc?.VpcId } },
    readOnly: false,
    eventCategory: "Management",
  });
});

test("What only looks like an id is no resource, and keeps nobody from the events", async () => {
  await using server = await openTestServer();
  const { Vpc: vpc } = await server.ec2().createVpc({ CidrBlock: "10.7.0.0/16" });
  await server.ec2().createTags({ Resources: [vpc?.VpcId ?? ""], Tags: [{ Key: "k", Value: "constructor-0123abcd" }] });
  expect((await lookUp(server, named("CreateTags"))).map(({ Resources }) => Resources)).toEqual([[{ ResourceType: "AWS::EC2::VPC", ResourceName: vpc?.VpcId }]]);
});

test("Calls that read are recorded too, without their answers", async () => {
  await using server = await openTestServer();
  await server.ec2().describeInstances({ Filters: [{ Name: "vpc-id", Values: ["vpc-1"] }] });
  await server.sts().getCallerIdentity({});
  const events = await lookUp(server, { LookupAttributes: [{ AttributeKey: "ReadOnly", AttributeValue: "true" }] });
  expect(events.map(({ EventName }) => EventName)).toEqual(["GetCallerIdentity", "DescribeInstances"]);
  expect(toRecord(events[1])).toMatchObject({ requestParameters: { filtersSet: { items: [{ name: "vpc-id", valuesSet: { items: ["vpc-1"] } }] } }, responseElements: null });
});

test("A refused call is recorded with EC2's code, and changes nothing else", async () => {
  await using server = await openTestServer();
  await server.ec2().describeVpcs({}); // an account's first call makes its default network
  const before = await server.dump();
  await codeOf(server.ec2(powerlessKey).createVpc({ CidrBlock: "10.8.0.0/16" }));
  await codeOf(server.ec2(powerlessKey).describeVpcs({}));
  const events = await lookUp(server, { LookupAttributes: [{ AttributeKey: "Username", AttributeValue: "powerless" }] });
  expect(events.map(toRecord)).toMatchObject([
    { eventName: "DescribeVpcs", errorCode: "Client.UnauthorizedOperation", userIdentity: { type: "IAMUser", userName: "powerless" } },
    { eventName: "CreateVpc", errorCode: "Client.UnauthorizedOperation", errorMessage: expect.stringContaining("not authorized to perform: ec2:CreateVpc") as string, responseElements: null },
  ]);
  expect(await server.dump()).toBe(before);
});

test("A role's session is named with the role behind it", async () => {
  await using server = await openTestServer();
  const ann = await createUser(server, "ann", { Action: "sts:AssumeRole" });
  await server.iam().createRole({ RoleName: "reader", AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: account } } }) });
  await server.iam().putRolePolicy({ RoleName: "reader", PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:Describe*" }) });
  const { Credentials: given } = await server.sts(ann).assumeRole({ RoleArn: `arn:aws:iam::${account}:role/reader`, RoleSessionName: "night" });
  await server.ec2({ accessKeyId: given?.AccessKeyId ?? "", secretAccessKey: given?.SecretAccessKey ?? "", sessionToken: given?.SessionToken ?? "" }).describeVpcs({});
  const [event] = await lookUp(server, named("DescribeVpcs"));
  expect(event?.Username).toBe("night");
  expect(toRecord(event)).toMatchObject({ userIdentity: { type: "AssumedRole", arn: `arn:aws:sts::${account}:assumed-role/reader/night`, sessionContext: { sessionIssuer: { type: "Role", userName: "reader" } } } });
});

test("Nothing secret is kept", async () => {
  await using server = await openTestServer();
  await server.iam().createUser({ UserName: "bob" });
  const { AccessKey: key } = await server.iam().createAccessKey({ UserName: "bob" });
  const { KeyMaterial: material } = await server.ec2().createKeyPair({ KeyName: "k" });
  await server.ec2().createLaunchTemplate({ LaunchTemplateName: "secrets", LaunchTemplateData: { UserData: Buffer.from("a secret word").toString("base64") } });
  await server.audit.flush();
  const rows = JSON.stringify(await server.read((tx) => tx.db.selectFrom("audit_events").selectAll().execute()));
  expect(rows).toContain("<sensitiveDataRemoved>");
  for (const secret of [key?.SecretAccessKey, material?.split("\n")[1], Buffer.from("a secret word").toString("base64")]) expect(rows).not.toContain(secret);
});

test("What fails inside is logged, without what the caller sent", async () => {
  const lines: string[] = [];
  await using server = await openTestServer({ logged: (line) => void lines.push(line) });
  await server.write((tx) => tx.db.updateTable("access_keys").set({ secret: "1:damaged" }).where("id", "=", powerlessKey).execute());
  const UserData = Buffer.from("a secret word").toString("base64");
  expect(await codeOf(server.ec2({ accessKeyId: powerlessKey, secretAccessKey: "test" }).createLaunchTemplate({ LaunchTemplateName: "t", LaunchTemplateData: { UserData } }))).toBe("InternalError");
  expect(lines.join("\n")).toContain("cannot be opened with this installation's key");
  for (const secret of [UserData, encodeURIComponent(UserData), "Signature=", "1:damaged"]) expect(lines.join("\n")).not.toContain(secret);
});

test("Pages follow each other, and an account sees its own events only", async () => {
  await using server = await openTestServer();
  for (const name of ["a", "b", "c"]) await server.ec2().createTags({ Resources: [await firstVpc(server)], Tags: [{ Key: name, Value: "" }] });
  await server.audit.flush();
  const first = await server.cloudTrail().lookupEvents({ ...named("CreateTags"), MaxResults: 2 });
  const second = await server.cloudTrail().lookupEvents({ ...named("CreateTags"), MaxResults: 2, NextToken: first.NextToken });
  const seen = [...(first.Events ?? []), ...(second.Events ?? [])].map(({ EventId }) => EventId);
  expect([new Set(seen).size, second.NextToken]).toEqual([3, undefined]);
  expect(await lookUp(server, named("CreateTags"), otherAccount)).toEqual([]);
});

async function firstVpc(server: TestServer): Promise<string> {
  const { Vpcs: vpcs = [] } = await server.ec2().describeVpcs({});
  return vpcs[0]?.VpcId ?? "";
}

test("A lookup that makes no sense is refused with CloudTrail's codes, and needs permission", async () => {
  await using server = await openTestServer();
  const look = (input: object, key: string = account) => codeOf(server.cloudTrail(key).lookupEvents(input));
  expect([
    await look({ MaxResults: 51 }),
    await look({ MaxResults: 0 }),
    await look({ NextToken: "made-up" }),
    await look({ StartTime: new Date(2), EndTime: new Date(1) }),
    await look({ EventCategory: "insight" }),
    await look({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "A" }, { AttributeKey: "EventId", AttributeValue: "b" }] }),
    await look({}, powerlessKey),
  ]).toEqual(["InvalidMaxResultsException", "InvalidMaxResultsException", "InvalidNextTokenException", "InvalidTimeRangeException", "InvalidEventCategoryException", "InvalidLookupAttributesException", "AccessDeniedException"]);
  await allowUser(server, "powerless", { Action: "cloudtrail:LookupEvents" });
  await server.cloudTrail(powerlessKey).lookupEvents({});
});

test("Events are removed after ninety days, but for the last of every key", async () => {
  await using server = await openTestServer();
  for (const name of ["a", "b"]) await server.iam().createUser({ UserName: name });
  const later = Date.now() + shownForMs + 1000;
  const kept = () => server.read((tx) => tx.db.selectFrom("audit_events").select("action").execute());
  expect(await server.write((tx) => removeOldEvents(tx, account, later - 2 * 60_000, 10))).toBe(0);
  expect(await server.write((tx) => removeOldEvents(tx, account, later, 10))).toBe(1);
  expect(await kept()).toHaveLength(1);
});
