/** Sessions: who gets them, what they may do, and when they end. */
import { expect, test } from "vitest";
import { issueCredentials } from "../../src/iam/session.ts";
import { manualClock } from "../../src/base/clock.ts";
import { allowUser, createUser, policyOf } from "./identity-steps.ts";
import { giveDevice } from "./mfa-steps.ts";
import { account, codeOf, openTestServer, otherAccount, refusal, secretKey, type Key, type TestServer } from "./test-server.ts";

const denied = "UnauthorizedOperation";
const roleArn = `arn:aws:iam::${account}:role/reader`;

function trustOf(principal: object | string, condition: object = {}): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Principal: principal, Condition: condition } });
}

/** A role that may read EC2, trusted as said. */
async function createRole(server: TestServer, trust: string): Promise<void> {
  await server.iam().createRole({ RoleName: "reader", AssumeRolePolicyDocument: trust });
  await server.iam().putRolePolicy({ RoleName: "reader", PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:Describe*" }) });
}

async function assume(server: TestServer, key: Key, more: object = {}): Promise<Key> {
  return toKey((await server.sts(key).assumeRole({ RoleArn: roleArn, RoleSessionName: "session", ...more })).Credentials);
}

function toKey(credentials: { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined } = {}): Exclude<Key, string> {
  return { accessKeyId: credentials.AccessKeyId ?? "", secretAccessKey: credentials.SecretAccessKey ?? "", sessionToken: credentials.SessionToken ?? "" };
}

test("A role's session may do what the role may, and is called after both", async () => {
  await using server = await openTestServer();
  const ann = await createUser(server, "ann");
  await createRole(server, trustOf({ AWS: `arn:aws:iam::${account}:user/ann` }));
  const session = await assume(server, ann);
  const { Role: role } = await server.iam().getRole({ RoleName: "reader" });
  expect(await server.sts(session).getCallerIdentity({})).toMatchObject({ UserId: `${role?.RoleId}:session`, Account: account, Arn: `arn:aws:sts::${account}:assumed-role/reader/session` });
  await server.ec2(session).describeInstances({});
  expect((await refusal(server.ec2(session).createVpc({ CidrBlock: "10.0.0.0/16" }))).message).toContain(`User: arn:aws:sts::${account}:assumed-role/reader/session is not authorized to perform: ec2:CreateVpc`);
  await server.iam().deleteRolePolicy({ RoleName: "reader", PolicyName: "p" });
  expect(await codeOf(server.ec2(session).describeInstances({}))).toBe(denied);
});

test("Only whom the trust policy names takes on a role, under its conditions", async () => {
  await using server = await openTestServer();
  const [ann, bob] = [await createUser(server, "ann", { Action: "sts:AssumeRole" }), await createUser(server, "bob")];
  await createRole(server, trustOf({ AWS: account }, { StringEquals: { "sts:ExternalId": "secret" } }));
  await assume(server, ann, { ExternalId: "secret" });
  expect([await codeOf(assume(server, ann)), await codeOf(assume(server, ann, { ExternalId: "guess" })), await codeOf(assume(server, bob, { ExternalId: "secret" })), await codeOf(assume(server, account))]).toEqual(["AccessDenied", "AccessDenied", "AccessDenied", "AccessDenied"]);
  await server.iam().updateAssumeRolePolicy({ RoleName: "reader", PolicyDocument: trustOf({ Service: "ec2.amazonaws.com" }) });
  expect(await codeOf(assume(server, ann, { ExternalId: "secret" }))).toBe("AccessDenied");
});

test("Across accounts both sides must allow", async () => {
  await using server = await openTestServer();
  await createRole(server, trustOf({ AWS: otherAccount }));
  const theirs = server.iam(otherAccount);
  await theirs.createUser({ UserName: "eve" });
  const { AccessKey: key } = await theirs.createAccessKey({ UserName: "eve" });
  const eve = { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" };
  expect(await codeOf(assume(server, eve))).toBe("AccessDenied");
  await theirs.putUserPolicy({ UserName: "eve", PolicyName: "p", PolicyDocument: policyOf({ Action: "sts:AssumeRole", Resource: roleArn }) });
  expect(await server.sts(await assume(server, eve)).getCallerIdentity({})).toMatchObject({ Account: account });
});

test("A session policy narrows, session tags count as the principal's, and durations have bounds", async () => {
  await using server = await openTestServer();
  const ann = await createUser(server, "ann");
  await createRole(server, trustOf({ AWS: `arn:aws:iam::${account}:user/ann` }));
  const narrowed = server.ec2(await assume(server, ann, { Policy: policyOf({ Action: "ec2:DescribeRegions" }) }));
  await narrowed.describeRegions({});
  expect((await refusal(narrowed.describeInstances({}))).message).toContain("because no session policy allows the ec2:DescribeInstances action.");
  await server.iam().putRolePolicy({ RoleName: "reader", PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:DescribeRegions", Condition: { StringEquals: { "aws:PrincipalTag/team": "sea" } } }) });
  await server.ec2(await assume(server, ann, { Tags: [{ Key: "team", Value: "sea" }] })).describeRegions({});
  expect(await codeOf(server.ec2(await assume(server, ann)).describeRegions({}))).toBe(denied);
  expect([await codeOf(assume(server, ann, { DurationSeconds: 899 })), await codeOf(assume(server, ann, { DurationSeconds: 7200 })), await codeOf(assume(server, ann, { Policy: "{}" })), await codeOf(assume(server, ann, { RoleSessionName: "a b" }))]).toEqual([
    "ValidationError",
    "ValidationError",
    "MalformedPolicyDocument",
    "ValidationError",
  ]);
});

test("A session ends, and neither its token nor its key can be altered or used without the other", async () => {
  await using server = await openTestServer();
  const ann = await createUser(server, "ann", { Action: "ec2:*" });
  const key = toKey((await server.sts(ann).getSessionToken({ DurationSeconds: 900 })).Credentials);
  const other = toKey((await server.sts(ann).getSessionToken({})).Credentials);
  await server.ec2(key).describeRegions({});
  const forged = [{ ...key, sessionToken: `${key.sessionToken?.slice(0, -2)}AA` }, { ...key, sessionToken: other.sessionToken ?? "" }, { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey }, { ...ann, sessionToken: key.sessionToken ?? "" }];
  for (const one of forged) expect(await codeOf(server.ec2(one).describeRegions({}))).toBe("AuthFailure");
  const ended = issueCredentials(secretKey, { kind: "user", account, entityId: null, name: "", policies: null, policyArns: [], tags: {}, issuedAt: 0, expiresAt: Date.now() - 1 }, server.parts.random);
  const late = { accessKeyId: ended.accessKeyId, secretAccessKey: ended.secret, sessionToken: ended.token };
  expect([await codeOf(server.ec2(late).describeRegions({})), await codeOf(server.sts(late).getCallerIdentity({}))]).toEqual(["RequestExpired", "ExpiredToken"]);
});

test("Sessions that are no role's do not reach IAM, nor most of STS", async () => {
  await using server = await openTestServer();
  for (const holder of [account, await createUser(server, "ann", { Action: "*" })]) {
    const key = toKey((await server.sts(holder).getSessionToken({})).Credentials);
    await server.sts(key).getCallerIdentity({});
    await server.ec2(key).describeInstances({});
    expect([await codeOf(server.iam(key).listUsers({})), await codeOf(server.sts(key).getSessionToken({})), await codeOf(server.sts(key).getFederationToken({ Name: "eve" }))]).toEqual(["InvalidClientTokenId", "AccessDenied", "AccessDenied"]);
  }
});

test("A code of one's own MFA device makes a session that policies know it by, and that reaches IAM; it is good for once, and guessing is slow", async () => {
  const clock = manualClock(Date.now());
  await using server = await openTestServer({ clock });
  const withCode = { Bool: { "aws:MultiFactorAuthPresent": "true" }, NumericLessThan: { "aws:MultiFactorAuthAge": "300" } };
  const ann = await createUser(server, "ann", { Action: "ec2:DescribeRegions", Condition: withCode }, { Action: "iam:GetUser" });
  const device = await giveDevice(server.iam(), "ann", "phone", clock.now());
  const take = async (more: object) => toKey((await server.sts(ann).getSessionToken({ SerialNumber: device.serial, ...more })).Credentials);
  clock.advance(60_000);

  const plain = toKey((await server.sts(ann).getSessionToken({})).Credentials);
  expect([await codeOf(server.ec2(ann).describeRegions({})), await codeOf(server.ec2(plain).describeRegions({}))]).toEqual([denied, denied]);
  const failed = "MultiFactorAuthentication failed";
  expect([(await refusal(take({}))).message, (await refusal(take({ TokenCode: "000000" }))).message, (await refusal(take({ SerialNumber: `${device.serial}2`, TokenCode: "000000" }))).message]).toEqual([
    `${failed}, must provide both MFA serial number and one time pass code.`,
    `${failed} with invalid MFA one time pass code.`,
    `${failed}, unable to validate MFA code. Please verify your MFA serial number is valid and associated with this user.`,
  ]);
  expect(await codeOf(server.sts(await createUser(server, "bob")).getSessionToken({ SerialNumber: device.serial, TokenCode: device.codeAt(clock.now()) }))).toBe("AccessDenied");

  const TokenCode = device.codeAt(clock.now());
  const session = await take({ TokenCode });
  await server.ec2(session).describeRegions({});
  expect([(await server.iam(session).getUser({})).User?.UserName, await codeOf(take({ TokenCode }))]).toEqual(["ann", "AccessDenied"]);
  clock.advance(300_000);
  expect(await codeOf(server.ec2(session).describeRegions({}))).toBe(denied);

  for (let guesses = 0; guesses < 4; guesses++) await codeOf(take({ TokenCode: "000000" }));
  expect(await codeOf(take({ TokenCode: device.codeAt(clock.now()) }))).toBe("Throttling");
  clock.advance(1_001);
  await take({ TokenCode: device.codeAt(clock.now()) });
});

test("A trust policy may ask for a code, shown with the call or when its session was taken; of the role's session nobody can tell", async () => {
  const clock = manualClock(Date.now());
  await using server = await openTestServer({ clock });
  const ann = await createUser(server, "ann");
  const device = await giveDevice(server.iam(), "ann", "phone", clock.now());
  const withCode = { Bool: { "aws:MultiFactorAuthPresent": "true" } };
  await createRole(server, trustOf({ AWS: `arn:aws:iam::${account}:user/ann` }, withCode));
  const shown = () => (clock.advance(60_000), { SerialNumber: device.serial, TokenCode: device.codeAt(clock.now()) });
  expect([await codeOf(assume(server, ann)), await codeOf(assume(server, ann, { ...shown(), TokenCode: "000000" }))]).toEqual(["AccessDenied", "AccessDenied"]);
  const session = await assume(server, ann, shown());
  await server.ec2(session).describeInstances({});
  await assume(server, toKey((await server.sts(ann).getSessionToken(shown())).Credentials));
  await server.iam().putRolePolicy({ RoleName: "reader", PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:DescribeInstances", Condition: withCode }) });
  expect(await codeOf(server.ec2(session).describeInstances({}))).toBe(denied);
});

test("A federated user has what both its policies and the caller's allow", async () => {
  await using server = await openTestServer();
  const ann = await createUser(server, "ann", { Action: ["sts:GetFederationToken", "ec2:Describe*"] });
  const federate = async (holder: Key, more: object = {}) => toKey((await server.sts(holder).getFederationToken({ Name: "guest", ...more })).Credentials);
  const Policy = policyOf({ Action: ["ec2:DescribeRegions", "ec2:CreateVpc"] });
  const guest = await federate(ann, { Policy });
  expect((await server.sts(guest).getCallerIdentity({})).Arn).toBe(`arn:aws:sts::${account}:federated-user/guest`);
  await server.ec2(guest).describeRegions({});
  expect([await codeOf(server.ec2(guest).createVpc({ CidrBlock: "10.0.0.0/16" })), await codeOf(server.ec2(guest).describeInstances({}))]).toEqual([denied, denied]);
  await server.ec2(await federate(account, { Policy })).describeRegions({});
  expect([await codeOf(server.ec2(await federate(account)).describeRegions({})), await codeOf(server.ec2(await federate(account, { Policy })).describeInstances({}))]).toEqual([denied, denied]);
});

test("A refusal's encoded message says why, to whom the account lets read it", async () => {
  await using server = await openTestServer();
  const ann = await createUser(server, "ann", { Sid: "No", Effect: "Deny", Action: "ec2:CreateVpc" });
  const { message } = await refusal(server.ec2(ann).createVpc({ CidrBlock: "10.0.0.0/16" }));
  const EncodedMessage = /message: (\S+)$/.exec(message)?.[1];
  const { DecodedMessage: decoded = "" } = await server.sts().decodeAuthorizationMessage({ EncodedMessage });
  expect(JSON.parse(decoded)).toMatchObject({
    allowed: false,
    explicitDeny: true,
    matchedStatements: { items: [{ policy: "user_ann_own", statementId: "No", effect: "DENY" }] },
    context: { principal: { arn: `arn:aws:iam::${account}:user/ann` }, action: "ec2:CreateVpc", resource: `arn:aws:ec2:us-east-1:${account}:vpc/*` },
  });
  expect([await codeOf(server.sts(ann).decodeAuthorizationMessage({ EncodedMessage })), await codeOf(server.sts(otherAccount).decodeAuthorizationMessage({ EncodedMessage })), await codeOf(server.sts().decodeAuthorizationMessage({ EncodedMessage: "abc" }))]).toEqual([
    "AccessDenied",
    "InvalidAuthorizationMessageException",
    "InvalidAuthorizationMessageException",
  ]);
});

test("GetAccessKeyInfo names a key's account", async () => {
  await using server = await openTestServer();
  const { accessKeyId } = await createUser(server, "ann");
  await allowUser(server, "ann");
  expect([(await server.sts(otherAccount).getAccessKeyInfo({ AccessKeyId: accessKeyId })).Account, await codeOf(server.sts().getAccessKeyInfo({ AccessKeyId: "AKIA0000000000000000" }))]).toEqual([account, "InvalidClientTokenId"]);
});
