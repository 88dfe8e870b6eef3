/**
 * Addresses that are reached from outside and that this host answers for: public ones of IPv4 and guests' own of IPv6. For each a route into the VPC's
 * namespace and a proxy on the underlay network (ARP, neighbour discovery), and nothing for any other.
 *
 * An address that arrives may still be known to its neighbours at another host. The kernel announces it: for the instant that it
 * takes, the address is put on the underlay device, and "the device's address changed" (to what it was) makes the kernel send
 * a gratuitous ARP or neighbour advertisement for each address on it (`arp_notify`, `ndisc_notify`). The rules drop what comes for the host itself under
 * that address.
 */
import { isIpv6Text } from "../../base/ipv6.ts";
import { ipBatch, ipJson } from "./command.ts";
import { field, listField, numberField, stringField } from "./json-field.ts";
import { hostLinkIpv6 } from "./link-addresses.ts";

export interface PublicRoute {
  readonly address: string;
  /** The host's end of the pair to the VPC's namespace, and the namespace's address on it. */
  readonly device: string;
  readonly via: string;
}

/** Marks our routes among the host's. */
const routeProtocol = 72;

export async function programPublicAddresses(wanted: readonly PublicRoute[], underlayDevice: string): Promise<void> {
  const [routes, proxies, [underlay]] = await Promise.all([
    bothFamilies(["route", "show", "proto", String(routeProtocol)]),
    bothFamilies(["neigh", "show", "proxy", "dev", underlayDevice]),
    ipJson(["address", "show", "dev", underlayDevice]),
  ]);
  const routed = new Map(routes.map((route) => [stringField(route, "dst") ?? "", `${stringField(route, "dev")} ${stringField(route, "gateway")}`]));
  const answered = new Set(proxies.filter((entry) => field(entry, "proxy") !== undefined).map((entry) => stringField(entry, "dst") ?? ""));
  const addresses = new Set(wanted.map(({ address }) => address));
  const arriving = wanted.filter(({ address }) => !answered.has(address)).map(({ address }) => address);
  const linked = new Set(wanted.flatMap(({ address, device }) => (isIpv6Text(address) ? [device] : [])));
  await ipBatch([
    ...interruptedAnnouncements(underlay).map((address) => `address delete ${single(address)} dev ${underlayDevice}`),
    ...[...answered].filter((address) => !addresses.has(address)).map((address) => `neigh delete proxy ${address} dev ${underlayDevice}`),
    ...[...routed.keys()].filter((address) => !addresses.has(address)).map((address) => `route delete ${single(address)} proto ${routeProtocol}`),
    ...announceLines(arriving, underlayDevice, stringField(underlay, "address") ?? ""),
    ...[...linked].map((device) => `address replace ${hostLinkIpv6}/64 dev ${device} nodad`),
    ...wanted
      .filter(({ address, device, via }) => routed.get(address) !== `${device} ${via}`)
      .map(({ address, device, via }) => `route replace ${single(address)} via ${via} dev ${device} proto ${routeProtocol}`),
    ...wanted.map(({ address }) => `neigh replace proxy ${address} dev ${underlayDevice}`),
  ]);
}

async function bothFamilies(args: readonly string[]): Promise<readonly unknown[]> {
  return (await Promise.all([ipJson(["-4", ...args]), ipJson(["-6", ...args])])).flat();
}

/** The address alone, as a block. */
function single(address: string): string {
  return `${address}/${isIpv6Text(address) ? 128 : 32}`;
}

function announceLines(addresses: readonly string[], device: string, hardwareAddress: string): readonly string[] {
  if (addresses.length === 0) return [];
  return [
    ...addresses.map((address) => `address replace ${single(address)} dev ${device}${isIpv6Text(address) ? " nodad" : ""}`),
    `link set dev ${device} address ${hardwareAddress}`,
    ...addresses.map((address) => `address delete ${single(address)} dev ${device}`),
  ];
}

/** Addresses that an agent killed in the middle of an announcement left on the device. */
function interruptedAnnouncements(underlay: unknown): readonly string[] {
  return listField(underlay, "addr_info").flatMap((entry) => ([32, 128].includes(numberField(entry, "prefixlen") ?? 0) ? (stringField(entry, "local") ?? []) : []));
}
