/** Network interfaces as EC2 shows them. */
import type { NetworkInterface, NetworkInterfaceAssociation } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { privateHostName, publicHostName } from "../../../compute/machine-specification.ts";
import type { Tag } from "../../../compute/tags.ts";
import { groupIdsOf } from "../../../network/network-interface.ts";
import type { NetworkInterfaceRow } from "../../../store/network-tables.ts";
import { toTagViews } from "./tag-view.ts";

export interface InterfaceSurroundings {
  /** Names of security groups by id. */
  readonly groupNames: ReadonlyMap<string, string>;
  /** Whether the interface's VPC gives public host names. */
  readonly publicHostNames: boolean;
  readonly tags: readonly Tag[] | undefined;
}

export function toNetworkInterfaceView(row: NetworkInterfaceRow, { groupNames, publicHostNames, tags }: InterfaceSurroundings): NetworkInterface {
  const association = toAssociation(row, publicHostNames);
  const privateName = privateHostName(row.private_address, row.region);
  return {
    NetworkInterfaceId: row.id,
    SubnetId: row.subnet_id,
    VpcId: row.vpc_id,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    Description: row.description,
    OwnerId: row.account,
    RequesterManaged: false,
    Status: row.instance_id === null ? "available" : "in-use",
    MacAddress: row.mac,
    PrivateIpAddress: row.private_address,
    PrivateDnsName: privateName,
    SourceDestCheck: row.source_dest_check === 1,
    Groups: groupIdsOf(row).map((id) => ({ GroupId: id, GroupName: groupNames.get(id) ?? "" })),
    InterfaceType: "interface",
    Ipv6Addresses: [],
    TagSet: toTagViews(tags),
    ...toAttachment(row),
    ...association,
    PrivateIpAddresses: [{ PrivateIpAddress: row.private_address, PrivateDnsName: privateName, Primary: true, ...association }],
  };
}

function toAttachment(row: NetworkInterfaceRow): Pick<NetworkInterface, "Attachment"> {
  if (row.instance_id === null) return {};
  return {
    Attachment: {
      AttachmentId: row.attachment_id ?? "",
      DeviceIndex: row.device_index ?? 0,
      NetworkCardIndex: 0,
      InstanceId: row.instance_id,
      InstanceOwnerId: row.account,
      Status: "attached",
      AttachTime: new Date(row.attached_at ?? 0),
      DeleteOnTermination: row.delete_on_termination === 1,
    },
  };
}

/** An automatic public address belongs to Amazon, and has no allocation. */
function toAssociation(row: NetworkInterfaceRow, publicHostNames: boolean): { Association?: NetworkInterfaceAssociation } {
  const address = row.public_address;
  if (address === null) return {};
  return { Association: { IpOwnerId: "amazon", PublicIp: address, PublicDnsName: publicHostNames ? publicHostName(address, row.region) : "" } };
}
