/** From an instance's rows to what its host is asked to make true. Pure apart from reading. */
import type { InstanceId } from "../base/ids.ts";
import { privateDnsDomain, publicDnsDomain, zoneIdOf } from "../base/regions.ts";
import type { MetadataSpecification } from "../host/protocol/metadata.ts";
import type { BandwidthSpecification, DiskSpecification, InterfaceSpecification, MachineSpecification, SecondaryAddress } from "../host/protocol/specification.ts";
import { dhcpConfigurationOf } from "../network/dhcp-options.ts";
import { listInterfaceAddresses, type InterfaceAddress } from "../network/interface-addresses.ts";
import { listPrefixes } from "../network/interface-prefixes.ts";
import { listIpv6Addresses, listIpv6Prefixes } from "../network/listed-ipv6-addresses.ts";
import { groupIdsOf, listInterfacesOf } from "../network/network-interface.ts";
import { listVpcCidrs } from "../network/vpc-cidrs.ts";
import { listIpv6Cidrs } from "../network/vpc-ipv6-cidrs.ts";
import { reachedSizeGib } from "../storage/volume.ts";
import { exportNameOf, listAttachedVolumes, type AttachedVolume } from "../storage/volume-attachment.ts";
import { prepareKept, prepareKeptForList } from "../store/prepared.ts";
import { findPlacementGroup } from "../placement/placement-group.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { toConnectField } from "./connect/pushed-key.ts";
import { gracefulStopMs } from "./instance.ts";
import { toCreditSpecification } from "./cpu-credits.ts";
import { associationOf } from "./instance-profile.ts";
import { instanceStoreOf } from "./instance-store.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import type { NetworkFigures } from "./instance-types/instance-type.ts";
import type { MetadataOptions } from "./metadata-options.ts";
import { credentialsOf } from "./role-credentials.ts";
import { findServiceCertificate } from "./service-authority.ts";
import { listTags } from "./tags.ts";

/** All that an instance consists of. */
export interface InstanceParts {
  readonly volumes: readonly AttachedVolume[];
  readonly interfaces: readonly NetworkInterfaceRow[];
}

export async function readInstanceParts(tx: Tx, instance: InstanceRow): Promise<InstanceParts> {
  return { volumes: await listAttachedVolumes(tx, instance.id), interfaces: await listInterfacesOf(tx, instance.id) };
}

/** The specification with generation 0: whoever publishes it gives it its generation. */
export async function toMachineSpecification(
  tx: Tx,
  instance: InstanceRow,
  parts: InstanceParts,
  want: MachineSpecification["want"],
): Promise<MachineSpecification> {
  const type = requireInstanceType(instance.instance_type);
  const store = instanceStoreOf(instance);
  const credits = toCreditSpecification(instance, type);
  return {
    kind: "machine",
    id: instance.id,
    generation: 0,
    want,
    run: instance.run,
    reboots: instance.reboots,
    stop: instance.stop_mode,
    gracefulStopMs,
    virtualization: instance.virtualization,
    vcpus: type.vcpus,
    memoryMib: type.memoryMib,
    ...(credits === undefined ? {} : { credits }),
    ...(instance.kernel_file === null ? {} : { kernelFile: instance.kernel_file }),
    ...(instance.ramdisk_file === null ? {} : { ramdiskFile: instance.ramdisk_file }),
    disks: await toDisks(tx, parts.volumes),
    instanceStoreGib: store.gib,
    ...(type.accelerators === undefined ? {} : { accelerators: type.accelerators.count }),
    ...(store.root === undefined ? {} : { localRoot: { file: store.root.file, sizeGib: store.root.gib, device: instance.root_device_name } }),
    ...(instance.image_task === null ? {} : { keepInstanceStore: true }),
    interfaces: await toInterfaces(tx, parts.interfaces, { bandwidth: toBandwidth(instance.id, type.network), ...toDeviceFields(instance) }),
    metadata: await toMetadata(tx, instance, parts.volumes),
  };
}

async function toDisks(tx: Tx, attached: readonly AttachedVolume[]): Promise<DiskSpecification[]> {
  const nodes = [...new Set(attached.map(({ volume }) => volume.storage_node))];
  const rows = nodes.length === 0 ? [] : await selectNodes(tx, nodes);
  const wanted = attached.filter(({ attachment }) => attachment.want === "attached");
  return wanted.map(({ volume, attachment }) => ({
    volume: volume.id,
    device: attachment.device,
    root: attachment.root === 1,
    sizeGib: reachedSizeGib(volume),
    endpoint: {
      address: rows.find((row) => row.id === volume.storage_node)?.underlay_address ?? "",
      port: volume.port,
      exportName: exportNameOf(attachment),
    },
  }));
}

const selectNodes = prepareKeptForList((db, nodes: readonly string[]) => db.selectFrom("hosts").select(["id", "underlay_address"]).where("id", "in", nodes));

/** What the guest finds in the place of each interface. */
function toDeviceFields(instance: InstanceRow): Pick<InterfaceSpecification, "virtualFunction" | "emulatedCard"> {
  return { ...(instance.virtual_functions === 1 ? { virtualFunction: true } : {}), ...(instance.emulated_cards === 1 ? { emulatedCard: true } : {}) };
}

async function toInterfaces(tx: Tx, rows: readonly NetworkInterfaceRow[], common: Pick<InterfaceSpecification, "bandwidth" | "virtualFunction" | "emulatedCard">): Promise<InterfaceSpecification[]> {
  const specifications: InterfaceSpecification[] = [];
  const addresses = await listInterfaceAddresses(tx, rows);
  const ids = rows.map((row) => row.id);
  const [ipv6, prefixes, ipv6Prefixes] = [await listIpv6Addresses(tx, ids), await listPrefixes(tx, ids), await listIpv6Prefixes(tx, ids)];
  for (const row of rows.filter((each) => each.detaching === 0)) {
    const [place] = await selectPlace(tx, row);
    if (place === undefined) throw new Error(`there is no subnet of ${row.id}`);
    const groups = await selectGroups(tx, groupIdsOf(row));
    const [primary, ...secondary] = addresses.get(row.id) ?? [];
    const ipv6Cidrs = await listIpv6Cidrs(tx, row.vpc_id);
    const ipv6Addresses = ipv6.get(row.id);
    specifications.push({
      id: row.id,
      deviceIndex: row.device_index ?? 0,
      mac: row.mac,
      privateAddress: row.private_address,
      ...(primary?.publicAddress === undefined ? {} : toPublicFields(primary.publicAddress, row.region)),
      ...(secondary.length === 0 ? {} : { secondaryAddresses: secondary.map(toSecondaryAddress) }),
      ...(ipv6Addresses === undefined ? {} : { ipv6Addresses }),
      ...prefixFields(prefixes.get(row.id), ipv6Prefixes.get(row.id)),
      subnet: { id: row.subnet_id, cidr: place.subnetCidr, ...(place.ipv6Cidr === null ? {} : { ipv6Cidr: place.ipv6Cidr }) },
      vpc: { id: row.vpc_id, cidrs: await listVpcCidrs(tx, place), ...(ipv6Cidrs.length === 0 ? {} : { ipv6Cidrs }) },
      hostName: hostNameOf(row.private_address),
      domain: dhcpConfigurationOf(place)["domain-name"]?.[0] ?? privateDnsDomain(row.region),
      securityGroups: groups,
      ownerAccount: row.account,
      ...common,
    });
  }
  return specifications;
}

function toSecondaryAddress({ privateAddress, publicAddress }: InterfaceAddress): SecondaryAddress {
  return { privateAddress, ...(publicAddress === undefined ? {} : { publicAddress }) };
}

function prefixFields(ipv4Prefixes: readonly string[] | undefined, ipv6Prefixes: readonly string[] | undefined): Pick<InterfaceSpecification, "ipv4Prefixes" | "ipv6Prefixes"> {
  return { ...(ipv4Prefixes === undefined ? {} : { ipv4Prefixes }), ...(ipv6Prefixes === undefined ? {} : { ipv6Prefixes }) };
}

/** EC2 says that a burst lasts 5 to 60 minutes, depending on the type, and not more. */
const burstSeconds = 900;

function toBandwidth(instance: InstanceId, { baselineGbps, peakGbps }: NetworkFigures): BandwidthSpecification {
  const [baselineBitsPerSecond, peakBitsPerSecond] = [baselineGbps * 1e9, peakGbps * 1e9];
  return { instance, baselineBitsPerSecond, peakBitsPerSecond, creditBytes: ((peakBitsPerSecond - baselineBitsPerSecond) / 8) * burstSeconds };
}

const selectPlace = prepareKept((db, { subnet_id: subnet }: Pick<NetworkInterfaceRow, "subnet_id">) =>
  db
    .selectFrom("subnets")
    .innerJoin("vpcs", "vpcs.id", "subnets.vpc_id")
    .leftJoin("dhcp_options", "dhcp_options.id", "vpcs.dhcp_options_id")
    .select(["subnets.cidr as subnetCidr", "subnets.ipv6_cidr as ipv6Cidr", "subnets.region", "vpcs.id", "vpcs.cidr", "dhcp_options.configuration"])
    .where("subnets.id", "=", subnet),
);

const selectGroups = prepareKeptForList((db, ids: readonly string[]) => db.selectFrom("security_groups").select(["id", "name"]).where("id", "in", ids));

function toPublicFields(publicAddress: string, region: string): Pick<InterfaceSpecification, "publicAddress" | "publicHostName"> {
  return { publicAddress, publicHostName: publicHostName(publicAddress, region) };
}

/** `ip-172-31-0-5` (facts §7.8). */
export function hostNameOf(privateAddress: string): string {
  return `ip-${privateAddress.replaceAll(".", "-")}`;
}

export function privateHostName(privateAddress: string, region: string): string {
  return `${hostNameOf(privateAddress)}.${privateDnsDomain(region)}`;
}

export function publicHostName(publicAddress: string, region: string): string {
  return `ec2-${publicAddress.replaceAll(".", "-")}.${publicDnsDomain(region)}`;
}

async function toMetadata(tx: Tx, instance: InstanceRow, volumes: readonly AttachedVolume[]): Promise<MetadataSpecification> {
  const type = requireInstanceType(instance.instance_type);
  const options = JSON.parse(instance.metadata_options) as MetadataOptions; // written by launch and ModifyInstanceMetadataOptions
  const tags = (await listTags(tx, [instance.id])).get(instance.id) ?? [];
  const { devices } = instanceStoreOf(instance);
  const atLaunch = volumes.filter(({ attachment }) => attachment.root === 0 && attachment.attached_at <= instance.launched_at);
  const data = atLaunch.map(({ attachment }, index) => [`ebs${index + 1}`, attachment.device]);
  return {
    options: {
      httpEndpoint: options.httpEndpoint,
      ...(options.httpProtocolIpv6 === "enabled" ? { httpProtocolIpv6: "enabled" as const } : {}),
      httpTokens: options.httpTokens,
      httpPutResponseHopLimit: options.httpPutResponseHopLimit,
      instanceTags: options.instanceMetadataTags,
    },
    account: instance.account,
    region: instance.region,
    zone: instance.zone,
    zoneId: zoneIdOf(instance.zone) ?? "",
    ...(await toPlacementField(tx, instance)),
    imageId: instance.image_id,
    instanceType: instance.instance_type,
    architecture: instance.architecture,
    hypervisor: type.hypervisor ?? "nitro",
    launchIndex: instance.launch_index,
    reservationId: instance.reservation_id,
    ...(instance.kernel_id === null ? {} : { kernelId: instance.kernel_id }),
    monitoring: instance.monitoring === 1 ? "enabled" : "disabled",
    pendingTime: new Date(instance.launched_at).toISOString().replace(/\.\d+Z$/, "Z"),
    ...(instance.key_name === null || instance.key_material === null
      ? {}
      : { keyPair: { name: instance.key_name, openSshKey: `${instance.key_material} ${instance.key_name}` } }),
    ...(instance.user_data === null ? {} : { userData: instance.user_data }),
    blockDevices: { ami: instance.root_device_name, root: instance.root_device_name, ...Object.fromEntries(data), ...devices },
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    ...toProfileField(instance),
    ...(await toAuthorityField(tx)),
    ...(await toConnectField(tx, instance)),
  };
}

async function toAuthorityField(tx: Tx): Promise<Pick<MetadataSpecification, "serviceAuthority">> {
  const certificate = await findServiceCertificate(tx);
  return certificate === undefined ? {} : { serviceAuthority: certificate };
}

async function toPlacementField(tx: Tx, { placement_group_id: id, dedicated_host_id: hostId, partition_number: partition }: InstanceRow): Promise<Pick<MetadataSpecification, "placement">> {
  if (id === null && hostId === null) return {};
  const group = id === null ? undefined : await findPlacementGroup(tx, id);
  return {
    placement: {
      ...(group === undefined ? {} : { groupName: group.name }),
      ...(hostId === null ? {} : { hostId }),
      ...(partition === null ? {} : { partitionNumber: partition }),
    },
  };
}

/** The credentials are still sealed. */
function toProfileField(instance: InstanceRow): Pick<MetadataSpecification, "profile"> {
  const [association, credentials] = [associationOf(instance), credentialsOf(instance)];
  if (association === undefined) return {};
  const role = credentials?.associationId === association.id ? { role: { name: credentials.roleName, credentials: credentials.document } } : {};
  const since = new Date(association.since).toISOString().replace(/\.\d+Z$/, "Z");
  return { profile: { arn: association.profileArn, id: association.profileId, since, ...role } };
}
