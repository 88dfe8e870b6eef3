/** NAT gateways as EC2 shows them. */
import type { NatGateway, NatGatewayAddress } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import { listInterfaceAddresses, type InterfaceAddress } from "../../../network/interface-addresses.ts";
import { toNatGatewayState, type NatGatewayState } from "../../../network/nat-gateway.ts";
import type { NatGatewayRow } from "../../../store/network-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { toTagViews } from "./tag-view.ts";

export async function viewNatGateway(tx: Tx, row: NatGatewayRow, tags: readonly Tag[] | undefined): Promise<NatGateway> {
  return { ...toNatGatewayView(row, tags), NatGatewayAddresses: await listNatGatewayAddresses(tx, row) };
}

/** The first one first. Of one that is gone no further ones are known. */
export async function listNatGatewayAddresses(tx: Tx, row: NatGatewayRow): Promise<NatGatewayAddress[]> {
  const state = toNatGatewayState(row);
  const nics = await tx.db.selectFrom("network_interfaces").selectAll().where("nat_gateway_id", "=", row.id).execute();
  const addresses = [...(await listInterfaceAddresses(tx, nics)).values()].flat().filter(({ primary }) => !primary);
  return [toAddress(row, state), ...addresses.map((address) => toFurtherAddress(row, address, state))];
}

function toFurtherAddress({ interface_id: nic }: NatGatewayRow, { privateAddress, elasticIp }: InterfaceAddress, state: NatGatewayState): NatGatewayAddress {
  return {
    ...(elasticIp === undefined ? {} : { AllocationId: elasticIp.id, PublicIp: elasticIp.public_address }),
    ...(elasticIp?.association_id === undefined || elasticIp.association_id === null ? {} : { AssociationId: elasticIp.association_id }),
    ...(nic === null ? {} : { NetworkInterfaceId: nic }),
    PrivateIp: privateAddress,
    IsPrimary: false,
    Status: addressStatuses[state],
  };
}

/** With the first address alone. */
export function toNatGatewayView(row: NatGatewayRow, tags: readonly Tag[] | undefined): NatGateway {
  const state = toNatGatewayState(row);
  return {
    NatGatewayId: row.id,
    VpcId: row.vpc_id,
    SubnetId: row.subnet_id,
    ConnectivityType: row.connectivity,
    AvailabilityMode: "zonal",
    State: state,
    CreateTime: new Date(row.created_at),
    ...(row.ended_at === null ? {} : { DeleteTime: new Date(row.ended_at) }),
    ...(row.failure_code === null ? {} : { FailureCode: row.failure_code, FailureMessage: row.failure_message ?? "" }),
    NatGatewayAddresses: [toAddress(row, state)],
    Tags: toTagViews(tags),
  };
}

const addressStatuses = { pending: "associating", available: "succeeded", deleting: "disassociating", deleted: "succeeded", failed: "failed" } as const satisfies Record<NatGatewayState, string>;

function toAddress(row: NatGatewayRow, state: NatGatewayState): NatGatewayAddress {
  return {
    ...(row.allocation_id === null ? {} : { AllocationId: row.allocation_id }),
    ...(row.association_id === null ? {} : { AssociationId: row.association_id }),
    ...(row.interface_id === null ? {} : { NetworkInterfaceId: row.interface_id }),
    ...(row.private_address === null ? {} : { PrivateIp: row.private_address }),
    ...(row.public_address === null ? {} : { PublicIp: row.public_address }),
    IsPrimary: true,
    Status: addressStatuses[state],
  };
}
