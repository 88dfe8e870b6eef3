/** Further addresses of NAT gateways: given at the gateway's creation or later, shown, and taken away. */
import type { NatGatewayAddress } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { otherAccount } from "./test-server.ts";
import { attachGateway, makeVpc, type VpcParts } from "./vpc-parts.ts";

async function addressesOf({ ec2 }: VpcParts, id: string): Promise<NatGatewayAddress[]> {
  return (await ec2.describeNatGateways({ NatGatewayIds: [id] })).NatGateways?.[0]?.NatGatewayAddresses ?? [];
}

test("A public gateway gets a second Elastic IP address, with a private one, and loses it again", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, vpcId, subnetId: SubnetId } = vpc;
  await attachGateway(ec2, vpcId);
  const [first, second, third] = [await ec2.allocateAddress({}), await ec2.allocateAddress({}), await ec2.allocateAddress({})];
  const NatGatewayId = (await ec2.createNatGateway({ SubnetId, AllocationId: first.AllocationId, PrivateIpAddress: "10.0.0.70" })).NatGateway?.NatGatewayId ?? "";
  await server.hosts.settle();
  const AllocationIds = [second.AllocationId ?? ""];
  const { NatGatewayAddresses: added } = await ec2.associateNatGatewayAddress({ NatGatewayId, AllocationIds, PrivateIpAddresses: ["10.0.0.77"] });
  const shown = { AllocationId: second.AllocationId, AssociationId: expect.stringMatching(/^eipassoc-/), IsPrimary: false, NetworkInterfaceId: expect.stringMatching(/^eni-/), PrivateIp: "10.0.0.77", PublicIp: second.PublicIp };
  expect([added, (await addressesOf(vpc, NatGatewayId)).map((each) => [each.IsPrimary, each.PublicIp])]).toEqual([[{ ...shown, Status: "associating" }], [[true, first.PublicIp], [false, second.PublicIp]]]);
  expect((await addressesOf(vpc, NatGatewayId))[1]).toEqual({ ...shown, Status: "succeeded" });
  const [primary, further] = await addressesOf(vpc, NatGatewayId);
  const take = (id: string | undefined) => () => ec2.disassociateNatGatewayAddress({ NatGatewayId, AssociationIds: [id ?? ""] });
  await expectRefusals(server, [
    [() => ec2.associateNatGatewayAddress({ NatGatewayId, AllocationIds: [third.AllocationId ?? ""] }), "AddressLimitExceeded"],
    [() => ec2.associateNatGatewayAddress({ NatGatewayId, AllocationIds }), "Resource.AlreadyAssociated"],
    [() => ec2.associateNatGatewayAddress({ NatGatewayId, AllocationIds: [] }), "MissingParameter"],
    [() => ec2.assignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddressCount: 1 }), "InvalidParameterValue"],
    [take(primary?.AssociationId), "InvalidParameterValue"],
    [take("eipassoc-0123456789abcdef0"), "InvalidParameterValue"],
    [() => ec2.disassociateAddress({ AssociationId: further?.AssociationId }), "AuthFailure"],
    [() => ec2.disassociateNatGatewayAddress({ NatGatewayId, AssociationIds: [further?.AssociationId ?? ""], DryRun: true }), "DryRunOperation"],
    [() => server.ec2(otherAccount).associateNatGatewayAddress({ NatGatewayId, AllocationIds }), "NatGatewayNotFound"],
  ]);
  const { NatGatewayAddresses: gone } = await take(further?.AssociationId)();
  expect([gone, (await addressesOf(vpc, NatGatewayId)).length]).toMatchObject([[{ PrivateIp: "10.0.0.77", Status: "disassociating" }], 1]);
  await ec2.releaseAddress({ AllocationId: second.AllocationId });
  await ec2.deleteNatGateway({ NatGatewayId });
  await server.hosts.settle();
  await expectRefusals(server, [[() => ec2.associateNatGatewayAddress({ NatGatewayId, AllocationIds: [third.AllocationId ?? ""] }), "InvalidParameterValue"]]);
});

test("A private gateway has up to eight addresses, and all are free when it is gone", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, subnetId: SubnetId } = vpc;
  const { NatGateway: made } = await ec2.createNatGateway({ SubnetId, ConnectivityType: "private", SecondaryPrivateIpAddresses: ["10.0.0.50", "10.0.0.51"] });
  const NatGatewayId = made?.NatGatewayId ?? "";
  expect(made?.NatGatewayAddresses?.map(({ PrivateIp: address }) => address)).toEqual([expect.stringMatching(/^10\.0\.0\./), "10.0.0.50", "10.0.0.51"]);
  await ec2.assignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddressCount: 5 });
  await expectRefusals(server, [
    [() => ec2.assignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddressCount: 1 }), "AddressLimitExceeded"],
    [() => ec2.assignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddresses: ["10.0.0.50"] }), "InvalidIPAddress.InUse"],
    [() => ec2.assignPrivateNatGatewayAddress({ NatGatewayId }), "MissingParameter"],
    [() => ec2.unassignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddresses: [made?.NatGatewayAddresses?.[0]?.PrivateIp ?? ""] }), "InvalidParameterValue"],
    [() => ec2.disassociateNatGatewayAddress({ NatGatewayId, AssociationIds: ["eipassoc-0123456789abcdef0"] }), "InvalidParameterValue"],
    [() => ec2.unassignPrivateNatGatewayAddress({ NatGatewayId: "nat-0123456789abcdef0", PrivateIpAddresses: ["10.0.0.50"] }), "NatGatewayNotFound"],
  ]);
  const { NatGatewayAddresses: gone } = await ec2.unassignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddresses: ["10.0.0.50"] });
  expect([gone, (await addressesOf(vpc, NatGatewayId)).length]).toMatchObject([[{ PrivateIp: "10.0.0.50", Status: "unassigning" }], 7]);
  await server.hosts.settle();
  await ec2.deleteNatGateway({ NatGatewayId });
  await server.hosts.settle();
  await ec2.deleteSubnet({ SubnetId });
  expect(await server.read((tx) => tx.db.selectFrom("interface_addresses").selectAll().execute())).toEqual([]);
});
