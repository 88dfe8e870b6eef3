/**
 * A VPC as one host sees it: which of its interfaces are here, where the others are, and what holds for those that are here. Pure,
 * made of the VPC's specification and the interfaces that are connected on this host.
 *
 * An interface is here when it is connected here and no other host is said to have it. One that the specification does not name
 * yet has no group, so nothing passes but DHCP, metadata and names.
 */
import type { InterfaceId, SubnetId } from "../../base/ids.ts";
import { formatIpv4 } from "../../base/ipv4.ts";
import type { PeerInterface, PeerSpecification } from "../protocol/peer-specification.ts";
import type { AclEntrySpecification, GroupSpecification, PlacedInterface, RouteSpecification, VpcSpecification } from "../protocol/specification.ts";
import { ipv6RouterAddress, routerAddress, subnetPrefix, vpcResolver } from "./dnsmasq-configuration.ts";
import { interfaceDevices } from "./names.ts";
import type { KnownInterface } from "./network-state.ts";
import { wireMacOf } from "./wire.ts";

export interface LocalInterface {
  readonly id: InterfaceId;
  readonly device: string;
  readonly mac: string;
  readonly subnet: SubnetId;
  /** The subnet's router, `address/prefix`. */
  readonly router: string;
  /** The primary first. */
  readonly privateAddresses: readonly string[];
  /** The first one first, and behind them blocks. */
  readonly ipv6Addresses: readonly string[];
  /** As `router`, where the subnet has IPv6. */
  readonly ipv6Router?: string;
  /** Pairs of a private address and the public one that stands for it. */
  readonly publicAddresses: readonly (readonly [string, string])[];
  readonly groups: readonly string[];
  readonly sourceDestCheck: boolean;
  /** Of packets from this interface: the number of the subnet's routing table; absent: the VPC's specification is not known. */
  readonly mark?: number;
  /** Only without a source/destination check: the routing table that hands everything to this interface. */
  readonly deliveryTable?: number;
  readonly metadataPort: number;
  readonly hopLimit: number;
  /** No security group applies to it. */
  readonly isNatGateway: boolean;
  /** Connections begin there by addresses that are not its own. */
  readonly isConnectEndpoint: boolean;
}

export interface RemoteInterface {
  readonly id: InterfaceId;
  readonly mac: string;
  readonly privateAddresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
  readonly hostAddress: string;
  /** As the specification says. */
  readonly hostMtu?: number;
  /** Of the VPC's wire on its host; absent: it is reached by the overlay only. */
  readonly wireMac?: string;
}

export interface ScenePeer extends PeerSpecification {
  /** Each with an address of its own to which routes send its packets; no interface has these, and they are the same at every look. */
  readonly interfaces: readonly (PeerInterface & { readonly hostAddress: string; readonly nextHop: string })[];
}

export interface LocalSubnet {
  readonly id: SubnetId;
  readonly cidr: string;
  readonly ipv6Cidr?: string;
  readonly table: number;
  readonly routes: readonly RouteSpecification[];
  readonly acl: readonly AclEntrySpecification[];
}

export interface VpcScene {
  readonly networkIdentifier?: number;
  /** Of the VPC's wire here; absent: this host has none. */
  readonly wireMac?: string;
  readonly blocks: readonly string[];
  readonly ipv6Blocks: readonly string[];
  readonly resolver: string;
  readonly here: readonly LocalInterface[];
  readonly elsewhere: readonly RemoteInterface[];
  readonly peers: readonly ScenePeer[];
  /** Those with an interface here. */
  readonly subnets: readonly LocalSubnet[];
  /** Those of interfaces here. */
  readonly groups: readonly GroupSpecification[];
  /** Private addresses by group, for each group that a rule of `groups` names. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly ipv6Members: ReadonlyMap<string, readonly string[]>;
}

/** Undefined when none of the VPC's interfaces is connected. `isOnSwitch`: this host. */
export function vpcScene(specification: VpcSpecification | undefined, connected: readonly KnownInterface[], hostAddress: string, isOnSwitch = false): VpcScene | undefined {
  const [first] = connected.map(({ nic }) => nic);
  if (first === undefined) return undefined;
  const placed = new Map(specification?.interfaces.map((nic) => [nic.id, nic]));
  const isElsewhere = (id: InterfaceId) => isPlacedElsewhere(placed.get(id), hostAddress);
  const present = connected.filter(({ nic }) => !isElsewhere(nic.id));
  const subnetIds = new Set(present.map(({ nic }) => nic.subnet.id));
  const subnets = (specification?.subnets ?? []).filter(({ id }) => subnetIds.has(id));
  const tables = routingTables([...subnets.map(({ id }) => id), ...present.map(({ nic }) => nic.id).filter((id) => placed.get(id)?.sourceDestCheck === false)]);
  const here = present.map((known) => localInterface(known, placed.get(known.nic.id), tables, ipv6CidrOf(specification, known.nic.subnet.id)));
  const groups = ownGroups(specification, here);
  const peers = scenePeers(specification?.peers ?? [], hostAddress);
  const everybody = [...(specification?.interfaces ?? []), ...peers.flatMap(({ interfaces }) => interfaces)];
  const wire = (of: string) => (specification === undefined || !isOnSwitch ? {} : { wireMac: wireMacOf(specification.networkIdentifier, of) });
  return {
    ...(specification === undefined ? {} : { networkIdentifier: specification.networkIdentifier }),
    ...wire(hostAddress),
    blocks: specification?.cidrs ?? [...new Set(connected.flatMap(({ nic }) => nic.vpc.cidrs))],
    ipv6Blocks: specification?.ipv6Cidrs ?? [],
    resolver: vpcResolver(first),
    here,
    elsewhere: [...placed.values()].flatMap(({ ipv6Addresses = [], hostAddress: other, ...nic }) =>
      other !== undefined && isElsewhere(nic.id) ? { ...nic, ipv6Addresses, hostAddress: other, ...(nic.isHostOnSwitch === true ? wire(other) : {}) } : [],
    ),
    peers,
    subnets: subnets.map((subnet) => ({ ...subnet, table: tables.get(subnet.id) ?? 0 })),
    groups,
    members: membersOf(groups, everybody, ({ privateAddresses }) => privateAddresses),
    ipv6Members: membersOf(groups, everybody, ({ ipv6Addresses }) => ipv6Addresses ?? []),
  };
}

/** The specification gives the interface to another host. */
export function isPlacedElsewhere(placed: PlacedInterface | undefined, hostAddress: string): boolean {
  return placed?.hostAddress !== undefined && placed.hostAddress !== hostAddress;
}

function localInterface({ nic, metadataPort, hopLimit, appliance }: KnownInterface, placed: PlacedInterface | undefined, tables: ReadonlyMap<string, number>, ipv6Cidr: string | undefined): LocalInterface {
  const [mark, deliveryTable] = [tables.get(nic.subnet.id), tables.get(nic.id)];
  return {
    id: nic.id,
    device: interfaceDevices(nic.id).inner,
    mac: nic.mac,
    subnet: nic.subnet.id,
    router: `${routerAddress(nic)}/${subnetPrefix(nic)}`,
    privateAddresses: placed?.privateAddresses ?? [nic.privateAddress],
    ipv6Addresses: placed?.ipv6Addresses ?? [],
    ...(ipv6Cidr === undefined ? {} : { ipv6Router: ipv6RouterAddress(ipv6Cidr) }),
    publicAddresses: Object.entries(placed?.publicAddresses ?? {}),
    groups: placed?.groups ?? [],
    sourceDestCheck: placed?.sourceDestCheck ?? true,
    ...(mark === undefined ? {} : { mark }),
    ...(deliveryTable === undefined ? {} : { deliveryTable }),
    metadataPort,
    hopLimit,
    isNatGateway: appliance === "natGateway",
    isConnectEndpoint: appliance === "connectEndpoint",
  };
}

/** A routing table's number for each id. Numbers of 0x10000000 and more leave the kernel's own alone. */
function routingTables(ids: readonly string[]): ReadonlyMap<string, number> {
  return numbersByDigits(ids, 0x10000000, 0x60000000);
}

/** Next hops are of class E, which no VPC may contain. What every host has is reached on this one. */
function scenePeers(peers: readonly PeerSpecification[], here: string): readonly ScenePeer[] {
  const digits = (mac: string) => mac.replaceAll(":", "");
  const macs = peers.flatMap(({ interfaces }) => interfaces.map(({ mac }) => digits(mac)));
  const numbers = numbersByDigits(macs, 0xf0000000, 0x0fff0000);
  return peers.map((peer) => ({ ...peer, interfaces: peer.interfaces.map((nic) => ({ hostAddress: here, ...nic, nextHop: formatIpv4(numbers.get(digits(nic.mac)) ?? 0) })) }));
}

/**
 * A number for each text that ends in hexadecimal digits: the same at every look, so that a new agent finds what the last one made. Of two with the same
 * digits the later one gets the next number.
 */
function numbersByDigits(texts: readonly string[], first: number, count: number): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  for (const text of texts.toSorted()) {
    let number = first + (Number.parseInt(text.slice(-8), 16) % count);
    while (taken.has(number)) number += 1;
    taken.add(number);
    numbers.set(text, number);
  }
  return numbers;
}

function ipv6CidrOf(specification: VpcSpecification | undefined, subnet: SubnetId): string | undefined {
  return specification?.subnets.find(({ id }) => id === subnet)?.ipv6Cidr;
}

function ownGroups(specification: VpcSpecification | undefined, here: readonly LocalInterface[]): readonly GroupSpecification[] {
  const own = new Set(here.flatMap(({ groups }) => groups));
  return (specification?.groups ?? []).filter(({ id }) => own.has(id));
}

type Member = Pick<PlacedInterface, "groups" | "privateAddresses" | "ipv6Addresses">;

function membersOf(groups: readonly GroupSpecification[], interfaces: readonly Member[], addressesOf: (nic: Member) => readonly string[]): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const { peer } of groups.flatMap(({ rules }) => rules)) if ("group" in peer) members.set(peer.group, []);
  for (const nic of interfaces) {
    for (const group of nic.groups) members.get(group)?.push(...addressesOf(nic));
  }
  return members;
}
