/** The first schema. Keys and unique indexes here are promises: nothing of a host, an address or an attachment is ever given twice. */
import type { Kysely } from "kysely";
import { createIndexes, createTables } from "./columns.ts";

/** In the order of `tables.ts`; the form is described in `columns.ts`. */
const tables: Readonly<Record<string, string>> = {
  settings: "t!name t value",
  counters: "t!name i value",
  accounts: "t!id t name i created_at",
  access_keys: "t!id t account t secret t principal_arn t user_id i created_at",
  account_regions: "t!account t!region i created_at",
  hosts: "t!id t role t region t zone t underlay_address i vcpus i memory_mib i created_at i incarnation t?description i?heard_at",
  host_reservations: "t!instance_id t host_id i vcpus i memory_mib",
  volumes:
    "t!id t account t region t zone i size_gib t type i?iops i?throughput i encrypted t?snapshot_id t?source_file t storage_node i port i created_at " +
    "t want i generation i observed_generation t?observed_state t?observed_reason",
  volume_attachments: "t!volume_id t!instance_id t device i root i delete_on_termination t token i attached_at",
  specifications: "t!host_id t!kind t!id i generation i revision t body",
  due: "t!kind t!key i due_at i attempts",
  client_tokens: "t!account t!region t!action t!scope t!token t fingerprint t response i created_at",
  audit_events:
    "t!id i at t account t region t service t action t principal_arn t access_key_id t source_address t user_agent t?error_code",
  tags: "t!resource_id t!key t value t account t region t resource_type",
  instances:
    "t!id t account t region t zone t reservation_id i launch_index t image_id t instance_type t architecture t virtualization_type t virtualization " +
    "t root_device_name t?kernel_id t?kernel_file t vpc_id t subnet_id t?key_name t?key_material t?user_data t?client_token i launched_at i created_at " +
    "t transition_reason t?state_reason_code t?state_reason_message t shutdown_behavior i disable_api_termination i disable_api_stop i monitoring " +
    "i ebs_optimized i ena_support i source_dest_check i public_address_wanted t metadata_options t?credit_specification t tenancy t instance_store " +
    "t want i run i reboots t stop_mode t?host_id i generation i?terminated_at " +
    "i observed_generation i observed_run t?observed_state t?observed_cause t?observed_reason i?observed_at",
  consoles: "t!instance_id i run b?posted i?posted_at b latest i latest_at",
  images:
    "t!id t image_type t account t region t name t description t architecture t virtualization_type t root_device_name t state t?state_reason t?file " +
    "i size_gib t snapshot_id t?kernel_id i public t?local_name i wanted i created_at",
  image_aliases: "t!alias t image_id",
  key_pairs: "t!id t account t region t name t type t fingerprint t public_key i created_at",
  vpcs: "t!id t account t region t cidr i is_default t dhcp_options_id i enable_dns_support i enable_dns_hostnames i created_at",
  subnets: "t!id t account t region t vpc_id t zone t cidr i default_for_az i map_public_ip_on_launch i created_at",
  internet_gateways: "t!id t account t region t?vpc_id",
  route_tables: "t!id t account t region t vpc_id i main",
  routes: "t!route_table_id t!destination t gateway_id",
  network_acls: "t!id t account t region t vpc_id i is_default",
  dhcp_options: "t!id t account t region i is_default",
  security_groups: "t!id t account t region t vpc_id t name t description",
  security_group_rules: "t!id t group_id i egress t protocol i?from_port i?to_port t?cidr t?referenced_group_id",
  network_interfaces:
    "t!id t account t region t zone t vpc_id t subnet_id t mac t private_address t?public_address t description i source_dest_check t group_ids " +
    "t?instance_id t?attachment_id i?device_index i?attached_at i delete_on_termination i created_at",
  public_addresses: "t!address t interface_id i allocated_at",
};

const indexes: readonly string[] = [
  "host_reservations host_id vcpus memory_mib",
  "volumes account region",
  "unique volumes storage_node port",
  "volume_attachments instance_id",
  "unique volume_attachments instance_id device",
  "specifications host_id revision",
  "due due_at",
  "client_tokens created_at",
  "audit_events account at",
  "tags account region",
  "instances account region",
  "instances host_id",
  "unique images account region name",
  "unique key_pairs account region name",
  "vpcs account region",
  "subnets vpc_id",
  "security_groups vpc_id",
  "security_group_rules group_id",
  "unique network_interfaces subnet_id private_address",
  "unique network_interfaces mac",
  "network_interfaces account region",
  "network_interfaces instance_id",
  "public_addresses interface_id",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await createIndexes(db, indexes, "index");
}
