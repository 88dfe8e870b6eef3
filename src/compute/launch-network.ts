/** The network side of a launch: subnet, security groups, addresses, from the request's two ways of saying it (facts §1.5). */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import {
  groupNameNotFound,
  interfaceLimitExceeded,
  invalidParameterCombination,
  launchedAddressLimitExceeded,
  missingParameter,
  noDefaultVpc,
  notFound,
  parametersExclude,
  unsupportedRequest,
} from "../base/api-error.ts";
import type { InterfaceId, VpcId } from "../base/ids.ts";
import { findRegion, zoneIdOf } from "../base/regions.ts";
import { listSecondaryAddresses, requireFreeSecondary } from "../network/interface-addresses.ts";
import { listPrefixes, parsePrefixes, requireBesidePrefixes, requireFreePrefixes } from "../network/interface-prefixes.ts";
import { requireFreeIpv6, requireIpv6Limit, wantedIpv6Count } from "../network/ipv6-addresses.ts";
import { parseIpv6Prefixes, requireBesideIpv6Prefixes, requireFreeIpv6Prefixes } from "../network/ipv6-prefixes.ts";
import { countIpv6 } from "../network/listed-ipv6-addresses.ts";
import { requireAvailable, type InterfacePlan } from "../network/network-interface.ts";
import { requireGroupCount } from "../network/security-group.ts";
import type { NetworkInterfaceRow, SecurityGroupRow, SubnetRow } from "../store/network-tables.ts";
import { prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { parseAddresses, parseLaunchIpv6, requireInterfaceRequests, type InterfaceRequest } from "./interface-request.ts";
import { ownedRows, type Owner } from "./owned-rows.ts";
import { inRequestedOrder, requireWellFormed } from "./resources.ts";

export interface LaunchNetwork {
  readonly vpcId: VpcId;
  /** The subnets that the launch may use, one a zone; exactly one when the request names a subnet, a zone or an interface. */
  readonly subnets: readonly SubnetRow[];
  /** In order of their device index, 0 the first. */
  readonly interfaces: readonly LaunchInterface[];
  /** Undefined: as the subnet says. */
  readonly associatePublicAddress: boolean | undefined;
}

export type LaunchInterface = { readonly deviceIndex: number } & (ExistingInterface | NewInterface);

interface ExistingInterface {
  readonly kind: "existing";
  readonly nic: NetworkInterfaceRow;
}

interface NewInterface extends Omit<InterfacePlan, "subnet"> {
  readonly kind: "new";
  /** Undefined: the launch's. */
  readonly subnet: SubnetRow | undefined;
  readonly deleteOnTermination: boolean;
}

export async function planLaunchNetwork(tx: Tx, owner: Owner, input: RunInstancesCommandInput, type: InstanceType): Promise<LaunchNetwork> {
  const requests = requireInterfaceRequests(input);
  const existing = await readExisting(tx, owner, requests);
  const [first = {}] = requests;
  const subnetId = existing.get(first.NetworkInterfaceId ?? "")?.subnet_id ?? first.SubnetId ?? input.SubnetId;
  const subnets = await chooseSubnets(tx, owner, subnetId, zoneOfPlacement(owner.region, input.Placement));
  const vpcId = subnets[0]?.vpc_id;
  if (vpcId === undefined) throw noDefaultVpc();
  const interfaces: LaunchInterface[] = [];
  for (const request of requests) {
    const nic = existing.get(request.NetworkInterfaceId ?? "");
    const deviceIndex = request.DeviceIndex ?? 0;
    interfaces.push(nic === undefined ? { deviceIndex, ...(await planNew(tx, owner, { vpcId, subnets }, request, input)) } : { deviceIndex, kind: "existing", nic });
  }
  requireOnePlace(subnets, vpcId, interfaces);
  await requireTypeLimits(tx, type, interfaces);
  await requireIpv6(tx, type, subnets, interfaces);
  const isPlain = interfaces.length === 1 && interfaces[0]?.kind === "new"; // only then an automatic public address
  return { vpcId, subnets, interfaces, associatePublicAddress: isPlain ? first.AssociatePublicIpAddress : false };
}

/** Named, or by its id; one that there is not is refused with the name or id as it is. */
export function zoneOfPlacement(region: string, { AvailabilityZone: name, AvailabilityZoneId: id }: NonNullable<RunInstancesCommandInput["Placement"]> = {}): string | undefined {
  if (name !== undefined && id !== undefined) throw parametersExclude("Placement.AvailabilityZone", "Placement.AvailabilityZoneId");
  if (id === undefined) return name;
  return (findRegion(region)?.zones ?? []).map((letter) => region + letter).find((zone) => zoneIdOf(zone) === id) ?? id;
}

async function readExisting(tx: Tx, owner: Owner, requests: readonly InterfaceRequest[]): Promise<ReadonlyMap<string, NetworkInterfaceRow>> {
  const ids = requests.flatMap((request) => request.NetworkInterfaceId ?? []);
  const rows = ids.length === 0 ? [] : await ownedRows(tx, "network_interfaces", owner, ids);
  for (const row of rows) requireAvailable(row);
  return new Map(rows.map((row) => [row.id, row]));
}

async function planNew(tx: Tx, owner: Owner, { vpcId, subnets }: Pick<LaunchNetwork, "vpcId" | "subnets">, request: InterfaceRequest, input: RunInstancesCommandInput): Promise<NewInterface> {
  const subnet = request.SubnetId === undefined ? undefined : (await chooseSubnets(tx, owner, request.SubnetId, undefined))[0];
  const { primary, secondary } = parseAddresses(request);
  const [prefixes, ipv6, ipv6Prefixes] = [parsePrefixes(request), parseLaunchIpv6(request, input), parseIpv6Prefixes(request)];
  const privateAddress = primary ?? input.PrivateIpAddress;
  if ((privateAddress !== undefined || secondary.addresses.length + prefixes.prefixes.length + ipv6Prefixes.prefixes.length > 0) && (input.MaxCount ?? 1) > 1) {
    throw invalidParameterCombination("A private IP address can be specified only when launching a single instance.");
  }
  requireBesidePrefixes(prefixes, privateAddress, secondary);
  requireBesideIpv6Prefixes(ipv6Prefixes, ipv6.addresses);
  const place = subnet ?? (subnets.length === 1 ? subnets[0] : undefined);
  if (place === undefined && prefixes.prefixes.length > 0) throw missingParameter("subnetId");
  if (place !== undefined) await requireFreePrefixes(tx, place, prefixes);
  if (subnet !== undefined) await requireFreeSecondary(tx, subnet, secondary.addresses);
  const isDescribed = (input.NetworkInterfaces ?? []).length > 0;
  return {
    kind: "new",
    subnet,
    groupIds: await chooseGroups(tx, vpcId, isDescribed ? (request.Groups ?? []) : (input.SecurityGroupIds ?? []), isDescribed ? [] : (input.SecurityGroups ?? [])),
    privateAddress,
    secondary,
    prefixes,
    ipv6,
    ipv6Prefixes,
    description: request.Description ?? "",
    deleteOnTermination: request.DeleteOnTermination ?? true,
  };
}

/** All interfaces of an instance are in its zone and VPC. */
function requireOnePlace(subnets: readonly SubnetRow[], vpcId: VpcId, interfaces: readonly LaunchInterface[]): void {
  for (const each of interfaces) {
    const place = each.kind === "existing" ? each.nic : each.subnet;
    if (place === undefined) continue;
    if (subnets.every((subnet) => subnet.zone !== place.zone)) throw invalidParameterCombination("You may not attach network interfaces of different availability zones to one instance.");
    if (place.vpc_id !== vpcId) throw unsupportedRequest("Network interfaces of different VPCs at one instance are not supported yet.");
  }
}

async function requireTypeLimits(tx: Tx, type: InstanceType, interfaces: readonly LaunchInterface[]): Promise<void> {
  const { maxInterfaces, ipv4PerInterface } = type.network;
  if (interfaces.length > maxInterfaces) throw interfaceLimitExceeded(interfaces.length, type.name);
  for (const each of interfaces) {
    const further = each.kind === "new" ? countOf(each.secondary.addresses, each.secondary.count) + countOf(each.prefixes?.prefixes, each.prefixes?.count) : await countFurther(tx, each.nic.id);
    if (1 + further > ipv4PerInterface) throw launchedAddressLimitExceeded(ipv4PerInterface);
  }
}

/** Named ones, or a number of any. */
function countOf(named: readonly string[] = [], count = 0): number {
  return named.length + count;
}

/** Of an interface that is there: a prefix counts as one address. */
async function countFurther(tx: Tx, id: InterfaceId): Promise<number> {
  return (await listSecondaryAddresses(tx, id)).length + ((await listPrefixes(tx, [id])).get(id)?.length ?? 0);
}

/** Each subnet that an interface may come to be in can give the IPv6 addresses, and the type takes so many. */
async function requireIpv6(tx: Tx, type: InstanceType, subnets: readonly SubnetRow[], interfaces: readonly LaunchInterface[]): Promise<void> {
  for (const each of interfaces) {
    if (each.kind === "existing") {
      requireIpv6Limit(type.network.ipv6PerInterface, await countIpv6(tx, each.nic.id));
      continue;
    }
    for (const subnet of each.subnet === undefined ? subnets : [each.subnet]) {
      await requireFreeIpv6(tx, subnet, each.ipv6);
      if (each.ipv6Prefixes !== undefined) await requireFreeIpv6Prefixes(tx, subnet, each.ipv6Prefixes);
      requireIpv6Limit(type.network.ipv6PerInterface, wantedIpv6Count(subnet, each.ipv6) + countOf(each.ipv6Prefixes?.prefixes, each.ipv6Prefixes?.count));
    }
  }
}

async function chooseSubnets(tx: Tx, owner: Owner, subnetId: string | undefined, zone: string | undefined): Promise<readonly SubnetRow[]> {
  const mine = tx.db.selectFrom("subnets").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  if (zone !== undefined && !isZoneOf(owner.region, zone)) throw notFound("availabilityZone", zone);
  if (subnetId !== undefined) {
    requireWellFormed("subnet", [subnetId]);
    const rows = await mine.where("id", "=", subnetId as SubnetRow["id"]).execute(); // well-formed
    const subnets = inRequestedOrder("subnet", [subnetId], rows);
    if (zone !== undefined && subnets[0]?.zone !== zone) {
      throw invalidParameterCombination(`The subnet ID '${subnetId}' is not in the Availability Zone '${zone}'.`);
    }
    return subnets;
  }
  const defaults = await selectDefaultSubnets(tx, owner);
  const subnets = zone === undefined ? defaults : defaults.filter((subnet) => subnet.zone === zone);
  if (subnets.length === 0) throw noDefaultVpc();
  return subnets;
}

const selectDefaultSubnets = prepareKept((db, { account, region }: Owner) =>
  db.selectFrom("subnets").selectAll().where("account", "=", account).where("region", "=", region).where("default_for_az", "=", 1).orderBy("zone"),
);

function isZoneOf(region: string, zone: string): boolean {
  return findRegion(region)?.zones.some((letter) => `${region}${letter}` === zone) ?? false;
}

/** The named groups' ids; the VPC's default group when none is named. */
export async function chooseGroups(tx: Tx, vpcId: VpcId, ids: readonly string[], names: readonly string[]): Promise<string[]> {
  if (ids.length > 0 && names.length > 0) throw parametersExclude("groupIds", "groupNames");
  requireGroupCount([...ids, ...names]);
  const rows = await selectGroups(tx, { vpcId });
  if (ids.length > 0) {
    requireWellFormed("securityGroup", ids);
    return inRequestedOrder("securityGroup", ids, rows).map((row) => row.id);
  }
  return (names.length > 0 ? names : ["default"]).map((name) => requireGroupNamed(rows, vpcId, name).id);
}

const selectGroups = prepareKept((db, { vpcId }: { vpcId: VpcId }) => db.selectFrom("security_groups").selectAll().where("vpc_id", "=", vpcId));

/** Names are unique in a VPC whatever their case (facts §7.6). */
function requireGroupNamed(rows: readonly SecurityGroupRow[], vpcId: string, name: string): SecurityGroupRow {
  const row = rows.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (row === undefined) throw groupNameNotFound(name, vpcId);
  return row;
}
