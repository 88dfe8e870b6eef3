/**
 * Addresses, routes, neighbours and forwarding entries of a VPC's namespace, each as one line for `ip`, `bridge` or the shell under a
 * key of what it is about, so that two states can be compared. Pure.
 *
 * The main table holds a /32 route for each address of the VPC: to its device, or to its interface by way of the overlay. Packets
 * of guests ask their subnet's table first; `throw` there means "as the main table says". A neighbour on the overlay is an
 * interface, never a host: its hardware address says for which interface the frame is, the forwarding entry which host has that. Between hosts of one
 * machine the main table leads by the wire (`wire.ts`), where a neighbour is a host.
 */
import { formatCidr, parseCidr } from "../../base/ipv4.ts";
import type { RouteSpecification } from "../protocol/specification.ts";
import { hostLinkAddress, serviceBlocks } from "./link-addresses.ts";
import { overlayDevice, uplinkDevice, wireDevice } from "./names.ts";
import { roomWords } from "./packet-size.ts";
import { peeringLines, peerWays } from "./peering.ts";
import type { LocalSubnet, VpcScene } from "./vpc-scene.ts";

/** Marks our routes among the namespace's. */
export const fabricProtocol = 73;
export const mainTable = 254;
const rulePreference = 1_000;

export type LineTool = "ip" | "ip -6" | "bridge" | "sh";

export function toolOf(key: string): LineTool {
  if (key.startsWith("fdb ")) return "bridge";
  if (key.startsWith("rule6 ")) return "ip -6";
  return key.startsWith("parameter ") ? "sh" : "ip";
}

/** The lines by their keys. Guests are answered for the rest of their subnet at once (`proxy_delay`). */
export function fabricLines(scene: VpcScene): ReadonlyMap<string, string> {
  return new Map([
    ...scene.blocks.map((block) => routeLine(mainTable, block, "blackhole")),
    ...hereLines(scene),
    ...elsewhereLines(scene),
    ...peeringLines(scene),
    ...scene.subnets.flatMap((subnet) => subnetLines(scene, subnet)),
  ]);
}

export type Line = readonly [string, string];

function hereLines({ here }: VpcScene): readonly Line[] {
  return here.flatMap(({ device, mac, router, privateAddresses, deliveryTable }) => [
    [`parameter ${device}`, `echo 0 > /proc/sys/net/ipv4/neigh/${device}/proxy_delay`] as const,
    [`link ${device}`, `link set dev ${device} up`] as const,
    [`address ${device}`, `address replace ${router} dev ${device} noprefixroute`] as const,
    ...privateAddresses.map((address) => neighbourLine(device, address, mac)),
    ...privateAddresses.map((address) => routeLine(mainTable, `${address}/32`, `dev ${device} src ${router.slice(0, router.indexOf("/"))}`)),
    ...(deliveryTable === undefined ? [] : [routeLine(deliveryTable, "0.0.0.0/0", `via ${privateAddresses[0]} dev ${device} onlink`), ruleLine(deliveryTable)]),
  ]);
}

function elsewhereLines({ elsewhere }: VpcScene): readonly Line[] {
  return elsewhere.flatMap(({ mac, hostAddress, privateAddresses, hostMtu, wireMac }) => [
    [`fdb ${mac}`, `fdb replace ${mac} dev ${overlayDevice} dst ${hostAddress} self permanent`] as const,
    neighbourLine(overlayDevice, privateAddresses[0] ?? "", mac),
    ...(wireMac === undefined ? [] : [neighbourLine(wireDevice, privateAddresses[0] ?? "", wireMac)]),
    ...privateAddresses.map((address) => routeLine(mainTable, `${address}/32`, `via ${privateAddresses[0]} dev ${wireMac === undefined ? overlayDevice : wireDevice} onlink${roomWords(hostMtu)}`)),
  ]);
}

/** Within the subnet no route counts, nor for the services of the link-local range; what no route is for goes nowhere. */
function subnetLines(scene: VpcScene, { table, cidr, routes }: LocalSubnet): readonly Line[] {
  const ways = new Map([...scene.blocks.map((block) => [block, "throw"] as const), ["0.0.0.0/0", "blackhole"] as const, ...routes.flatMap((route) => way(scene, route)), ...peerWays(scene, routes)]);
  for (const always of [cidr, serviceBlocks.ip]) ways.set(always, "throw");
  return [...[...ways].map(([destination, way]) => routeLine(table, destination, way)), ruleLine(table)];
}

/** Destinations that are no IPv4 block are not for this table. */
function way(scene: VpcScene, { destination, target }: RouteSpecification): readonly Line[] {
  const block = parseCidr(destination);
  return block === undefined ? [] : [[formatCidr(block), wayTo(scene, target)]];
}

function wayTo({ here, elsewhere }: VpcScene, target: RouteSpecification["target"]): string {
  if (target.kind !== "interface") return target.kind === "internet" ? `via ${hostLinkAddress} dev ${uplinkDevice}` : "blackhole";
  const local = here.find(({ id }) => id === target.id);
  if (local !== undefined) return `via ${local.privateAddresses[0]} dev ${local.device} onlink`;
  const remote = elsewhere.find(({ id }) => id === target.id);
  return remote === undefined ? "blackhole" : `via ${remote.privateAddresses[0]} dev ${overlayDevice} onlink${roomWords(remote.hostMtu)}`;
}

export function neighbourLine(device: string, address: string, mac: string): Line {
  return [`neigh ${device} ${address}`, `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`];
}

export function routeKey(table: number, destination: string): string {
  return `route ${table} ${destination}`;
}

export function routeLine(table: number, destination: string, way: string): Line {
  const [type, ...rest] = way === "blackhole" || way === "throw" ? [`${way} `] : ["", ` ${way}`];
  return [routeKey(table, destination), `route replace ${type}${destination}${rest.join("")} table ${table} proto ${fabricProtocol}`];
}

/** Packets with the table's number as their mark ask the table. */
export function ruleLine(table: number): Line {
  return [`rule ${table}`, `rule add pref ${rulePreference} fwmark ${table} lookup ${table}`];
}

/** The same for packets of IPv6. */
export function ipv6RuleLine(table: number): Line {
  return [`rule6 ${table}`, ruleLine(table)[1]];
}

/** The line that takes away what the key is about; undefined for what goes with its device. */
export function removalLine(key: string): string | undefined {
  const [kind, first = "", second = ""] = key.split(" ");
  switch (kind) {
    case "route":
      return `route delete ${second} table ${first} proto ${fabricProtocol}`;
    case "rule":
    case "rule6":
      return ruleLine(Number(first))[1].replace("rule add", "rule delete");
    case "address6":
      return second === "" ? undefined : `address delete ${second} dev ${first}`;
    case "neigh":
      return `neigh delete ${second} dev ${first}`;
    case "fdb":
      return `fdb delete ${first} dev ${second === "" ? overlayDevice : second} self`;
    default:
      return undefined;
  }
}
