import * as ebs from "@aws-sdk/client-ebs";
import * as connect from "@aws-sdk/client-ec2-instance-connect";
import * as iam from "@aws-sdk/client-iam";
import * as ssm from "@aws-sdk/client-ssm";
import * as sts from "@aws-sdk/client-sts";
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loopback, openLoopback, testCredentials } from "./sdk-loopback.ts";
import { WireError } from "./wire-error.ts";

let loopback: Loopback;
let output: object | WireError = {};

beforeAll(async () => {
  loopback = await openLoopback(() => {
    if (output instanceof WireError) throw output;
    return output;
  });
});

afterAll(() => loopback[Symbol.asyncDispose]());

const options = () => ({ endpoint: loopback.endpoint, region: "us-east-1", credentials: testCredentials, maxAttempts: 1 });
const at = new Date("2026-02-03T04:05:06.000Z");

/** What the service understood and what the client received, when the service answers with `answer`. */
async function exchange(send: () => Promise<object>, answer: object): Promise<{ understood: object | undefined; received: object }> {
  output = answer;
  const received = Object.fromEntries(Object.entries(await send()).filter(([key]) => key !== "$metadata"));
  return { understood: loopback.understood.at(-1), received };
}

async function failure(send: () => Promise<object>, error: WireError): Promise<unknown> {
  output = error;
  return send().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe("the unmodified STS client", () => {
  test("sends lists and receives credentials of AssumeRole", async () => {
    const input = { RoleArn: "arn:aws:iam::123456789012:role/a", RoleSessionName: "s", DurationSeconds: 900, PolicyArns: [{ arn: "arn:1" }, { arn: "arn:2" }], Tags: [{ Key: "k", Value: "" }] };
    const answer = {
      Credentials: { AccessKeyId: "ASIA", SecretAccessKey: "s", SessionToken: "t+/=", Expiration: at },
      AssumedRoleUser: { AssumedRoleId: "AROA:s", Arn: "arn:aws:sts::123456789012:assumed-role/a/s" },
      PackedPolicySize: 6,
    };
    const { understood, received } = await exchange(() => new sts.STSClient(options()).send(new sts.AssumeRoleCommand(input)), answer);
    expect(understood).toEqual({ service: "sts", action: "AssumeRole", input });
    expect(received).toEqual(answer);
  });

  test("asks who it is without input", async () => {
    const answer = { UserId: "AIDA", Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/me" };
    const { understood, received } = await exchange(() => new sts.STSClient(options()).send(new sts.GetCallerIdentityCommand({})), answer);
    expect(understood).toEqual({ service: "sts", action: "GetCallerIdentity", input: {} });
    expect(received).toEqual(answer);
  });

  test("sees a modelled error as its own class", async () => {
    const send = () => new sts.STSClient(options()).send(new sts.AssumeRoleCommand({ RoleArn: "a", RoleSessionName: "b" }));
    expect(await failure(send, new WireError("MalformedPolicyDocument", "bad <policy>"))).toMatchObject({ name: "MalformedPolicyDocumentException", message: "bad <policy>" });
  });
});

describe("the unmodified IAM client", () => {
  test("creates a role with a policy document and tags", async () => {
    const input = { RoleName: "r", Path: "/p/", AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}', MaxSessionDuration: 3600, Tags: [{ Key: "a", Value: "b&c" }, { Key: "d", Value: "" }] };
    const answer = { Role: { Path: "/p/", RoleName: "r", RoleId: "AROA", Arn: "arn:r", CreateDate: at, AssumeRolePolicyDocument: "%7B%7D", Tags: [] } };
    const { understood, received } = await exchange(() => new iam.IAMClient(options()).send(new iam.CreateRoleCommand(input)), answer);
    expect(understood).toEqual({ service: "iam", action: "CreateRole", input });
    expect(received).toEqual(answer);
  });

  test("simulates with nested lists and receives a map", async () => {
    const input = { PolicySourceArn: "arn:x", ActionNames: ["ec2:RunInstances", "ec2:StopInstances"], ContextEntries: [{ ContextKeyName: "k", ContextKeyValues: ["1", "2"], ContextKeyType: "string" as const }] };
    const answer = { EvaluationResults: [{ EvalActionName: "ec2:RunInstances", EvalDecision: "allowed", EvalDecisionDetails: { "IAM Policy": "allowed", __proto__x: "explicitDeny" }, MatchedStatements: [], MissingContextValues: ["a"] }], IsTruncated: false };
    const { understood, received } = await exchange(() => new iam.IAMClient(options()).send(new iam.SimulatePrincipalPolicyCommand(input)), answer);
    expect(understood).toEqual({ service: "iam", action: "SimulatePrincipalPolicy", input });
    expect(received).toEqual(answer);
  });

  test("receives nothing from an action that answers nothing", async () => {
    const { understood, received } = await exchange(() => new iam.IAMClient(options()).send(new iam.DeleteUserCommand({ UserName: "me" })), {});
    expect(understood).toEqual({ service: "iam", action: "DeleteUser", input: { UserName: "me" } });
    expect(received).toEqual({});
  });

  test("sees NoSuchEntity with its status", async () => {
    const send = () => new iam.IAMClient(options()).send(new iam.GetUserCommand({ UserName: "me" }));
    expect(await failure(send, new WireError("NoSuchEntity", "no me", 404))).toMatchObject({ name: "NoSuchEntityException", $metadata: { httpStatusCode: 404 } });
  });
});

describe("the unmodified SSM client", () => {
  test("describes instances with filters and receives times", async () => {
    const input = { Filters: [{ Key: "PingStatus", Values: ["Online"] }], MaxResults: 5 };
    const answer = { InstanceInformationList: [{ InstanceId: "i-1", PingStatus: "Online", LastPingDateTime: new Date("2026-02-03T04:05:06.789Z"), IsLatestVersion: true, AssociationOverview: { InstanceAssociationStatusAggregatedCount: { Success: 2 } } }], NextToken: "n" };
    const { understood, received } = await exchange(() => new ssm.SSMClient(options()).send(new ssm.DescribeInstanceInformationCommand(input)), answer);
    expect(understood).toEqual({ service: "ssm", action: "DescribeInstanceInformation", input });
    expect(received).toEqual(answer);
  });

  test("sends a map of lists", async () => {
    const input = { DocumentName: "AWS-RunShellScript", InstanceIds: ["i-1"], Parameters: { commands: ["uptime", "echo 'é'"], constructor: [""] }, TimeoutSeconds: 60 };
    const { understood, received } = await exchange(() => new ssm.SSMClient(options()).send(new ssm.SendCommandCommand(input)), { Command: { CommandId: "c", Parameters: { commands: ["uptime"] }, RequestedDateTime: at } });
    expect(understood).toEqual({ service: "ssm", action: "SendCommand", input });
    expect(received).toEqual({ Command: { CommandId: "c", Parameters: { commands: ["uptime"] }, RequestedDateTime: at } });
  });

  test("sees a modelled error with its message", async () => {
    const send = () => new ssm.SSMClient(options()).send(new ssm.SendCommandCommand({ DocumentName: "x" }));
    expect(await failure(send, new WireError("InvalidInstanceId", "no i-1"))).toMatchObject({ name: "InvalidInstanceId", message: "no i-1", $metadata: { httpStatusCode: 400 } });
  });
});

test("the unmodified Instance Connect client pushes a key", async () => {
  const input = { InstanceId: "i-1", InstanceOSUser: "admin", SSHPublicKey: "ssh-ed25519 AAAA me" };
  const answer = { RequestId: "r", Success: true };
  const { understood, received } = await exchange(() => new connect.EC2InstanceConnectClient(options()).send(new connect.SendSSHPublicKeyCommand(input)), answer);
  expect(understood).toEqual({ service: "ec2-instance-connect", action: "SendSSHPublicKey", input });
  expect(received).toEqual(answer);
});

describe("the unmodified EBS client", () => {
  const block = new Uint8Array(randomBytes(524_288));
  const checksum = createHash("sha256").update(block).digest("base64");

  test("writes a block", async () => {
    const input = { SnapshotId: "snap-1", BlockIndex: 7, DataLength: block.length, Checksum: checksum, ChecksumAlgorithm: "SHA256" as const, Progress: 50 };
    output = { Checksum: checksum, ChecksumAlgorithm: "SHA256" };
    const { $metadata, ...received } = await new ebs.EBSClient(options()).send(new ebs.PutSnapshotBlockCommand({ ...input, BlockData: block }));
    const { BlockData, ...rest } = loopback.understood.at(-1)?.input ?? {};
    expect(rest).toEqual(input);
    expect(BlockData instanceof Uint8Array && Buffer.compare(BlockData, block)).toBe(0);
    expect({ status: $metadata.httpStatusCode, received }).toEqual({ status: 201, received: output });
  });

  test("reads a block", async () => {
    output = { BlockData: block, DataLength: block.length, Checksum: checksum, ChecksumAlgorithm: "SHA256" };
    const { BlockData, DataLength } = await new ebs.EBSClient(options()).send(new ebs.GetSnapshotBlockCommand({ SnapshotId: "snap-1", BlockIndex: 7, BlockToken: "AAA+/=" }));
    const received = await BlockData?.transformToByteArray();
    expect(loopback.understood.at(-1)).toEqual({ service: "ebs", action: "GetSnapshotBlock", input: { SnapshotId: "snap-1", BlockIndex: 7, BlockToken: "AAA+/=" } });
    expect({ DataLength, same: Buffer.compare(Buffer.from(received ?? []), block) }).toEqual({ DataLength: 524_288, same: 0 });
  });

  test("lists blocks from a page of a snapshot with an odd name", async () => {
    const input = { SnapshotId: "snap/1 é", NextToken: "t&=+", MaxResults: 100, StartingBlockIndex: 0 };
    const answer = { Blocks: [{ BlockIndex: 0, BlockToken: "a" }], ExpiryTime: at, VolumeSize: 8, BlockSize: 524_288, NextToken: "n" };
    const { understood, received } = await exchange(() => new ebs.EBSClient(options()).send(new ebs.ListSnapshotBlocksCommand(input)), answer);
    expect(understood).toEqual({ service: "ebs", action: "ListSnapshotBlocks", input });
    expect(received).toEqual(answer);
  });

  test("starts and completes a snapshot", async () => {
    const start = { VolumeSize: 8, Tags: [{ Key: "a", Value: "b" }], Description: "d", ClientToken: "t", Timeout: 10 };
    const started = await exchange(() => new ebs.EBSClient(options()).send(new ebs.StartSnapshotCommand(start)), { SnapshotId: "snap-1", Status: "pending", BlockSize: 524_288, StartTime: at });
    expect(started).toEqual({ understood: { service: "ebs", action: "StartSnapshot", input: start }, received: { SnapshotId: "snap-1", Status: "pending", BlockSize: 524_288, StartTime: at } });
    const complete = { SnapshotId: "snap-1", ChangedBlocksCount: 1, ChecksumAggregationMethod: "LINEAR" as const };
    const completed = await exchange(() => new ebs.EBSClient(options()).send(new ebs.CompleteSnapshotCommand(complete)), { Status: "completed" });
    expect(completed).toEqual({ understood: { service: "ebs", action: "CompleteSnapshot", input: complete }, received: { Status: "completed" } });
  });

  test("sees a modelled error", async () => {
    const send = () => new ebs.EBSClient(options()).send(new ebs.ListSnapshotBlocksCommand({ SnapshotId: "snap-1" }));
    expect(await failure(send, new WireError("ResourceNotFoundException", "no snapshot", 404))).toMatchObject({ name: "ResourceNotFoundException", message: "no snapshot" });
  });
});
