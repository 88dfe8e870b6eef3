/**
 * What dnsmasq is told for one VPC on one host. Pure texts. The configuration changes only with the VPC itself and needs a
 * restart; the other files change with every interface and are read again on a signal.
 *
 * Names of private addresses are computed, not listed, so that those of guests on other hosts resolve too. Without upstream
 * resolvers no other name exists: a guest must never wait for a resolver that cannot answer.
 */
import { endpointNames, publicServiceNames } from "../../base/endpoint-services.ts";
import { cidrSize, formatIpv4, parseCidr, type Cidr } from "../../base/ipv4.ts";
import type { InterfaceSpecification, NameSpecification } from "../protocol/specification.ts";
import { resolverIpv6 } from "./link-addresses.ts";
import { interfaceDevices } from "./names.ts";

export interface DnsmasqFiles {
  readonly configuration: string;
  readonly hosts: string;
  readonly reservations: string;
  readonly options: string;
}

export interface DnsmasqPaths {
  readonly configuration: string;
  readonly hosts: string;
  readonly reservations: string;
  readonly options: string;
  readonly pid: string;
  readonly log: string;
}

const leaseSeconds = 3600;
/** How often routers say that they are there, for guests whose interface gets IPv6 later, and for how long they are believed. */
const [advertiseSeconds, routerSeconds] = [60, 1800];

/** What a VPC's resolver knows besides its interfaces. */
export interface ResolverKnowledge {
  /** Whom it asks what it does not know. */
  readonly upstream: readonly string[];
  /** Of the VPC's endpoints. A service's public name among them is the endpoint's here. */
  readonly names: readonly NameSpecification[];
  /** Where the services' public names lead; undefined: they are names like any other. */
  readonly serviceAddress: string | undefined;
}

/** `mtu`: of packets inside the VPC. */
export function dnsmasqFiles(interfaces: readonly InterfaceSpecification[], knowledge: ResolverKnowledge, mtu: number, paths: DnsmasqPaths): DnsmasqFiles {
  return {
    configuration: configuration(interfaces, knowledge, paths),
    hosts: lines([...interfaces.map(hostLine), ...serviceLines(knowledge)]),
    reservations: lines(interfaces.map((nic) => `${nic.mac},${[nic.privateAddress, ...ipv6Reservation(nic)].join(",")},${nic.hostName},${leaseSeconds}`)),
    options: lines(interfaces.flatMap((nic) => subnetOptions(nic, mtu))),
  };
}

function configuration(interfaces: readonly InterfaceSpecification[], { upstream, serviceAddress }: ResolverKnowledge, paths: DnsmasqPaths): string {
  const blocks = [...new Set(interfaces.flatMap(({ vpc }) => vpc.cidrs))];
  const domains = [...new Set(interfaces.map(({ domain }) => domain))];
  return lines([
    "interface=eni*",
    "no-hosts",
    "no-resolv",
    "no-poll",
    "domain-needed",
    "bogus-priv",
    `pid-file=${paths.pid}`,
    `log-facility=${paths.log}`,
    "quiet-dhcp",
    "leasefile-ro",
    "dhcp-authoritative",
    "dhcp-ignore=tag:!known",
    `dhcp-hostsfile=${paths.reservations}`,
    `dhcp-optsfile=${paths.options}`,
    `addn-hosts=${paths.hosts}`,
    ...(upstream.length === 0 ? ["local=/#/"] : upstream.map((address) => `server=${address}`)),
    ...(serviceAddress === undefined ? [] : [...publicServiceNames(), endpointNames].map((name) => `local=/${name}/`)),
    ...domains.flatMap((domain) => [`local=/${domain}/`, ...blocks.map((block) => `synth-domain=${domain},${block},ip-`)]),
    ...blocks.map((text) => requireBlock(text)).map((block) => `dhcp-range=${formatIpv4(block.base)},static,${netmask(block)},${leaseSeconds}`),
    ...ipv6Configuration(interfaces),
  ]);
}

/**
 * Routers say: I am the way to everything, ask me for an address; your subnet is no wire (`off-link`). The server's own name is fixed, because it
 * keeps nothing, and a guest asks for its lease again by that name.
 */
function ipv6Configuration(interfaces: readonly InterfaceSpecification[]): readonly string[] {
  const blocks = [...new Set(interfaces.flatMap(({ subnet }) => subnet.ipv6Cidr ?? []))];
  if (blocks.length === 0) return [];
  return [
    "enable-ra",
    `ra-param=eni*,${advertiseSeconds},${routerSeconds}`,
    "dhcp-duid=32473,02:ec:2a:00:00:01",
    `dhcp-option=tag:known,option6:dns-server,[${resolverIpv6}]`, // known is who asks for an address; routers say nothing of resolvers
    ...blocks.map((block) => `dhcp-range=${block.replace("/64", "")},static,off-link,64,${leaseSeconds}`),
  ];
}

/** A guest is told its first address; it gives itself others, as on EC2. */
function ipv6Reservation({ subnet, ipv6Addresses = [] }: InterfaceSpecification): readonly string[] {
  return subnet.ipv6Cidr === undefined ? [] : ipv6Addresses.slice(0, 1).map((address) => `[${address}]`);
}

/** Nobody else is asked about these names: what is not known of them (an IPv6 address) is not there. */
function serviceLines({ names, serviceAddress }: ResolverKnowledge): readonly string[] {
  const own = new Set(names.map(({ name }) => name));
  const open = serviceAddress === undefined ? [] : publicServiceNames().filter((name) => !own.has(name));
  return [...names.flatMap(({ name, addresses }) => addresses.map((address) => `${address} ${name}`)), ...open.map((name) => `${serviceAddress} ${name}`)];
}

/** Inside the VPC a public name means the private address too (facts §7.8). */
function hostLine(nic: InterfaceSpecification): string {
  return [nic.privateAddress, `${nic.hostName}.${nic.domain}`, ...(nic.publicHostName === undefined ? [] : [nic.publicHostName])].join(" ");
}

/**
 * For whoever asks by this interface, whose name is a tag by itself. A tag that a reservation gives would name the subnet once for all, but when dnsmasq reads
 * reservations again after it has answered by one that gives a tag, it frees what is not its own and dies: https://github.com/imp/dnsmasq/pull/20
 */
function subnetOptions(nic: InterfaceSpecification, mtu: number): readonly string[] {
  const block = requireBlock(nic.subnet.cidr);
  const values = [
    ["option:netmask", netmask(block)],
    ["28", formatIpv4(block.base + cidrSize(block) - 1)], // the broadcast address, which it does not take by name
    ["option:router", routerAddress(nic)],
    ["option:dns-server", vpcResolver(nic)],
    ["option:domain-name", nic.domain],
    ["option:mtu", String(mtu)],
  ];
  return values.map(([option, value]) => `tag:${interfaceDevices(nic.id).inner},${option},${value}`);
}

/** The subnet's router: its block's first address. */
export function routerAddress(nic: Pick<InterfaceSpecification, "subnet">): string {
  return formatIpv4(requireBlock(nic.subnet.cidr).base + 1);
}

/** The same of IPv6, with its prefix length. */
export function ipv6RouterAddress(ipv6Cidr: string): string {
  return ipv6Cidr.replace("::/", "::1/");
}

/** The VPC's resolver: the second address of its first block. */
export function vpcResolver(nic: Pick<InterfaceSpecification, "vpc">): string {
  return formatIpv4(requireBlock(nic.vpc.cidrs[0] ?? "").base + 2);
}

export function subnetPrefix(nic: Pick<InterfaceSpecification, "subnet">): number {
  return requireBlock(nic.subnet.cidr).prefix;
}

function requireBlock(text: string): Cidr {
  const block = parseCidr(text);
  if (block === undefined) throw new Error(`"${text}" is no address block`);
  return block;
}

function netmask(block: Cidr): string {
  return formatIpv4(2 ** 32 - cidrSize(block));
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
