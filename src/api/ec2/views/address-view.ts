/** Elastic IP addresses as EC2 shows them. */
import type { Address, AddressAttribute } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { ElasticIpRow } from "../../../store/network-tables.ts";
import { toTagViews } from "./tag-view.ts";

/** `instanceId`: of the instance that has the address's interface. */
export function toAddressView(row: ElasticIpRow, instanceId: string | null | undefined, tags: readonly Tag[] | undefined): Address {
  return {
    PublicIp: row.public_address,
    AllocationId: row.id,
    Domain: "vpc",
    PublicIpv4Pool: "amazon",
    NetworkBorderGroup: row.region,
    ...(instanceId === null || instanceId === undefined ? {} : { InstanceId: instanceId }),
    ...(row.association_id === null || row.interface_id === null || row.private_address === null
      ? {}
      : { AssociationId: row.association_id, NetworkInterfaceId: row.interface_id, NetworkInterfaceOwnerId: row.account, PrivateIpAddress: row.private_address }),
    Tags: toTagViews(tags),
  };
}

export function toAddressAttribute({ public_address: PublicIp, id: AllocationId, reverse_name: name }: ElasticIpRow): AddressAttribute {
  return { PublicIp, AllocationId, ...(name === null ? {} : { PtrRecord: name }) };
}
