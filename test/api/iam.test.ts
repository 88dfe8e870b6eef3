/** IAM's operations: identities come, are changed and go, and every refusal has IAM's own code. */
import { expect, test } from "vitest";
import { policyOf } from "./identity-steps.ts";
import { account, codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

const trust = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" } });
const everything = policyOf({ Action: "*" });
const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";

test("Users are created, shown, renamed, tagged and deleted", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  const { User: user } = await iam.createUser({ UserName: "Ann", Path: "/people/", Tags: [{ Key: "team", Value: "sea" }] });
  expect(user).toEqual({ Path: "/people/", UserName: "Ann", UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/), Arn: `arn:aws:iam::${account}:user/people/Ann`, CreateDate: expect.any(Date), Tags: [{ Key: "team", Value: "sea" }] });
  expect((await iam.getUser({ UserName: "Ann" })).User).toEqual(user);
  await iam.tagUser({ UserName: "Ann", Tags: [{ Key: "TEAM", Value: "sky" }, { Key: "a", Value: "" }] });
  await iam.untagUser({ UserName: "Ann", TagKeys: ["a"] });
  expect((await iam.listUserTags({ UserName: "Ann" })).Tags).toEqual([{ Key: "TEAM", Value: "sky" }]);
  await iam.updateUser({ UserName: "Ann", NewUserName: "Bea", NewPath: "/" });
  expect((await iam.listUsers({})).Users?.map(({ Arn, UserId }) => [Arn, UserId])).toEqual([
    [`arn:aws:iam::${account}:user/Bea`, user?.UserId],
    [`arn:aws:iam::${account}:user/powerless`, expect.any(String)],
  ]);
  expect((await iam.listUsers({ PathPrefix: "/people/" })).Users).toEqual([]);
  expect(await refusal(iam.createUser({ UserName: "BEA" }))).toEqual({ code: "EntityAlreadyExists", message: "User with name BEA already exists.", status: 409 });
  await iam.deleteUser({ UserName: "Bea" });
  expect(await refusal(iam.getUser({ UserName: "Bea" }))).toEqual({ code: "NoSuchEntity", message: "The user with name Bea cannot be found.", status: 404 });
});

test("Another account's identities do not exist", async () => {
  await using server = await openTestServer();
  await server.iam().createUser({ UserName: "ann" });
  const theirs = server.iam(otherAccount);
  expect([await codeOf(theirs.getUser({ UserName: "ann" })), (await theirs.listUsers({})).Users]).toEqual(["NoSuchEntity", []]);
});

test("Lists come in pages by Marker", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  for (const name of ["a", "b", "c"]) await iam.createGroup({ GroupName: name });
  const first = await iam.listGroups({ MaxItems: 2 });
  const second = await iam.listGroups({ MaxItems: 2, Marker: first.Marker });
  expect([first.Groups?.map(({ GroupName }) => GroupName), first.IsTruncated, second.Groups?.map(({ GroupName }) => GroupName), second.IsTruncated]).toEqual([["a", "b"], true, ["c"], false]);
  expect([await codeOf(iam.listGroups({ Marker: "made-up" })), await codeOf(iam.listRoles({ Marker: first.Marker }))]).toEqual(["ValidationError", "ValidationError"]);
});

test("Groups have users, and nothing goes while something is of it", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  await iam.createUser({ UserName: "ann" });
  await iam.createGroup({ GroupName: "crew" });
  await iam.addUserToGroup({ GroupName: "crew", UserName: "ann" });
  await iam.attachGroupPolicy({ GroupName: "crew", PolicyArn: readOnly });
  expect([(await iam.getGroup({ GroupName: "crew" })).Users?.map(({ UserName }) => UserName), (await iam.listGroupsForUser({ UserName: "ann" })).Groups?.map(({ GroupName }) => GroupName)]).toEqual([["ann"], ["crew"]]);
  expect(await refusal(iam.deleteGroup({ GroupName: "crew" }))).toMatchObject({ code: "DeleteConflict", status: 409, message: "Cannot delete entity, must detach all policies first." });
  await iam.detachGroupPolicy({ GroupName: "crew", PolicyArn: readOnly });
  expect([await codeOf(iam.deleteGroup({ GroupName: "crew" })), await codeOf(iam.deleteUser({ UserName: "ann" }))]).toEqual(["DeleteConflict", "DeleteConflict"]);
  await iam.removeUserFromGroup({ GroupName: "crew", UserName: "ann" });
  expect(await codeOf(iam.removeUserFromGroup({ GroupName: "crew", UserName: "ann" }))).toBe("NoSuchEntity");
  await iam.deleteGroup({ GroupName: "crew" });
  await iam.deleteUser({ UserName: "ann" });
});

test("Roles and instance profiles", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  const { Role: role } = await iam.createRole({ RoleName: "web", AssumeRolePolicyDocument: trust, Description: "d" });
  expect([decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""), role?.MaxSessionDuration, role?.Description, role?.Arn]).toEqual([trust, 3600, "d", `arn:aws:iam::${account}:role/web`]);
  await iam.updateRole({ RoleName: "web", MaxSessionDuration: 7200 });
  await iam.createInstanceProfile({ InstanceProfileName: "web", Tags: [{ Key: "a", Value: "b" }] });
  await iam.addRoleToInstanceProfile({ InstanceProfileName: "web", RoleName: "web" });
  const { InstanceProfile: profile } = await iam.getInstanceProfile({ InstanceProfileName: "web" });
  expect([profile?.Roles?.map(({ RoleName, MaxSessionDuration }) => [RoleName, MaxSessionDuration]), profile?.Tags]).toEqual([[["web", 7200]], [{ Key: "a", Value: "b" }]]);
  expect((await iam.listInstanceProfilesForRole({ RoleName: "web" })).InstanceProfiles?.map(({ InstanceProfileName }) => InstanceProfileName)).toEqual(["web"]);
  await iam.createRole({ RoleName: "other", AssumeRolePolicyDocument: trust });
  expect([
    await codeOf(iam.addRoleToInstanceProfile({ InstanceProfileName: "web", RoleName: "other" })),
    await codeOf(iam.deleteRole({ RoleName: "web" })),
    await codeOf(iam.deleteInstanceProfile({ InstanceProfileName: "web" })),
    await codeOf(iam.createRole({ RoleName: "bad", AssumeRolePolicyDocument: everything })),
    await codeOf(iam.updateAssumeRolePolicy({ RoleName: "web", PolicyDocument: "{" })),
    await codeOf(iam.updateRole({ RoleName: "web", MaxSessionDuration: 60 })),
  ]).toEqual(["LimitExceeded", "DeleteConflict", "DeleteConflict", "MalformedPolicyDocument", "MalformedPolicyDocument", "ValidationError"]);
  await iam.removeRoleFromInstanceProfile({ InstanceProfileName: "web", RoleName: "web" });
  await iam.deleteInstanceProfile({ InstanceProfileName: "web" });
  await iam.deleteRole({ RoleName: "web" });
});

test("Managed policies have versions, and are not deleted while they are used", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  const { Policy: policy } = await iam.createPolicy({ PolicyName: "p", Path: "/x/", PolicyDocument: everything, Description: "d" });
  const PolicyArn = policy?.Arn ?? "";
  expect(policy).toMatchObject({ PolicyName: "p", Arn: `arn:aws:iam::${account}:policy/x/p`, DefaultVersionId: "v1", AttachmentCount: 0, IsAttachable: true });
  const { PolicyVersion: second } = await iam.createPolicyVersion({ PolicyArn, PolicyDocument: policyOf({ Action: "ec2:*" }), SetAsDefault: true });
  expect([second?.VersionId, second?.IsDefaultVersion]).toEqual(["v2", true]);
  const { PolicyVersion: read } = await iam.getPolicyVersion({ PolicyArn, VersionId: "v1" });
  expect([decodeURIComponent(read?.Document ?? ""), read?.IsDefaultVersion]).toEqual([everything, false]);
  await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: "v1" });
  expect((await iam.listPolicyVersions({ PolicyArn })).Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion])).toEqual([["v2", false], ["v1", true]]);
  for (const _each of [3, 4, 5]) await iam.createPolicyVersion({ PolicyArn, PolicyDocument: everything });
  await iam.attachUserPolicy({ UserName: "powerless", PolicyArn });
  expect((await iam.listEntitiesForPolicy({ PolicyArn })).PolicyUsers?.map(({ UserName }) => UserName)).toEqual(["powerless"]);
  expect([
    await codeOf(iam.createPolicyVersion({ PolicyArn, PolicyDocument: everything })),
    await codeOf(iam.deletePolicyVersion({ PolicyArn, VersionId: "v1" })),
    await codeOf(iam.deletePolicy({ PolicyArn })),
    await codeOf(iam.createPolicy({ PolicyName: "P", PolicyDocument: everything })),
    await codeOf(iam.createPolicy({ PolicyName: "old", PolicyDocument: everything.replace("2012", "2008") })),
    await codeOf(iam.getPolicy({ PolicyArn: `${PolicyArn}x` })),
    await codeOf(iam.deletePolicy({ PolicyArn: readOnly })),
  ]).toEqual(["LimitExceeded", "DeleteConflict", "DeleteConflict", "EntityAlreadyExists", "MalformedPolicyDocument", "NoSuchEntity", "InvalidInput"]);
  await iam.detachUserPolicy({ UserName: "powerless", PolicyArn });
  for (const VersionId of ["v2", "v3", "v4", "v5"]) await iam.deletePolicyVersion({ PolicyArn, VersionId });
  await iam.deletePolicy({ PolicyArn });
  expect((await iam.listPolicies({ Scope: "Local" })).Policies).toEqual([]);
});

test("The policies that everybody has are there, and can be read", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  const { Policies: policies = [] } = await iam.listPolicies({ Scope: "AWS" });
  const names = policies.map(({ PolicyName }) => PolicyName);
  for (const name of ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "AmazonEC2FullAccess", "AmazonEC2ReadOnlyAccess", "AmazonSSMManagedInstanceCore", "EC2InstanceConnect", "IAMFullAccess"]) expect(names).toContain(name);
  expect(new Set(policies.map(({ PolicyId }) => PolicyId)).size).toBe(policies.length);
  for (const { Arn: PolicyArn } of policies) {
    const { PolicyVersion: version } = await iam.getPolicyVersion({ PolicyArn, VersionId: "v1" });
    expect(JSON.parse(decodeURIComponent(version?.Document ?? ""))).toMatchObject({ Version: "2012-10-17" });
    await iam.attachUserPolicy({ UserName: "powerless", PolicyArn });
    await iam.detachUserPolicy({ UserName: "powerless", PolicyArn });
  }
});

test("Inline policies, attached ones and boundaries", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  const UserName = "powerless";
  await iam.putUserPolicy({ UserName, PolicyName: "a", PolicyDocument: everything });
  expect([decodeURIComponent((await iam.getUserPolicy({ UserName, PolicyName: "a" })).PolicyDocument ?? ""), (await iam.listUserPolicies({ UserName })).PolicyNames]).toEqual([everything, ["a"]]);
  await iam.attachUserPolicy({ UserName, PolicyArn: readOnly });
  await iam.attachUserPolicy({ UserName, PolicyArn: readOnly });
  expect((await iam.listAttachedUserPolicies({ UserName })).AttachedPolicies).toEqual([{ PolicyName: "ReadOnlyAccess", PolicyArn: readOnly }]);
  await iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: readOnly });
  expect((await iam.getUser({ UserName })).User?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(readOnly);
  await iam.deleteUserPermissionsBoundary({ UserName });
  expect((await iam.getUser({ UserName })).User?.PermissionsBoundary).toBeUndefined();
  expect([
    await codeOf(iam.putUserPolicy({ UserName, PolicyName: "b", PolicyDocument: policyOf({ Action: "*", Resource: `arn:aws:ec2:*:*:instance/${"x".repeat(2100)}` }) })),
    await codeOf(iam.putUserPolicy({ UserName, PolicyName: "b", PolicyDocument: "[]" })),
    await codeOf(iam.getUserPolicy({ UserName, PolicyName: "b" })),
    await codeOf(iam.attachUserPolicy({ UserName, PolicyArn: "arn:aws:iam::aws:policy/NoSuchAccess" })),
    await codeOf(iam.detachUserPolicy({ UserName, PolicyArn: "arn:aws:iam::aws:policy/IAMFullAccess" })),
    await codeOf(iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: "arn:aws:iam::aws:policy/NoSuchAccess" })),
  ]).toEqual(["LimitExceeded", "MalformedPolicyDocument", "NoSuchEntity", "NoSuchEntity", "NoSuchEntity", "NoSuchEntity"]);
  await iam.deleteUserPolicy({ UserName, PolicyName: "a" });
  expect((await iam.listUserPolicies({ UserName })).PolicyNames).toEqual([]);
});

test("Access keys work until they are switched off or deleted, and there are two at most", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  await iam.createUser({ UserName: "ann" });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: "ann" });
  const credentials = { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" };
  const whoAmI = () => server.sts(credentials).getCallerIdentity({});
  const { User: user } = await iam.getUser({ UserName: "ann" });
  const { UserId, Account, Arn } = await whoAmI();
  expect([UserId, Account, Arn]).toEqual([user?.UserId, account, user?.Arn]);
  await iam.createAccessKey({ UserName: "ann" });
  expect([await codeOf(iam.createAccessKey({ UserName: "ann" })), await codeOf(iam.deleteUser({ UserName: "ann" }))]).toEqual(["LimitExceeded", "DeleteConflict"]);
  await iam.updateAccessKey({ UserName: "ann", AccessKeyId: credentials.accessKeyId, Status: "Inactive" });
  expect([await codeOf(whoAmI()), (await iam.listAccessKeys({ UserName: "ann" })).AccessKeyMetadata?.map(({ Status }) => Status).toSorted()]).toEqual(["InvalidClientTokenId", ["Active", "Inactive"]]);
  await iam.updateAccessKey({ UserName: "ann", AccessKeyId: credentials.accessKeyId, Status: "Active" });
  await whoAmI();
  await iam.deleteAccessKey({ UserName: "ann", AccessKeyId: credentials.accessKeyId });
  expect([await codeOf(whoAmI()), await codeOf(iam.deleteAccessKey({ UserName: "ann", AccessKeyId: credentials.accessKeyId }))]).toEqual(["InvalidClientTokenId", "NoSuchEntity"]);
  expect(await server.dump()).not.toContain(credentials.secretAccessKey);
});
