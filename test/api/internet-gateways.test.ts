import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { account, openTestServer, otherAccount, refusal } from "./test-server.ts";
import { attachGateway, makeVpc } from "./vpc-parts.ts";

const unknown = "igw-0123456789abcdef0";

test("An internet gateway has one VPC, and a VPC one internet gateway", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId } = await makeVpc(server);
  const InternetGatewayId = await attachGateway(ec2, VpcId);
  const { InternetGateway: other } = await ec2.createInternetGateway({ TagSpecifications: [{ ResourceType: "internet-gateway", Tags: [{ Key: "Name", Value: "other" }] }] });
  expect([other?.Attachments, other?.OwnerId, other?.Tags]).toEqual([[], account, [{ Key: "Name", Value: "other" }]]);
  const { Vpc: second } = await ec2.createVpc({ CidrBlock: "10.9.0.0/16" });
  await expectRefusals(server, [
    [() => ec2.attachInternetGateway({ InternetGatewayId, VpcId }), "Resource.AlreadyAssociated"],
    [() => ec2.attachInternetGateway({ InternetGatewayId, VpcId: second?.VpcId }), "Resource.AlreadyAssociated"],
    [() => ec2.attachInternetGateway({ InternetGatewayId: other?.InternetGatewayId, VpcId }), "Resource.AlreadyAssociated"],
    [() => ec2.attachInternetGateway({ InternetGatewayId: unknown, VpcId }), "InvalidInternetGatewayID.NotFound"],
    [() => ec2.attachInternetGateway({ InternetGatewayId: other?.InternetGatewayId, VpcId: "vpc-0123456789abcdef0" }), "InvalidVpcID.NotFound"],
    [() => ec2.attachInternetGateway({ InternetGatewayId: other?.InternetGatewayId, VpcId: second?.VpcId, DryRun: true }), "DryRunOperation"],
    [() => ec2.detachInternetGateway({ InternetGatewayId, VpcId: second?.VpcId }), "Gateway.NotAttached"],
    [() => ec2.detachInternetGateway({ InternetGatewayId, VpcId, DryRun: true }), "DryRunOperation"],
    [() => ec2.deleteInternetGateway({ InternetGatewayId }), "DependencyViolation"],
    [() => ec2.deleteInternetGateway({ InternetGatewayId: unknown }), "InvalidInternetGatewayID.NotFound"],
    [() => server.ec2(otherAccount).deleteInternetGateway({ InternetGatewayId: other?.InternetGatewayId }), "InvalidInternetGatewayID.NotFound"],
    [() => ec2.createInternetGateway({ DryRun: true }), "DryRunOperation"],
  ]);
  await ec2.detachInternetGateway({ InternetGatewayId, VpcId });
  await ec2.deleteInternetGateway({ InternetGatewayId });
  await ec2.attachInternetGateway({ InternetGatewayId: other?.InternetGatewayId, VpcId });
  const { InternetGateways: found } = await ec2.describeInternetGateways({ Filters: [{ Name: "attachment.vpc-id", Values: [VpcId] }] });
  expect(found?.map((each) => [each.InternetGatewayId, each.Attachments])).toEqual([[other?.InternetGatewayId, [{ State: "available", VpcId }]]]);
});

test("A gateway stays while public addresses are in use behind it, and an account has five at most", async () => {
  await using server = await openTestServer();
  const { vpcId } = await launchOne(server);
  const ec2 = server.ec2();
  const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({});
  expect(await refusal(ec2.detachInternetGateway({ InternetGatewayId: gateway?.InternetGatewayId, VpcId: vpcId }))).toEqual({
    code: "DependencyViolation",
    message: `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
    status: 400,
  });
  for (let count = 1; count < 5; count++) await ec2.createInternetGateway({});
  await expectRefusals(server, [[() => ec2.createInternetGateway({}), "InternetGatewayLimitExceeded"]]);
});
