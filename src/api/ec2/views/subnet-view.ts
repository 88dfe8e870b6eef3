/** Subnets as EC2 shows them. */
import type { Subnet, SubnetIpv6CidrBlockAssociation } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import type { Tag } from "../../../compute/tags.ts";
import { availableAddressCount } from "../../../network/address.ts";
import type { SubnetIpv6Columns } from "../../../network/subnet-ipv6-block.ts";
import type { SubnetRow } from "../../../store/network-tables.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

/** `used`: how many of its addresses are given out. */
export function toSubnetView(row: SubnetRow, used: number, tags: readonly Tag[] | undefined): Subnet {
  return {
    SubnetId: row.id,
    SubnetArn: ec2Arn(row, "subnet", row.id),
    VpcId: row.vpc_id,
    OwnerId: row.account,
    State: "available",
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    CidrBlock: row.cidr,
    AvailableIpAddressCount: availableAddressCount(row.cidr, used),
    DefaultForAz: row.default_for_az === 1,
    MapPublicIpOnLaunch: row.map_public_ip_on_launch === 1,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: row.assign_ipv6_on_creation === 1,
    Ipv6CidrBlockAssociationSet: row.ipv6_cidr === null ? [] : [toSubnetBlockView(row, "associated")],
    Ipv6Native: false,
    EnableDns64: false,
    PrivateDnsNameOptionsOnLaunch: { HostnameType: "ip-name", EnableResourceNameDnsARecord: false, EnableResourceNameDnsAAAARecord: false },
    Tags: toTagViews(tags),
  };
}

export function toSubnetBlockView({ ipv6_association_id: id, ipv6_cidr: cidr }: SubnetIpv6Columns, state: "associating" | "associated" | "disassociating"): SubnetIpv6CidrBlockAssociation {
  return { AssociationId: id ?? "", Ipv6CidrBlock: cidr ?? "", Ipv6CidrBlockState: { State: state }, Ipv6AddressAttribute: "public", IpSource: "amazon" };
}
