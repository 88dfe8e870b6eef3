/**
 * Public addresses that this host answers for: a route into the VPC's namespace and proxy ARP on the underlay network for each,
 * and nothing for any other.
 *
 * An address that arrives may still be known to its neighbours at another host. The kernel announces it: for the instant that it
 * takes, the address is put on the underlay device, and "the device's address changed" (to what it was) makes the kernel send
 * a gratuitous ARP for each address on it (`arp_notify`). The rules drop what comes for the host itself under that address.
 */
import { ipBatch, ipJson } from "./command.ts";
import { field, listField, numberField, stringField } from "./json-field.ts";

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
    ipJson(["-4", "route", "show", "proto", String(routeProtocol)]),
    ipJson(["-4", "neigh", "show", "proxy", "dev", underlayDevice]),
    ipJson(["address", "show", "dev", underlayDevice]),
  ]);
  const routed = new Map(routes.map((route) => [stringField(route, "dst") ?? "", `${stringField(route, "dev")} ${stringField(route, "gateway")}`]));
  const answered = new Set(proxies.filter((entry) => field(entry, "proxy") !== undefined).map((entry) => stringField(entry, "dst") ?? ""));
  const addresses = new Set(wanted.map(({ address }) => address));
  const arriving = wanted.filter(({ address }) => !answered.has(address)).map(({ address }) => address);
  await ipBatch([
    ...interruptedAnnouncements(underlay).map((address) => `address delete ${address}/32 dev ${underlayDevice}`),
    ...[...answered].filter((address) => !addresses.has(address)).map((address) => `neigh delete proxy ${address} dev ${underlayDevice}`),
    ...[...routed.keys()].filter((address) => !addresses.has(address)).map((address) => `route delete ${address}/32 proto ${routeProtocol}`),
    ...announceLines(arriving, underlayDevice, stringField(underlay, "address") ?? ""),
    ...wanted.filter(({ address, device, via }) => routed.get(address) !== `${device} ${via}`).map(({ address, device, via }) => `route replace ${address}/32 via ${via} dev ${device} proto ${routeProtocol}`),
    ...wanted.map(({ address }) => `neigh replace proxy ${address} dev ${underlayDevice}`),
  ]);
}

function announceLines(addresses: readonly string[], device: string, hardwareAddress: string): readonly string[] {
  if (addresses.length === 0) return [];
  return [
    ...addresses.map((address) => `address replace ${address}/32 dev ${device}`),
    `link set dev ${device} address ${hardwareAddress}`,
    ...addresses.map((address) => `address delete ${address}/32 dev ${device}`),
  ];
}

/** Addresses that an agent killed in the middle of an announcement left on the device. */
function interruptedAnnouncements(underlay: unknown): readonly string[] {
  return listField(underlay, "addr_info").flatMap((entry) => (numberField(entry, "prefixlen") === 32 ? (stringField(entry, "local") ?? []) : []));
}
