/**
 * What `fabric-lines.ts` makes for IPv4, for IPv6: only in the namespace of a VPC that has IPv6, which has none of it before. Pure.
 *
 * A guest is told by its router that its subnet is no wire, so it sends everything to the router's link-local address, which is the same
 * everywhere. An interface is handed packets under the link-local address that its own hardware address makes, whatever they are for.
 */
import { normalizeIpv6Cidr } from "../../base/ipv6.ts";
import type { RouteSpecification } from "../protocol/specification.ts";
import { ipv6RuleLine, mainTable, routeLine, type Line } from "./fabric-lines.ts";
import { hostLinkIpv6, linkLocalOf, resolverIpv6, vpcLinkIpv6 } from "./link-addresses.ts";
import { overlayDevice, uplinkDevice } from "./names.ts";
import type { LocalSubnet, VpcScene } from "./vpc-scene.ts";

const everything = "::/0";

/** Nobody else can have an address here, so it is not asked for before it is used. A namespace that forwards believes no router. */
const turnOn = `for each in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $each; done
echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`;

export function ipv6Lines(scene: VpcScene): readonly Line[] {
  if (scene.ipv6Blocks.length === 0) return [];
  return [
    ["parameter ipv6", turnOn],
    ["address6 lo", `address replace ${resolverIpv6}/128 dev lo nodad`],
    [`address6 ${uplinkDevice}`, `address replace ${vpcLinkIpv6}/64 dev ${uplinkDevice} nodad`],
    routeLine(mainTable, everything, `via ${hostLinkIpv6} dev ${uplinkDevice}`),
    ...scene.ipv6Blocks.map((block) => routeLine(mainTable, block, "blackhole")),
    ...hereLines(scene),
    ...elsewhereLines(scene),
    ...scene.subnets.flatMap((subnet) => subnetLines(scene, subnet)),
  ];
}

function hereLines({ here }: VpcScene): readonly Line[] {
  return here.flatMap(({ device, mac, ipv6Router, ipv6Addresses, deliveryTable }) => [
    ...(ipv6Router === undefined ? [] : [[`address6 ${device} ${ipv6Router}`, `address replace ${ipv6Router} dev ${device} noprefixroute nodad`] as const]),
    ...[linkLocalOf(mac), ...ipv6Addresses].map((address) => neighbourLine(device, address, mac)),
    ...ipv6Addresses.map((address) => routeLine(mainTable, `${address}/128`, `dev ${device}`)),
    ...(deliveryTable === undefined ? [] : [routeLine(deliveryTable, everything, `via ${linkLocalOf(mac)} dev ${device}`), ipv6RuleLine(deliveryTable)]),
  ]);
}

function elsewhereLines({ elsewhere }: VpcScene): readonly Line[] {
  return elsewhere.flatMap(({ mac, ipv6Addresses }) => [
    neighbourLine(overlayDevice, linkLocalOf(mac), mac),
    ...ipv6Addresses.map((address) => routeLine(mainTable, `${address}/128`, `via ${linkLocalOf(mac)} dev ${overlayDevice}`)),
  ]);
}

/** As of IPv4; a subnet without IPv6 may have an appliance that sends it. */
function subnetLines(scene: VpcScene, { table, ipv6Cidr, routes }: LocalSubnet): readonly Line[] {
  const ways = new Map([...scene.ipv6Blocks.map((block) => [block, "throw"] as const), [everything, "blackhole"] as const, ...routes.flatMap((route) => way(scene, route))]);
  if (ipv6Cidr !== undefined) ways.set(ipv6Cidr, "throw");
  return [...[...ways].map(([destination, to]) => routeLine(table, destination, to)), ipv6RuleLine(table)];
}

/** Destinations that are no IPv6 block are not for this table. */
function way(scene: VpcScene, { destination, target }: RouteSpecification): readonly Line[] {
  const block = normalizeIpv6Cidr(destination);
  return block === undefined ? [] : [[block, wayTo(scene, target)]];
}

function wayTo({ here, elsewhere }: VpcScene, target: RouteSpecification["target"]): string {
  if (target.kind === "internet" || target.kind === "egress-only") return `via ${hostLinkIpv6} dev ${uplinkDevice}`;
  if (target.kind !== "interface") return "blackhole"; // peering connections carry no IPv6
  const local = here.find(({ id }) => id === target.id);
  if (local !== undefined) return `via ${linkLocalOf(local.mac)} dev ${local.device}`;
  const remote = elsewhere.find(({ id }) => id === target.id);
  return remote === undefined ? "blackhole" : `via ${linkLocalOf(remote.mac)} dev ${overlayDevice}`;
}

function neighbourLine(device: string, address: string, mac: string): Line {
  return [`neigh ${device} ${address}`, `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`];
}
