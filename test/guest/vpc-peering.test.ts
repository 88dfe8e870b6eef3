/** What guests of two VPCs can send each other before, while and after these are peered. */
import type { EC2, IpPermission } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringUp, type TestInstallation } from "../installation/installation.ts";
import { answerPort, everywhere, VpcGuests, type Place } from "../installation/vpc-guests.ts";

const logins: IpPermission = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everywhere }] };
const soon = { interval: 500 };

let installation: TestInstallation;
let guests: VpcGuests;
let ec2: EC2;
let home: Place;

beforeAll(async () => {
  installation = await bringUp({ withSsh: false });
  guests = await VpcGuests.open(installation);
  ({ ec2 } = guests);
  home = await guests.defaultSubnet("us-east-1b");
});

afterAll(async () => {
  guests?.[Symbol.dispose]();
  await installation?.[Symbol.asyncDispose]();
});

/** In the VPC's main table. */
async function route(vpc: string, DestinationCidrBlock: string, VpcPeeringConnectionId: string): Promise<void> {
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpc] }, { Name: "association.main", Values: ["true"] }] });
  await ec2.createRoute({ RouteTableId: table?.RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId });
}

test("guests of two VPCs meet once these are peered and have routes and rules for each other, and no longer when the connection is deleted", async () => {
  const clients = await guests.createGroup("clients", home.vpc, logins);
  const client = await guests.launch("client", "paravirtual", { SubnetId: home.subnet, SecurityGroupIds: [clients] });
  const { VpcId = "" } = (await ec2.createVpc({ CidrBlock: "10.42.0.0/16" })).Vpc ?? {};
  const { SubnetId = "" } = (await ec2.createSubnet({ VpcId, CidrBlock: "10.42.0.0/24", AvailabilityZone: "us-east-1a" })).Subnet ?? {};
  const { GroupId = "" } = await ec2.createSecurityGroup({ GroupName: "neighbours", Description: "neighbours", VpcId });
  const neighbour = await guests.launch("neighbour", "paravirtual", { SubnetId, SecurityGroupIds: [GroupId] });
  await guests.untilAnswering([client]);
  const address = await guests.privateAddress(neighbour);
  expect(await guests.whoAnswers(client, address)).toBe("");

  const { VpcPeeringConnectionId = "" } = (await ec2.createVpcPeeringConnection({ VpcId: home.vpc, PeerVpcId: VpcId })).VpcPeeringConnection ?? {};
  await ec2.acceptVpcPeeringConnection({ VpcPeeringConnectionId });
  await route(home.vpc, "10.42.0.0/16", VpcPeeringConnectionId);
  await expect.poll(() => guests.whatStops(client, `${neighbour}:${answerPort}`), soon).toMatchObject({ hop: "security-group-in", at: GroupId });
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [{ IpProtocol: "tcp", FromPort: answerPort, ToPort: answerPort, UserIdGroupPairs: [{ GroupId: clients }] }] });
  await expect.poll(() => guests.whatStops(client, `${neighbour}:${answerPort}`), soon).toMatchObject({ hop: "answer" });
  expect(await guests.whoAnswers(client, address)).toBe("");
  await route(VpcId, "172.31.0.0/16", VpcPeeringConnectionId);
  await expect.poll(() => guests.whoAnswers(client, address), soon).toBe("neighbour");
  expect((await guests.reach(client, `${neighbour}:${answerPort}`)).outcome).toBe("passes");

  await ec2.deleteVpcPeeringConnection({ VpcPeeringConnectionId });
  await expect.poll(() => guests.whoAnswers(client, address), soon).toBe("");
  expect(await guests.whatStops(client, `${neighbour}:${answerPort}`)).toMatchObject({ hop: "route", rule: "10.42.0.0/16" });
});

test("two VPCs with the same addresses cannot be peered", async () => {
  const { VpcId = "" } = (await ec2.createVpc({ CidrBlock: "172.31.0.0/16" })).Vpc ?? {};
  const { VpcPeeringConnection: made } = await ec2.createVpcPeeringConnection({ VpcId: home.vpc, PeerVpcId: VpcId });
  const { VpcPeeringConnections: [found] = [] } = await ec2.describeVpcPeeringConnections({ VpcPeeringConnectionIds: [made?.VpcPeeringConnectionId ?? ""] });
  expect(found?.Status?.Code).toBe("failed");
});
