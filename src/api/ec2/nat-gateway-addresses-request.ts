/** Further addresses of NAT gateways as requests name them, and as answers show them. */
import type { NatGatewayAddress } from "@aws-sdk/client-ec2";
import { invalidValueOf, parametersExclude } from "../../base/api-error.ts";
import { ownedRows, requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { countAddresses, requireAddable, requireInterfaceOf, type FurtherAddresses } from "../../network/nat-gateway-addresses.ts";
import type { NatGatewayRow, NetworkInterfaceRow, SubnetRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import { listNatGatewayAddresses } from "./views/nat-gateway-view.ts";

interface AddressMembers {
  readonly AllocationIds?: readonly string[] | undefined;
  readonly PrivateIpAddresses?: readonly string[] | undefined;
  readonly PrivateIpAddressCount?: number | undefined;
}

export async function toFurtherAddresses(tx: Tx, owner: Owner, { AllocationIds: allocations = [], PrivateIpAddresses: addresses = [], PrivateIpAddressCount: count }: AddressMembers): Promise<FurtherAddresses> {
  if (addresses.length > 0 && count !== undefined) throw parametersExclude("privateIpAddressCount", "privateIpAddresses");
  if (count !== undefined && (!Number.isInteger(count) || count < 1)) throw invalidValueOf("privateIpAddressCount", count);
  const elasticIps = allocations.length === 0 ? [] : await ownedRows(tx, "elastic_ips", owner, allocations);
  return { elasticIps, addresses, count: count ?? 0 };
}

export interface Addition {
  readonly gateway: NatGatewayRow;
  readonly nic: NetworkInterfaceRow;
  readonly subnet: SubnetRow;
  readonly further: FurtherAddresses;
}

/** What is to be added to a gateway of this kind that is there. */
export async function planAddition(tx: Tx, owner: Owner, id: string | undefined, connectivity: NatGatewayRow["connectivity"], members: AddressMembers): Promise<Addition> {
  const gateway = await requireOwnedRow(tx, "nat_gateways", owner, id ?? "");
  const nic = await requireInterfaceOf(tx, gateway, connectivity);
  const subnet = await requireOwnedRow(tx, "subnets", owner, gateway.subnet_id);
  const further = await toFurtherAddresses(tx, owner, members);
  await requireAddable(tx, connectivity, await countAddresses(tx, nic), subnet, further);
  return { gateway, nic, subnet, further };
}

/** Those of the gateway's addresses that `before` has not, or the other way round, with what is being done to them. */
export async function showDifference(tx: Tx, gateway: NatGatewayRow, before: readonly NatGatewayAddress[], status: "associating" | "disassociating" | "assigning" | "unassigning") {
  const now = await listNatGatewayAddresses(tx, gateway);
  const [more, fewer] = now.length >= before.length ? [now, before] : [before, now];
  const changed = more.filter(({ PrivateIp: address }) => !fewer.some((each) => each.PrivateIp === address));
  return { NatGatewayId: gateway.id, NatGatewayAddresses: changed.map((address) => ({ ...address, Status: status })) };
}
