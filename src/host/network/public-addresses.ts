/**
 * Addresses that are reached from outside and that this host answers for: public ones of IPv4 and guests' own of IPv6. For each a route into the VPC's
 * namespace and a proxy on the underlay network (ARP, neighbour discovery), and nothing for any other. A prefix of IPv6 has a route, and proxies for what of it
 * is asked for (`asked-addresses.ts`).
 *
 * An address that arrives may still be known to its neighbours at another host. The kernel announces it: for the instant that it
 * takes, the address is put on the underlay device, and "the device's address changed" (to what it was) makes the kernel send
 * a gratuitous ARP or neighbour advertisement for each address on it (`arp_notify`, `ndisc_notify`). The rules drop what comes for the host itself under
 * that address.
 */
import { isBlockText, isIpv6Text, toIpv6BlockText } from "../../base/ipv6.ts";
import { readAsked } from "./asked-addresses.ts";
import { ipBatch, ipJson } from "./command.ts";
import { field, listField, numberField, stringField } from "./json-field.ts";
import { hostLinkIpv6 } from "./link-addresses.ts";

export interface PublicRoute {
  /** Or a prefix of IPv6. */
  readonly address: string;
  /** The host's end of the pair to the VPC's namespace, and the namespace's address on it. */
  readonly device: string;
  readonly via: string;
}

/** Marks our routes among the host's. */
const routeProtocol = 72;

/** What one host answers for on the underlay network. */
export class PublicAddresses {
  readonly #underlayDevice: string;
  #wanted: readonly PublicRoute[] = [];
  #asked: readonly string[] = [];

  constructor(underlayDevice: string) {
    this.#underlayDevice = underlayDevice;
  }

  /** Makes it these; the rules that note what is asked for of prefixes (`askedRules`) are loaded. */
  async program(wanted: readonly PublicRoute[]): Promise<void> {
    this.#wanted = wanted;
    this.#asked = await readAsked(prefixesOf(wanted));
    await programAddresses(wanted, this.#asked, this.#underlayDevice);
  }

  /** Answers for what has been asked for since. */
  async follow(): Promise<void> {
    const asked = await readAsked(prefixesOf(this.#wanted));
    if (asked.join() === this.#asked.join()) return;
    await programAddresses(this.#wanted, asked, this.#underlayDevice);
    this.#asked = asked;
  }
}

export function prefixesOf(wanted: readonly PublicRoute[]): readonly string[] {
  return wanted.flatMap(({ address }) => (isBlockText(address) ? address : []));
}

/** `asked`: addresses of the prefixes. */
async function programAddresses(wanted: readonly PublicRoute[], asked: readonly string[], underlayDevice: string): Promise<void> {
  const [routes, proxies, [underlay]] = await Promise.all([
    bothFamilies(["route", "show", "proto", String(routeProtocol)]),
    bothFamilies(["neigh", "show", "proxy", "dev", underlayDevice]),
    ipJson(["address", "show", "dev", underlayDevice]),
  ]);
  const routed = new Map(routes.map((route) => [stringField(route, "dst") ?? "", `${stringField(route, "dev")} ${stringField(route, "gateway")}`]));
  const answered = new Set(proxies.filter((entry) => field(entry, "proxy") !== undefined).map((entry) => stringField(entry, "dst") ?? ""));
  const routable = new Set(wanted.map(({ address }) => address));
  const single = wanted.flatMap(({ address }) => (isBlockText(address) ? [] : address));
  const proxied = new Set([...single, ...asked]);
  const arriving = single.filter((address) => !answered.has(address));
  const linked = new Set(wanted.flatMap(({ address, device }) => (isIpv6Text(address) ? [device] : [])));
  await ipBatch([
    ...interruptedAnnouncements(underlay).map((address) => `address delete ${asBlock(address)} dev ${underlayDevice}`),
    ...[...answered].filter((address) => !proxied.has(address)).map((address) => `neigh delete proxy ${address} dev ${underlayDevice}`),
    ...[...routed.keys()].filter((address) => !routable.has(address)).map((address) => `route delete ${asBlock(address)} proto ${routeProtocol}`),
    ...announceLines(arriving, underlayDevice, stringField(underlay, "address") ?? ""),
    ...(prefixesOf(wanted).length === 0 ? [] : [`link set dev ${underlayDevice} allmulticast on`]), // a card hands in what is asked for
    ...[...linked].map((device) => `address replace ${hostLinkIpv6}/64 dev ${device} nodad`),
    ...wanted
      .filter(({ address, device, via }) => routed.get(address) !== `${device} ${via}`)
      .map(({ address, device, via }) => `route replace ${asBlock(address)} via ${via} dev ${device} proto ${routeProtocol}`),
    ...[...proxied].map((address) => `neigh replace proxy ${address} dev ${underlayDevice}`),
  ]);
}

async function bothFamilies(args: readonly string[]): Promise<readonly unknown[]> {
  return (await Promise.all([ipJson(["-4", ...args]), ipJson(["-6", ...args])])).flat();
}

/** A single address as a block of one. */
function asBlock(address: string): string {
  return isIpv6Text(address) ? toIpv6BlockText(address) : `${address}/32`;
}

function announceLines(addresses: readonly string[], device: string, hardwareAddress: string): readonly string[] {
  if (addresses.length === 0) return [];
  return [
    ...addresses.map((address) => `address replace ${asBlock(address)} dev ${device}${isIpv6Text(address) ? " nodad" : ""}`),
    `link set dev ${device} address ${hardwareAddress}`,
    ...addresses.map((address) => `address delete ${asBlock(address)} dev ${device}`),
  ];
}

/** Addresses that an agent killed in the middle of an announcement left on the device. */
function interruptedAnnouncements(underlay: unknown): readonly string[] {
  return listField(underlay, "addr_info").flatMap((entry) => ([32, 128].includes(numberField(entry, "prefixlen") ?? 0) ? (stringField(entry, "local") ?? []) : []));
}
