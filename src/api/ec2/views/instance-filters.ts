/** The filters of DescribeInstances: what instances are searched by is read from their rows, all else from their views. */
import type { Instance, InstanceNetworkInterface } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { associationOf } from "../../../compute/instance-profile.ts";
import { stateCodes, toInstanceState } from "../../../compute/instance-state.ts";
import { rootTypeOf } from "../../../compute/instance-store.ts";
import { privateHostName } from "../../../compute/machine-specification.ts";
import { groupIdsOf } from "../../../network/network-interface.ts";
import type { FieldValue, FilterTable } from "../../describe/filters.ts";
import type { ViewedInstance } from "./instance-parts.ts";
import { toDeviceStatus, toKeptView } from "./instance-view.ts";
import { interfaceFields } from "./interface-fields.ts";

type Fields = FilterTable<ViewedInstance>["fields"];

const rowFields: Fields = {
  affinity: ({ row }) => (row.tenancy === "host" ? row.affinity : undefined),
  architecture: ({ row }) => row.architecture,
  "availability-zone": ({ row }) => row.zone,
  "availability-zone-id": ({ row }) => zoneIdOf(row.zone),
  "block-device-mapping.attach-time": ({ attachments }) => attachments.map((each) => new Date(each.attached_at)),
  "block-device-mapping.delete-on-termination": ({ attachments }) => attachments.map((each) => each.delete_on_termination === 1),
  "block-device-mapping.device-name": ({ attachments }) => attachments.map((each) => each.device),
  "block-device-mapping.status": ({ row, attachments }) => attachments.map((each) => toDeviceStatus(row, each)),
  "block-device-mapping.volume-id": ({ attachments }) => attachments.map((each) => each.volume_id),
  "capacity-reservation-id": ({ row }) => row.capacity_reservation_id,
  "capacity-reservation-specification.capacity-reservation-preference": ({ row }) => (row.capacity_target === null ? row.capacity_preference : undefined),
  "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id": ({ row }) => row.capacity_target,
  "client-token": ({ row }) => row.client_token,
  "ebs-optimized": ({ row }) => row.ebs_optimized === 1,
  "ena-support": ({ row }) => row.ena_support === 1,
  "group-id": ({ interfaces }) => interfaces.flatMap(groupIdsOf),
  "group-name": ({ interfaces, groups }) => interfaces.flatMap(groupIdsOf).map((id) => groups.get(id)?.name),
  "host-id": ({ row }) => row.dedicated_host_id,
  hypervisor: () => "xen",
  "image-id": ({ row }) => row.image_id,
  "instance-id": ({ row }) => row.id,
  "instance-state-code": ({ row }) => stateCodes[toInstanceState(row)],
  "instance-state-name": ({ row }) => toInstanceState(row),
  "instance-type": ({ row }) => row.instance_type,
  "instance.group-id": ({ interfaces }) => interfaces.flatMap(groupIdsOf),
  "instance.group-name": ({ interfaces, groups }) => interfaces.flatMap(groupIdsOf).map((id) => groups.get(id)?.name),
  "ip-address": publicAddressesOf,
  "ipv6-address": ({ ipv6 }) => [...ipv6.values()].flat(),
  "key-name": ({ row }) => row.key_name,
  "launch-index": ({ row }) => row.launch_index,
  "launch-time": ({ row }) => new Date(row.launched_at),
  "maintenance-options.auto-recovery": ({ row }) => (row.auto_recovery === 1 ? "default" : "disabled"),
  "monitoring-state": ({ row }) => (row.monitoring === 1 ? "enabled" : "disabled"),
  "network-interface.tag-key": ({ interfaceTags }) => interfaceTags.map(({ key }) => key),
  "network-interface.tag-value": ({ interfaceTags }) => interfaceTags.map(({ value }) => value),
  "owner-id": ({ row }) => row.account,
  "placement-group-name": ({ placementGroup }) => placementGroup?.name,
  "placement-partition-number": ({ row }) => row.partition_number,
  "private-dns-name": ({ interfaces, row }) => interfaces.slice(0, 1).map((nic) => privateHostName(nic.private_address, row.region)),
  "private-ip-address": ({ interfaces }) => interfaces.map((nic) => nic.private_address),
  reason: ({ row }) => row.transition_reason,
  "iam-instance-profile.arn": ({ row }) => associationOf(row)?.profileArn,
  "iam-instance-profile.id": ({ row }) => associationOf(row)?.profileId,
  "reservation-id": ({ row }) => row.reservation_id,
  "root-device-name": ({ row }) => row.root_device_name,
  "root-device-type": ({ row }) => rootTypeOf(row),
  "source-dest-check": ({ row }) => row.source_dest_check === 1,
  "state-reason-code": ({ row }) => row.state_reason_code,
  "state-reason-message": ({ row }) => row.state_reason_message,
  "subnet-id": ({ row }) => row.subnet_id,
  tenancy: ({ row }) => row.tenancy,
  "virtualization-type": ({ row }) => row.virtualization_type,
  "vpc-id": ({ row }) => row.vpc_id,
};

/** Of its first interface's primary address: an Elastic IP address, else the automatic one. */
function publicAddressesOf({ interfaces, addresses }: ViewedInstance): (string | undefined)[] {
  return interfaces.slice(0, 1).map((nic) => addresses.get(nic.id)?.[0]?.publicAddress);
}

const viewFields: Readonly<Record<string, (instance: Instance) => FieldValue>> = {
  "boot-mode": (instance) => instance.BootMode,
  "current-instance-boot-mode": (instance) => instance.CurrentInstanceBootMode,
  "dns-name": (instance) => instance.PublicDnsName,
  "enclave-options.enabled": (instance) => instance.EnclaveOptions?.Enabled,
  "hibernation-options.configured": (instance) => instance.HibernationOptions?.Configured,
  "kernel-id": (instance) => instance.KernelId,
  "metadata-options.http-endpoint": (instance) => instance.MetadataOptions?.HttpEndpoint,
  "metadata-options.http-protocol-ipv6": (instance) => instance.MetadataOptions?.HttpProtocolIpv6,
  "metadata-options.http-put-response-hop-limit": (instance) => instance.MetadataOptions?.HttpPutResponseHopLimit,
  "metadata-options.http-tokens": (instance) => instance.MetadataOptions?.HttpTokens,
  "metadata-options.instance-metadata-tags": (instance) => instance.MetadataOptions?.InstanceMetadataTags,
  "metadata-options.state": (instance) => instance.MetadataOptions?.State,
  "platform-details": (instance) => instance.PlatformDetails,
  "private-dns-name-options.enable-resource-name-dns-a-record": (instance) => instance.PrivateDnsNameOptions?.EnableResourceNameDnsARecord,
  "private-dns-name-options.enable-resource-name-dns-aaaa-record": (instance) => instance.PrivateDnsNameOptions?.EnableResourceNameDnsAAAARecord,
  "private-dns-name-options.hostname-type": (instance) => instance.PrivateDnsNameOptions?.HostnameType,
  "usage-operation": (instance) => instance.UsageOperation,
  "usage-operation-update-time": (instance) => instance.UsageOperationUpdateTime,
};

type InterfaceField = (nic: InstanceNetworkInterface, instance: Instance) => FieldValue | readonly FieldValue[];

/** Each behind `network-interface.`, beside those that interfaces are searched by alone. */
const partFields: Readonly<Record<string, InterfaceField>> = {
  ...interfaceFields,
  "addresses.association.ip-owner-id": ({ PrivateIpAddresses: addresses = [] }) => addresses.map((each) => each.Association?.IpOwnerId),
  "addresses.association.public-dns-name": ({ PrivateIpAddresses: addresses = [] }) => addresses.map((each) => each.Association?.PublicDnsName),
  "addresses.private-dns-name": ({ PrivateIpAddresses: addresses = [] }) => addresses.map((each) => each.PrivateDnsName),
  "attachment.instance-id": (_nic, instance) => instance.InstanceId,
  "attachment.instance-owner-id": (nic) => nic.OwnerId,
  "attachment.network-card-index": (nic) => nic.Attachment?.NetworkCardIndex,
  "availability-zone": (_nic, instance) => instance.Placement?.AvailabilityZone,
  "ipv4-prefixes.ipv4-prefix": ({ Ipv4Prefixes: prefixes = [] }) => prefixes.map((each) => each.Ipv4Prefix),
  "ipv6-address": ({ Ipv6Addresses: addresses = [] }) => addresses.map((each) => each.Ipv6Address),
  "ipv6-addresses.is-primary-ipv6": ({ Ipv6Addresses: addresses = [] }) => addresses.map((each) => each.IsPrimaryIpv6),
  "ipv6-prefixes.ipv6-prefix": ({ Ipv6Prefixes: prefixes = [] }) => prefixes.map((each) => each.Ipv6Prefix),
  "public-dns-name": (nic) => nic.Association?.PublicDnsName,
  "requester-managed": () => false,
};

/** Known to EC2, and true of no instance here. */
const emptyFields = [
  "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
  "instance-lifecycle",
  "network-interface.addresses.association.carrier-ip",
  "network-interface.addresses.association.customer-owned-ip",
  "network-interface.association.carrier-ip",
  "network-interface.association.customer-owned-ip",
  "network-interface.operator.principal",
  "network-interface.outpost-arn",
  "network-interface.requester-id",
  "network-performance-options.bandwidth-weighting",
  "operator.principal",
  "outpost-arn",
  "platform",
  "product-code",
  "product-code.type",
  "ramdisk-id",
  "requester-id",
  "spot-instance-request-id",
  "tpm-support",
];

/** The same of every instance here. */
const constantFields: Readonly<Record<string, FieldValue>> = {
  "metadata-options.http-protocol-ipv4": "enabled",
  "network-interface.deny-all-igw-traffic": false,
  "network-interface.ipv6-native": false,
  "network-interface.operator.managed": false,
  "operator.managed": false,
};

function elasticIpsOf({ addresses }: ViewedInstance, primaryOnly: boolean) {
  return [...addresses.values()].flatMap((each) => (primaryOnly ? each.slice(0, 1) : each)).flatMap(({ elasticIp }) => elasticIp ?? []);
}

const elasticFields: Fields = {
  "network-interface.addresses.association.allocation-id": (viewed) => elasticIpsOf(viewed, false).map((each) => each.id),
  "network-interface.addresses.association.association-id": (viewed) => elasticIpsOf(viewed, false).map((each) => each.association_id),
  "network-interface.association.allocation-id": (viewed) => elasticIpsOf(viewed, true).map((each) => each.id),
  "network-interface.association.association-id": (viewed) => elasticIpsOf(viewed, true).map((each) => each.association_id),
};

function mapFields<From>(fields: Readonly<Record<string, From>>, toField: (from: From) => Fields[string], prefix = ""): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, from]) => [prefix + name, toField(from)]));
}

export const instanceFilters: FilterTable<ViewedInstance> = {
  tags: ({ tags }) => tags,
  fields: {
    ...rowFields,
    ...elasticFields,
    ...mapFields(viewFields, (field) => (viewed) => field(toKeptView(viewed))),
    ...mapFields(partFields, (field) => (viewed) => readInterfaces(toKeptView(viewed), field), "network-interface."),
    ...mapFields(constantFields, (value) => () => value),
    ...Object.fromEntries(emptyFields.map((name) => [name, () => undefined])),
  },
};

function readInterfaces(instance: Instance, field: InterfaceField): readonly FieldValue[] {
  return (instance.NetworkInterfaces ?? []).flatMap((nic) => field(nic, instance));
}
