/** VPC endpoints as EC2 shows them. */
import type { DnsEntry, VpcEndpoint } from "@aws-sdk/client-ec2";
import { endpointHostNames, endpointServiceName, serviceHostName } from "../../../base/endpoint-services.ts";
import { ownedRows, type Owner } from "../../../compute/owned-rows.ts";
import { listTagsOfType, type Tag } from "../../../compute/tags.ts";
import { endpointGroups, listEndpointInterfaces, listEndpointTables, toEndpointState } from "../../../network/vpc-endpoint.ts";
import type { NetworkInterfaceRow, VpcEndpointRow } from "../../../store/network-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { toTagViews } from "./tag-view.ts";

interface EndpointSurroundings {
  readonly interfaces: readonly NetworkInterfaceRow[];
  readonly tables: readonly string[];
  /** Names of security groups by id. */
  readonly groupNames: ReadonlyMap<string, string>;
  readonly tags: readonly Tag[] | undefined;
}

export async function viewEndpoints(tx: Tx, owner: Owner, rows: readonly VpcEndpointRow[]): Promise<VpcEndpoint[]> {
  const ids = rows.map(({ id }) => id);
  const interfaces = Map.groupBy(await listEndpointInterfaces(tx, ids), (nic) => nic.vpc_endpoint_id);
  const tables = await listEndpointTables(tx, ids);
  const groupNames = new Map((await ownedRows(tx, "security_groups", owner)).map(({ id, name }) => [id, name]));
  const tags = await listTagsOfType(tx, owner, "vpc-endpoint");
  return rows.map((row) => toEndpointView(row, { interfaces: interfaces.get(row.id) ?? [], tables: tables.get(row.id) ?? [], groupNames, tags: tags.get(row.id) }));
}

function toEndpointView(row: VpcEndpointRow, { interfaces, tables, groupNames, tags }: EndpointSurroundings): VpcEndpoint {
  return {
    VpcEndpointId: row.id,
    VpcEndpointType: row.type,
    VpcId: row.vpc_id,
    ServiceName: endpointServiceName(row.region, { name: row.service }),
    ServiceRegion: row.region,
    State: toEndpointState(row) as "Available", // EC2's model writes states otherwise than its answers do
    PolicyDocument: row.policy ?? defaultPolicy,
    RouteTableIds: [...tables],
    SubnetIds: interfaces.map((nic) => nic.subnet_id),
    Groups: endpointGroups(row).map((id) => ({ GroupId: id, GroupName: groupNames.get(id) ?? "" })),
    ...(row.type === "Interface" ? { IpAddressType: "ipv4", DnsOptions: { DnsRecordIpType: "ipv4" } } : {}),
    PrivateDnsEnabled: row.private_dns === 1,
    RequesterManaged: false,
    NetworkInterfaceIds: interfaces.map((nic) => nic.id),
    DnsEntries: toDnsEntries(row, interfaces),
    CreationTimestamp: new Date(row.created_at),
    OwnerId: row.account,
    Tags: toTagViews(tags),
  };
}

const defaultPolicy = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}';

function toDnsEntries({ id, region, service, type, private_dns: isPrivate }: VpcEndpointRow, interfaces: readonly NetworkInterfaceRow[]): DnsEntry[] {
  if (type === "Gateway") return [];
  const { all, inZone } = endpointHostNames(id, region, service);
  const names = [all, ...interfaces.map(({ zone }) => inZone(zone)), ...(isPrivate === 1 ? [serviceHostName(region, service)] : [])];
  return names.map((name) => ({ DnsName: name }));
}
