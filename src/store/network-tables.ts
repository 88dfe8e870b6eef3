/** Rows of networks; the conventions are in `tables.ts`. */
import type { InstanceId, InterfaceId, SubnetId, VpcId } from "../base/ids.ts";
import type { Flag } from "./tables.ts";

export interface NetworkTables {
  vpcs: VpcRow;
  subnets: SubnetRow;
  internet_gateways: { id: string; account: string; region: string; vpc_id: VpcId | null };
  route_tables: { id: string; account: string; region: string; vpc_id: VpcId; main: Flag };
  routes: { route_table_id: string; destination: string; gateway_id: string };
  network_acls: { id: string; account: string; region: string; vpc_id: VpcId; is_default: Flag };
  dhcp_options: { id: string; account: string; region: string; is_default: Flag };
  security_groups: SecurityGroupRow;
  security_group_rules: SecurityGroupRuleRow;
  network_interfaces: NetworkInterfaceRow;
  /** A public address in use: the key keeps it from being given twice. */
  public_addresses: { address: string; interface_id: InterfaceId; allocated_at: number };
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
  created_at: number;
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
  cidr: string | null;
  referenced_group_id: string | null;
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
  created_at: number;
}
