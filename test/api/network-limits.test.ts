/** Limits of an account or a VPC that are too high to be reached by calls: rows are put in beside those that calls have made. */
import { test } from "vitest";
import type { Tables } from "../../src/store/tables.ts";
import { expectRefusals } from "./refusals.ts";
import { openTestServer, type TestServer } from "./test-server.ts";
import { askForPeering, makeVpc } from "./vpc-parts.ts";

type Limited = "subnets" | "route_tables" | "network_acls" | "network_interfaces" | "vpc_peering_connections";

/** Puts in so many rows like the one with this id. */
async function multiply({ store }: TestServer, table: Limited, like: string, count: number): Promise<void> {
  await store.write(async (tx) => {
    // Kysely cannot be told what a table known only at run time has; all these have an id.
    const row = await tx.db.selectFrom(table as "subnets").selectAll().where("id", "=", like as never).executeTakeFirstOrThrow();
    const prefix = like.slice(0, like.indexOf("-") + 1);
    const copies = Array.from({ length: count }, (_none, index) => ({ ...row, ...("mac" in row ? { mac: `copy ${index}`, private_address: `copy ${index}` } : {}), id: `${prefix}${index.toString(16).padStart(17, "0")}` })) as Tables["subnets"][];
    for (let at = 0; at < count; at += 500) await tx.db.insertInto(table as "subnets").values(copies.slice(at, at + 500)).execute();
  });
}

test("A VPC has 200 subnets, 200 route tables and 200 network ACLs at most, and a region 5,000 interfaces", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId, subnetId, mainTable } = await makeVpc(server);
  const { NetworkAcls: [acl] = [] } = await ec2.describeNetworkAcls({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId: subnetId });
  await multiply(server, "subnets", subnetId, 199);
  await multiply(server, "route_tables", mainTable, 199);
  await multiply(server, "network_acls", acl?.NetworkAclId ?? "", 199);
  await multiply(server, "network_interfaces", nic?.NetworkInterfaceId ?? "", 4_999);
  await expectRefusals(server, [
    [() => ec2.createSubnet({ VpcId, CidrBlock: "10.0.1.0/24" }), "SubnetLimitExceeded"],
    [() => ec2.createRouteTable({ VpcId }), "RouteTableLimitExceeded"],
    [() => ec2.createNetworkAcl({ VpcId }), "NetworkAclLimitExceeded"],
    [() => ec2.createNetworkInterface({ SubnetId: subnetId }), "NetworkInterfaceLimitExceeded"],
  ]);
});

test("A VPC has 25 open requests for peering and 50 peers at most", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const [peer, asked, third] = await Promise.all(["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"].map(async (CidrBlock) => (await ec2.createVpc({ CidrBlock })).Vpc?.VpcId));
  const active = await askForPeering(ec2, vpcId, peer);
  await ec2.acceptVpcPeeringConnection({ VpcPeeringConnectionId: active });
  const open = await askForPeering(ec2, vpcId, asked);
  await multiply(server, "vpc_peering_connections", open, 24);
  await expectRefusals(server, [[() => ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: third }), "PendingVpcPeeringConnectionLimitExceeded"]]);
  await server.store.write((tx) => tx.db.deleteFrom("vpc_peering_connections").where("id", "<", "pcx-00000000000000018").execute());
  await multiply(server, "vpc_peering_connections", active, 49);
  await expectRefusals(server, [
    [() => ec2.acceptVpcPeeringConnection({ VpcPeeringConnectionId: open }), "ActiveVpcPeeringConnectionPerVpcLimitExceeded"],
    [() => ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: third }), "VpcPeeringConnectionsPerVpcLimitExceeded"],
  ]);
});
