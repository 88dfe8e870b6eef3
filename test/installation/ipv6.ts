/** IPv6 for an installation under test: its default VPC's subnets have it, and the way out is the internet gateway until another is asked for. */
import { connect } from "node:net";
import type { EC2 } from "@aws-sdk/client-ec2";
import { formatIpv6, formatIpv6Block, parseIpv6Block } from "../../src/base/ipv6.ts";
import type { Place } from "./vpc-guests.ts";

export interface OuterIpv6 {
  /** This machine's own address, as guests see it. */
  readonly machine: string;
  leaveBy(gateway: "internet" | "egress-only"): Promise<void>;
}

/** All places must be of one VPC. */
export async function giveIpv6(ec2: EC2, ...places: readonly [Place, ...Place[]]): Promise<OuterIpv6> {
  const VpcId = places[0].vpc;
  await ec2.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true });
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ VpcIds: [VpcId] });
  const block = vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? "";
  for (const [index, { subnet }] of places.entries()) await ec2.associateSubnetCidrBlock({ SubnetId: subnet, Ipv6CidrBlock: ipv6SubnetBlock(block, index + 1) });
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [VpcId] }, { Name: "association.main", Values: ["true"] }] });
  const GatewayId = table?.Routes?.find(({ DestinationCidrBlock: to }) => to === "0.0.0.0/0")?.GatewayId;
  const { EgressOnlyInternetGateway: egressOnly } = await ec2.createEgressOnlyInternetGateway({ VpcId });
  const route = { RouteTableId: table?.RouteTableId, DestinationIpv6CidrBlock: "::/0" };
  await ec2.createRoute({ ...route, GatewayId });
  return {
    machine: formatIpv6(((baseOf(block) >> 84n) << 84n) + 1n), // the first of the pool, a /44
    async leaveBy(gateway) {
      await ec2.replaceRoute({ ...route, ...(gateway === "internet" ? { GatewayId } : { EgressOnlyInternetGatewayId: egressOnly?.EgressOnlyInternetGatewayId }) });
    },
  };
}

/** The block of this number, of 64 bits, that a subnet may have of a VPC's. */
export function ipv6SubnetBlock(block: string, number: number): string {
  return formatIpv6Block({ base: baseOf(block) + (BigInt(number) << 64n), prefix: 64 });
}

function baseOf(block: string): bigint {
  return parseIpv6Block(block)?.base ?? 0n;
}

/** The first three characters that are said to this machine at the address; empty when no connection can be made. */
export function greets(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (said: string) => {
      socket.destroy();
      resolve(said);
    };
    socket.once("data", (said: Buffer) => end(said.toString().slice(0, 3)));
    socket.once("error", () => end(""));
    socket.once("timeout", () => end(""));
  });
}
