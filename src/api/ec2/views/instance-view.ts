/** Instances as EC2 shows them. */
import type { GroupIdentifier, Instance, InstanceNetworkInterface, InstancePrivateIpAddress, InstanceStateChange, Placement, Reservation } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { toAttachmentState } from "../../../compute/attachment-state.ts";
import type { StateChange } from "../../../compute/instance.ts";
import { stateCodes, toInstanceState, type InstanceState } from "../../../compute/instance-state.ts";
import { rootTypeOf } from "../../../compute/instance-store.ts";
import { findInstanceType } from "../../../compute/instance-types/catalogue.ts";
import { privateHostName, publicHostName } from "../../../compute/machine-specification.ts";
import { associationOf } from "../../../compute/instance-profile.ts";
import type { MetadataOptions } from "../../../compute/metadata-options.ts";
import type { InterfaceAddress } from "../../../network/interface-addresses.ts";
import { groupIdsOf } from "../../../network/network-interface.ts";
import type { InstanceRow } from "../../../store/compute-tables.ts";
import type { NetworkInterfaceRow } from "../../../store/network-tables.ts";
import type { VolumeAttachmentRow } from "../../../store/storage-tables.ts";
import { markLasting } from "../../../wire/lasting.ts";
import type { ViewedInstance } from "./instance-parts.ts";
import { toPrefixFields } from "./network-interface-view.ts";

export function toStateChange({ instance, previous, current }: StateChange): InstanceStateChange {
  return { InstanceId: instance.id, CurrentState: toStateView(current), PreviousState: toStateView(previous) };
}

export function toStateView(state: InstanceState): { Code: number; Name: InstanceState } {
  return { Code: stateCodes[state], Name: state };
}

/** Instances of one launch stand in one reservation, in launch order. */
export function toReservations(instances: readonly ViewedInstance[], toView: (instance: ViewedInstance) => Instance): Reservation[] {
  const byReservation = new Map<string, ViewedInstance[]>();
  for (const instance of instances) {
    const siblings = byReservation.get(instance.row.reservation_id);
    if (siblings === undefined) byReservation.set(instance.row.reservation_id, [instance]);
    else siblings.push(instance);
  }
  return Array.from(byReservation, ([id, siblings]) => toReservation(id, siblings, toView));
}

export function toReservation(id: string, siblings: readonly ViewedInstance[], toView = toInstanceView): Reservation {
  const inOrder = siblings.toSorted((a, b) => a.row.launch_index - b.row.launch_index);
  return { ReservationId: id, OwnerId: siblings[0]?.row.account, Groups: [], Instances: inOrder.map(toView) };
}

export function toInstanceView(viewed: ViewedInstance): Instance {
  const { row, interfaces, attachments, tags, vpcs } = viewed;
  const state = toInstanceState(row);
  const primary = interfaces[0];
  const hostNames = vpcs.get(row.vpc_id)?.enable_dns_hostnames === 1;
  const publicAddress = primary === undefined ? undefined : findPublicAddress(viewed, primary);
  return {
    InstanceId: row.id,
    ImageId: row.image_id,
    State: toStateView(state),
    PrivateDnsName: primary === undefined ? "" : privateHostName(primary.private_address, row.region),
    PublicDnsName: toPublicName(publicAddress, row.region, hostNames),
    StateTransitionReason: row.transition_reason,
    ...(row.key_name === null ? {} : { KeyName: row.key_name }),
    AmiLaunchIndex: row.launch_index,
    ProductCodes: [],
    InstanceType: row.instance_type as NonNullable<Instance["InstanceType"]>, // the catalogue's names are EC2's
    LaunchTime: new Date(row.launched_at),
    Placement: { ...toPlacementView(viewed), AvailabilityZoneId: zoneIdOf(row.zone) },
    ...(row.capacity_reservation_id === null ? {} : { CapacityReservationId: row.capacity_reservation_id }),
    CapacityReservationSpecification: toCapacitySpecificationView(row),
    ...(row.kernel_id === null || row.virtualization_type === "hvm" ? {} : { KernelId: row.kernel_id }),
    Monitoring: { State: row.monitoring === 1 ? "enabled" : "disabled" },
    ...(primary === undefined ? {} : toNetworkFields(viewed, primary)),
    Architecture: row.architecture,
    RootDeviceType: rootTypeOf(row),
    RootDeviceName: row.root_device_name,
    BlockDeviceMappings: attachments.map((attachment) => toBlockDevice(row, attachment)),
    VirtualizationType: row.virtualization_type,
    Hypervisor: "xen",
    ...toProfileField(row),
    ...(row.client_token === null ? {} : { ClientToken: row.client_token }),
    EbsOptimized: row.ebs_optimized === 1,
    EnaSupport: row.ena_support === 1,
    Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ...(row.state_reason_code === null ? {} : { StateReason: { Code: row.state_reason_code, Message: row.state_reason_message ?? "" } }),
    ...toFixedFields(row),
  };
}

const keptViews = new WeakMap<ViewedInstance, Instance>();

/** An instance whose rows stay as they are keeps its view, and so the bytes of it. */
export function toKeptView(viewed: ViewedInstance): Instance {
  let view = keptViews.get(viewed);
  if (view === undefined) keptViews.set(viewed, (view = markLasting(toInstanceView(viewed))));
  return view;
}

function toProfileField(row: InstanceRow): Pick<Instance, "IamInstanceProfile"> {
  const association = associationOf(row);
  return association === undefined ? {} : { IamInstanceProfile: { Arn: association.profileArn, Id: association.profileId } };
}

/** Also as a launch template would say it, which names its zone once. */
export function toPlacementView({ row, placementGroup }: Pick<ViewedInstance, "row" | "placementGroup">): Placement {
  return {
    AvailabilityZone: row.zone,
    GroupName: placementGroup?.name ?? "",
    ...(placementGroup === undefined ? {} : { GroupId: placementGroup.id }),
    ...(row.partition_number === null ? {} : { PartitionNumber: row.partition_number }),
    Tenancy: row.tenancy,
    ...(row.tenancy === "host" ? { Affinity: row.affinity } : {}),
    ...(row.dedicated_host_id === null ? {} : { HostId: row.dedicated_host_id }),
  };
}

function toCapacitySpecificationView(row: InstanceRow): NonNullable<Instance["CapacityReservationSpecification"]> {
  if (row.capacity_target !== null) return { CapacityReservationTarget: { CapacityReservationId: row.capacity_target } };
  return { CapacityReservationPreference: row.capacity_preference };
}

/** What follows from the type and the launch alone. */
function toFixedFields(row: InstanceRow): Partial<Instance> {
  const type = findInstanceType(row.instance_type);
  const options = JSON.parse(row.metadata_options) as MetadataOptions; // written by launch and ModifyInstanceMetadataOptions
  return {
    CpuOptions: { CoreCount: type?.cores ?? 1, ThreadsPerCore: type?.threadsPerCore ?? 1 },
    HibernationOptions: { Configured: false },
    MetadataOptions: toMetadataOptionsView(options),
    EnclaveOptions: { Enabled: false },
    PlatformDetails: "Linux/UNIX",
    UsageOperation: "RunInstances",
    UsageOperationUpdateTime: new Date(row.created_at),
    PrivateDnsNameOptions: { HostnameType: "ip-name", EnableResourceNameDnsARecord: false, EnableResourceNameDnsAAAARecord: false },
    MaintenanceOptions: { AutoRecovery: row.auto_recovery === 1 ? "default" : "disabled" },
    ...(row.boot_mode === null ? {} : { BootMode: row.boot_mode }),
    CurrentInstanceBootMode: row.architecture === "arm64" ? "uefi" : "legacy-bios",
  };
}

export function toMetadataOptionsView(options: MetadataOptions): NonNullable<Instance["MetadataOptions"]> {
  return {
    State: "applied",
    HttpTokens: options.httpTokens,
    HttpPutResponseHopLimit: options.httpPutResponseHopLimit,
    HttpEndpoint: options.httpEndpoint,
    HttpProtocolIpv6: options.httpProtocolIpv6,
    InstanceMetadataTags: options.instanceMetadataTags,
  };
}

function toNetworkFields(viewed: ViewedInstance, primary: NetworkInterfaceRow): Partial<Instance> {
  const [ipv6] = viewed.ipv6.get(primary.id) ?? [];
  const publicAddress = findPublicAddress(viewed, primary);
  return {
    SubnetId: primary.subnet_id,
    VpcId: primary.vpc_id,
    PrivateIpAddress: primary.private_address,
    ...(ipv6 === undefined ? {} : { Ipv6Address: ipv6 }),
    ...(publicAddress === undefined ? {} : { PublicIpAddress: publicAddress }),
    SourceDestCheck: primary.source_dest_check === 1,
    SecurityGroups: toGroups(viewed, primary),
    NetworkInterfaces: viewed.interfaces.map((nic) => toNetworkInterface(viewed, nic)),
  };
}

function toGroups({ groups }: ViewedInstance, nic: NetworkInterfaceRow): GroupIdentifier[] {
  return groupIdsOf(nic).map((id) => ({ GroupId: id, GroupName: groups.get(id)?.name ?? "" }));
}

function toNetworkInterface(viewed: ViewedInstance, nic: NetworkInterfaceRow): InstanceNetworkInterface {
  const hostNames = viewed.vpcs.get(nic.vpc_id)?.enable_dns_hostnames === 1;
  const addresses = (viewed.addresses.get(nic.id) ?? []).map((each) => toPrivateAddressView(each, nic, hostNames));
  const [primary] = addresses;
  return {
    NetworkInterfaceId: nic.id,
    SubnetId: nic.subnet_id,
    VpcId: nic.vpc_id,
    Description: nic.description,
    OwnerId: nic.account,
    Status: "in-use",
    MacAddress: nic.mac,
    PrivateIpAddress: nic.private_address,
    PrivateDnsName: primary?.PrivateDnsName,
    SourceDestCheck: nic.source_dest_check === 1,
    Groups: toGroups(viewed, nic),
    Ipv6Addresses: (viewed.ipv6.get(nic.id) ?? []).map((address) => ({ Ipv6Address: address, IsPrimaryIpv6: false })),
    InterfaceType: "interface",
    Attachment: {
      AttachmentId: nic.attachment_id ?? "",
      DeviceIndex: nic.device_index ?? 0,
      Status: nic.detaching === 1 ? "detaching" : "attached",
      AttachTime: new Date(nic.attached_at ?? 0),
      DeleteOnTermination: nic.delete_on_termination === 1,
      NetworkCardIndex: 0,
    },
    ...(primary?.Association === undefined ? {} : { Association: primary.Association }),
    PrivateIpAddresses: addresses,
    ...toPrefixFields({ ipv4: viewed.prefixes.get(nic.id), ipv6: viewed.ipv6Prefixes.get(nic.id) }),
  };
}

function toPrivateAddressView(address: InterfaceAddress, nic: NetworkInterfaceRow, hostNames: boolean): InstancePrivateIpAddress {
  const { privateAddress, primary, publicAddress, elasticIp } = address;
  const association = { IpOwnerId: elasticIp?.account ?? "amazon", PublicDnsName: toPublicName(publicAddress, nic.region, hostNames), PublicIp: publicAddress };
  return {
    PrivateIpAddress: privateAddress,
    PrivateDnsName: privateHostName(privateAddress, nic.region),
    Primary: primary,
    ...(publicAddress === undefined ? {} : { Association: association }),
  };
}

function findPublicAddress({ addresses }: ViewedInstance, nic: NetworkInterfaceRow): string | undefined {
  return addresses.get(nic.id)?.[0]?.publicAddress;
}

/** Empty where there is no public address or the VPC gives no host names. */
function toPublicName(publicAddress: string | undefined, region: string, hostNames: boolean): string {
  return publicAddress === undefined || !hostNames ? "" : publicHostName(publicAddress, region);
}

export function toBlockDevice(instance: InstanceRow, attachment: VolumeAttachmentRow): NonNullable<Instance["BlockDeviceMappings"]>[number] {
  return {
    DeviceName: attachment.device,
    Ebs: {
      VolumeId: attachment.volume_id,
      Status: toDeviceStatus(instance, attachment),
      AttachTime: new Date(attachment.attached_at),
      DeleteOnTermination: attachment.delete_on_termination === 1,
    },
  };
}

/** Of an instance's device EC2 does not say that it is busy, only that it is on its way out. */
export function toDeviceStatus(instance: InstanceRow, attachment: VolumeAttachmentRow): "attaching" | "attached" | "detaching" {
  const state = toAttachmentState(attachment, instance);
  return state === "busy" ? "detaching" : state;
}
