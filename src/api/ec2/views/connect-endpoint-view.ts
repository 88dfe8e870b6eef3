/** Instance Connect Endpoints as EC2 shows them. */
import type { Ec2InstanceConnectEndpoint } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import type { Owner } from "../../../compute/owned-rows.ts";
import { listTagsOfType, type Tag } from "../../../compute/tags.ts";
import { connectEndpointGroups, listConnectInterfaces, toConnectEndpointState } from "../../../network/connect-endpoint.ts";
import type { ConnectEndpointRow } from "../../../store/connect-endpoint-table.ts";
import type { NetworkInterfaceRow } from "../../../store/network-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

export async function viewConnectEndpoints(tx: Tx, owner: Owner, rows: readonly ConnectEndpointRow[]): Promise<Ec2InstanceConnectEndpoint[]> {
  const interfaces = Map.groupBy(await listConnectInterfaces(tx, rows.map(({ id }) => id)), (nic) => nic.connect_endpoint_id);
  const tags = await listTagsOfType(tx, owner, "instance-connect-endpoint");
  return rows.map((row) => toView(row, interfaces.get(row.id) ?? [], tags.get(row.id)));
}

function toView(row: ConnectEndpointRow, interfaces: readonly NetworkInterfaceRow[], tags: readonly Tag[] | undefined): Ec2InstanceConnectEndpoint {
  const dnsName = connectEndpointName(row);
  return {
    OwnerId: row.account,
    InstanceConnectEndpointId: row.id,
    InstanceConnectEndpointArn: ec2Arn(row, "instance-connect-endpoint", row.id),
    State: toConnectEndpointState(row),
    StateMessage: "",
    DnsName: dnsName,
    PublicDnsNames: { Ipv4: { DnsName: dnsName } },
    NetworkInterfaceIds: interfaces.map(({ id }) => id),
    VpcId: row.vpc_id,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    CreatedAt: new Date(row.created_at),
    SubnetId: row.subnet_id,
    PreserveClientIp: row.preserve_client_ip === 1,
    SecurityGroupIds: connectEndpointGroups(row),
    Tags: toTagViews(tags),
    IpAddressType: "ipv4",
  };
}

/** The digits after its id are always the same. */
function connectEndpointName({ id, region }: ConnectEndpointRow): string {
  return `${id}.${id.slice(-8)}.ec2-instance-connect-endpoint.${region}.amazonaws.com`;
}
