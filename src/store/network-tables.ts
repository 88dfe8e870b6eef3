/** Rows of networks; the conventions are in `tables.ts`. */
import type { EndpointType } from "../base/endpoint-services.ts";
import type { ConnectEndpointId, EndpointId, Id, InstanceId, InterfaceId, PeeringConnectionId, SubnetId, VpcId } from "../base/ids.ts";
import type { FlowTraffic } from "../host/protocol/flow-log.ts";
import type { VpcReport } from "../host/protocol/report.ts";
import type { ConnectEndpointRow } from "./connect-endpoint-table.ts";
import type { PrefixListEntryRow, PrefixListRow } from "./prefix-list-tables.ts";
import type { Flag } from "./tables.ts";

export interface NetworkTables {
  vpcs: VpcRow;
  vpc_hosts: VpcHostRow;
  subnets: SubnetRow;
  /** Amazon's own: no two VPCs have the same. */
  vpc_ipv6_blocks: { id: string; vpc_id: VpcId; cidr: string; created_at: number };
  internet_gateways: { id: string; account: string; region: string; vpc_id: VpcId | null };
  egress_only_gateways: { id: Id<"egressOnlyGateway">; account: string; region: string; vpc_id: VpcId };
  route_tables: { id: string; account: string; region: string; vpc_id: VpcId; main: Flag };
  /** A VPC's blocks besides its first one, which stands in its own row. */
  vpc_cidr_blocks: { id: string; vpc_id: VpcId; cidr: string; created_at: number };
  routes: RouteRow;
  /** A subnet without a row uses its VPC's main table. */
  route_table_associations: { id: string; route_table_id: string; subnet_id: SubnetId };
  network_acls: NetworkAclRow;
  network_acl_entries: NetworkAclEntryRow;
  /** A subnet without a row has the default ACL of its VPC. */
  network_acl_associations: { id: string; network_acl_id: string; subnet_id: SubnetId };
  /** `configuration`: JSON, values by key; null: EC2's default for the region. */
  dhcp_options: { id: string; account: string; region: string; is_default: Flag; configuration: string | null };
  security_groups: SecurityGroupRow;
  security_group_rules: SecurityGroupRuleRow;
  network_interfaces: NetworkInterfaceRow;
  /** Private addresses besides the primary one, which stands in the interface's own row. `prefix`: the block that they were given as. */
  interface_addresses: { interface_id: InterfaceId; address: string; subnet_id: SubnetId; created_at: number; prefix: string | null };
  /** The lowest position comes first. */
  interface_ipv6_addresses: { interface_id: InterfaceId; address: string; subnet_id: SubnetId; position: number };
  /** Blocks of IPv6 addresses that interfaces have as a whole. */
  interface_ipv6_prefixes: { prefix: string; interface_id: InterfaceId; subnet_id: SubnetId };
  /** A public address in use, held by an interface or by an allocation: the key keeps it from being given twice. */
  public_addresses: { address: string; holder_id: InterfaceId | ElasticIpRow["id"]; allocated_at: number };
  elastic_ips: ElasticIpRow;
  nat_gateways: NatGatewayRow;
  flow_logs: FlowLogRow;
  vpc_peering_connections: VpcPeeringRow;
  prefix_lists: PrefixListRow;
  prefix_list_entries: PrefixListEntryRow;
  vpc_endpoints: VpcEndpointRow;
  instance_connect_endpoints: ConnectEndpointRow;
}

export interface VpcRow {
  id: VpcId;
  account: string;
  region: string;
  cidr: string;
  is_default: Flag;
  dhcp_options_id: string;
  enable_dns_support: Flag;
  enable_dns_hostnames: Flag;
  tenancy: "default" | "dedicated";
  address_usage_metrics: Flag;
  created_at: number;
  generation: number;
  /** Of its overlay network; null until it is published for the first time. */
  network_identifier: number | null;
}

/** What a host reported of a VPC that was published to it. */
export interface VpcHostRow {
  vpc_id: VpcId;
  host_id: string;
  observed_generation: number;
  observed_state: VpcReport["state"];
  observed_reason: string | null;
}

export interface NetworkAclRow {
  id: string;
  account: string;
  region: string;
  vpc_id: VpcId;
  is_default: Flag;
}

/** One of `cidr` and `ipv6_cidr`. Ports with TCP and UDP, type and code with ICMP, -1 for all of these; null elsewhere. */
export interface NetworkAclEntryRow {
  network_acl_id: string;
  egress: Flag;
  rule_number: number;
  /** Its number, or -1 for all. */
  protocol: number;
  action: "allow" | "deny";
  cidr: string | null;
  ipv6_cidr: string | null;
  from_port: number | null;
  to_port: number | null;
  icmp_type: number | null;
  icmp_code: number | null;
}

export interface SubnetRow {
  id: SubnetId;
  account: string;
  region: string;
  vpc_id: VpcId;
  zone: string;
  cidr: string;
  default_for_az: Flag;
  map_public_ip_on_launch: Flag;
  /** A /64 of its VPC's IPv6 blocks, with the id of its association; both or none. */
  ipv6_cidr: string | null;
  ipv6_association_id: string | null;
  assign_ipv6_on_creation: Flag;
  created_at: number;
}

export interface SecurityGroupRow {
  id: string;
  account: string;
  region: string;
  vpc_id: VpcId;
  name: string;
  description: string;
}

export interface SecurityGroupRuleRow {
  id: string;
  group_id: string;
  egress: Flag;
  /** `tcp`, `udp`, `icmp`, a number, or `-1` for all. */
  protocol: string;
  from_port: number | null;
  to_port: number | null;
  /** One of `cidr`, `ipv6_cidr`, `referenced_group_id` and `prefix_list_id`. */
  cidr: string | null;
  ipv6_cidr: string | null;
  referenced_group_id: string | null;
  /** The owner of a group in a peered VPC; null: the rule's own owner. */
  referenced_account: string | null;
  prefix_list_id: string | null;
  description: string | null;
}

export interface NetworkInterfaceRow {
  id: InterfaceId;
  account: string;
  region: string;
  zone: string;
  vpc_id: VpcId;
  subnet_id: SubnetId;
  mac: string;
  private_address: string;
  public_address: string | null;
  description: string;
  source_dest_check: Flag;
  /** JSON array of security group ids, in the order of the request. */
  group_ids: string;
  instance_id: InstanceId | null;
  attachment_id: string | null;
  device_index: number | null;
  attached_at: number | null;
  delete_on_termination: Flag;
  /** The instance is to give it back; its host has not yet confirmed that. */
  detaching: Flag;
  /** A NAT gateway's own interface: nobody else may manage it. */
  nat_gateway_id: NatGatewayRow["id"] | null;
  /** The same of a VPC endpoint. */
  vpc_endpoint_id: EndpointId | null;
  /** And of an Instance Connect Endpoint. */
  connect_endpoint_id: ConnectEndpointId | null;
  created_at: number;
}

export interface RouteRow {
  route_table_id: string;
  /** A block, or a prefix list. */
  destination: string;
  /** `local`, an internet gateway of either kind, a NAT gateway, a gateway endpoint or an interface; what it names may be gone since. */
  target_id: string;
}

/** Associated: the last three are all set; else none is. */
export interface ElasticIpRow {
  id: Id<"elasticIp">;
  account: string;
  region: string;
  public_address: string;
  association_id: string | null;
  interface_id: InterfaceId | null;
  private_address: string | null;
  /** Ends in a dot. */
  reverse_name: string | null;
  created_at: number;
}

/** What it had is still told when it is gone. Without an interface from the beginning: it could not be made. */
export interface NatGatewayRow {
  id: Id<"natGateway">;
  account: string;
  region: string;
  zone: string;
  vpc_id: VpcId;
  subnet_id: SubnetId;
  connectivity: "public" | "private";
  want: "present" | "deleted";
  allocation_id: string | null;
  interface_id: InterfaceId | null;
  private_address: string | null;
  public_address: string | null;
  association_id: string | null;
  /** Which host is to translate, or still may. */
  host_id: string | null;
  /** Since when the host was found silent. */
  silent_since: number | null;
  /** When a host said for the first time that it translates. */
  available_at: number | null;
  /** When it was gone, or failed. */
  ended_at: number | null;
  failure_code: string | null;
  failure_message: string | null;
  created_at: number;
}

/** A gateway endpoint's tables are those with a route to it; an interface endpoint's subnets those of its interfaces. */
export interface VpcEndpointRow {
  id: EndpointId;
  account: string;
  region: string;
  vpc_id: VpcId;
  /** `ec2`, as in `com.amazonaws.us-east-1.ec2`. */
  service: string;
  type: EndpointType;
  /** As it was given; null: it allows everything. */
  policy: string | null;
  /** The service's public name leads to it, within its VPC. */
  private_dns: Flag;
  /** JSON array of security group ids: all of its interfaces have them. */
  group_ids: string;
  want: "present" | "deleted";
  /** When its interfaces answered for the first time. */
  available_at: number | null;
  created_at: number;
}

/** Goes with the resource that it is about. */
export interface FlowLogRow {
  id: Id<"flowLog">;
  account: string;
  region: string;
  /** A VPC, a subnet or an interface. */
  resource_id: VpcId | SubnetId | InterfaceId;
  vpc_id: VpcId;
  traffic: FlowTraffic;
  interval_seconds: number;
  /** As the request had it: `${field} ${field}`. */
  format: string;
  destination_type: "cloud-watch-logs" | "s3";
  /** The bucket's ARN, or the log group's where the request had that; else empty. */
  destination: string;
  log_group: string | null;
  permission_arn: string | null;
  created_at: number;
}

export interface VpcPeeringRow {
  id: PeeringConnectionId;
  requester_account: string;
  requester_region: string;
  requester_vpc_id: VpcId;
  accepter_account: string;
  accepter_region: string;
  accepter_vpc_id: VpcId;
  /** One that is pending for too long has expired. */
  state: "pending-acceptance" | "active" | "rejected" | "deleted" | "failed";
  /** Whether the other VPC may resolve the public names of this side's to private addresses. */
  requester_dns: Flag;
  accepter_dns: Flag;
  created_at: number;
  /** When it was rejected or deleted, or failed. */
  ended_at: number | null;
}
