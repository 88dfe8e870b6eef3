/** Asking what policies would decide, and seeing all of them at once. */
import type { GetAccountAuthorizationDetailsCommandOutput } from "@aws-sdk/client-iam";
import { expect, test } from "vitest";
import { createUser, policyOf } from "./identity-steps.ts";
import { account, codeOf, openTestServer } from "./test-server.ts";

const instance = `arn:aws:ec2:us-east-1:${account}:instance/i-1`;

test("SimulateCustomPolicy decides by the policies of the request, and names which", async () => {
  await using server = await openTestServer();
  const { EvaluationResults: results = [] } = await server.iam().simulateCustomPolicy({
    PolicyInputList: [policyOf({ Action: "ec2:*", Condition: { StringEquals: { "ec2:ResourceTag/owner": "ann" } } }), policyOf({ Effect: "Deny", Action: "ec2:TerminateInstances" })],
    ActionNames: ["ec2:StopInstances", "ec2:TerminateInstances", "iam:CreateUser"],
    ResourceArns: [instance],
    ContextEntries: [{ ContextKeyName: "ec2:ResourceTag/owner", ContextKeyValues: ["ann"], ContextKeyType: "string" }],
  });
  expect(results.map(({ EvalActionName, EvalDecision, MatchedStatements }) => [EvalActionName, EvalDecision, MatchedStatements?.map(({ SourcePolicyId }) => SourcePolicyId)])).toEqual([
    ["ec2:StopInstances", "allowed", ["PolicyInputList.1"]],
    ["ec2:TerminateInstances", "explicitDeny", ["PolicyInputList.2"]],
    ["iam:CreateUser", "implicitDeny", []],
  ]);
  expect(await codeOf(server.iam().simulateCustomPolicy({ PolicyInputList: ["{}"], ActionNames: ["ec2:StopInstances"] }))).toBe("MalformedPolicyDocument");
});

test("SimulatePrincipalPolicy decides by what an identity has, its groups' policies and its boundary too", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  await createUser(server, "ann", { Action: "ec2:StopInstances", Condition: { StringEquals: { "aws:username": "ann" } } });
  await iam.createGroup({ GroupName: "crew" });
  await iam.attachGroupPolicy({ GroupName: "crew", PolicyArn: "arn:aws:iam::aws:policy/IAMFullAccess" });
  await iam.addUserToGroup({ GroupName: "crew", UserName: "ann" });
  const ask = async (more: object = {}) => {
    const asked = { PolicySourceArn: `arn:aws:iam::${account}:user/ann`, ActionNames: ["ec2:StopInstances", "iam:CreateUser", "ec2:RunInstances"], ...more };
    return (await iam.simulatePrincipalPolicy(asked)).EvaluationResults?.map(({ EvalDecision }) => EvalDecision);
  };
  expect(await ask()).toEqual(["allowed", "allowed", "implicitDeny"]);
  expect(await ask({ PolicyInputList: [policyOf({ Action: "ec2:RunInstances" })] })).toEqual(["allowed", "allowed", "allowed"]);
  await iam.putUserPermissionsBoundary({ UserName: "ann", PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonEC2FullAccess" });
  expect(await ask()).toEqual(["allowed", "implicitDeny", "implicitDeny"]);
  expect([await codeOf(ask({ PolicySourceArn: `arn:aws:iam::${account}:user/nobody` })), await codeOf(ask({ PolicySourceArn: "ann" }))]).toEqual(["NoSuchEntity", "InvalidInput"]);
});

test("GetAccountAuthorizationDetails shows every identity with its policies, page by page", async () => {
  await using server = await openTestServer();
  const iam = server.iam();
  await createUser(server, "ann", { Action: "ec2:*" });
  await iam.createGroup({ GroupName: "crew" });
  await iam.addUserToGroup({ GroupName: "crew", UserName: "ann" });
  await iam.createRole({ RoleName: "web", AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" } }) });
  await iam.attachRolePolicy({ RoleName: "web", PolicyArn: (await iam.createPolicy({ PolicyName: "p", PolicyDocument: policyOf({ Action: "ec2:*" }) })).Policy?.Arn });
  const own = await iam.getAccountAuthorizationDetails({ Filter: ["User", "Group", "Role", "LocalManagedPolicy"] });
  expect(own.UserDetailList?.map(({ UserName, GroupList, UserPolicyList }) => [UserName, GroupList, UserPolicyList?.map(({ PolicyName }) => PolicyName)])).toEqual([["ann", ["crew"], ["own"]], ["powerless", [], []]]);
  expect([own.GroupDetailList?.map(({ GroupName }) => GroupName), own.RoleDetailList?.map(({ AttachedManagedPolicies }) => AttachedManagedPolicies?.map(({ PolicyName }) => PolicyName)), own.Policies?.map(({ AttachmentCount }) => AttachmentCount)]).toEqual([["crew"], [["p"]], [1]]);
  let [Marker, count]: [string | undefined, number] = [undefined, 0];
  do {
    const page: GetAccountAuthorizationDetailsCommandOutput = await iam.getAccountAuthorizationDetails({ MaxItems: 7, ...(Marker === undefined ? {} : { Marker }) });
    count += [page.UserDetailList, page.GroupDetailList, page.RoleDetailList, page.Policies].flatMap((list) => list ?? []).length;
    Marker = page.Marker;
  } while (Marker !== undefined);
  expect(count).toBe(5 + ((await iam.listPolicies({ Scope: "AWS" })).Policies?.length ?? 0));
});
