/** A VPC of one's own to try things in: 10.0.0.0/16 with a subnet 10.0.0.0/24 in zone a. */
import type { EC2 } from "@aws-sdk/client-ec2";
import { ipv6SubnetBlock } from "../installation/ipv6.ts";
import type { TestServer } from "./test-server.ts";

export interface VpcParts {
  readonly ec2: EC2;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly mainTable: string;
}

export async function makeVpc(server: TestServer): Promise<VpcParts> {
  const ec2 = server.ec2();
  const { Vpc: vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
  const vpcId = vpc?.VpcId ?? "";
  const subnetId = await makeSubnet(ec2, vpcId, "10.0.0.0/24");
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  return { ec2, vpcId, subnetId, mainTable: table?.RouteTableId ?? "" };
}

export async function makeSubnet(ec2: EC2, VpcId: string, CidrBlock: string, AvailabilityZone = "us-east-1a"): Promise<string> {
  return (await ec2.createSubnet({ VpcId, CidrBlock, AvailabilityZone })).Subnet?.SubnetId ?? "";
}

/** An internet gateway attached to the VPC. */
export async function attachGateway(ec2: EC2, VpcId: string): Promise<string> {
  const { InternetGateway: gateway } = await ec2.createInternetGateway({});
  const InternetGatewayId = gateway?.InternetGatewayId ?? "";
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
  return InternetGatewayId;
}

/** A request for a peering connection between the account's VPCs: its id. */
export async function askForPeering(ec2: EC2, VpcId: string, PeerVpcId: string | undefined): Promise<string> {
  return (await ec2.createVpcPeeringConnection({ VpcId, PeerVpcId })).VpcPeeringConnection?.VpcPeeringConnectionId ?? "";
}

/** The first three blocks that subnets may have of the VPC's IPv6 block. */
export async function ipv6CidrsOf(ec2: EC2, VpcId: string): Promise<string[]> {
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ VpcIds: [VpcId] });
  const block = vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? "";
  return [1, 2, 3].map((number) => ipv6SubnetBlock(block, number));
}
