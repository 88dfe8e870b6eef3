/**
 * What `fabric-lines.ts` makes for IPv4, for IPv6: only in the namespace of a VPC that has IPv6, which has none of it before. Pure.
 *
 * A guest is told by its router that its subnet is no wire, so it sends everything to the router's link-local address, which is the same
 * everywhere. An interface is handed packets under the link-local address that its own hardware address makes, whatever they are for.
 */
import { isBlockText, normalizeIpv6Cidr, toIpv6BlockText } from "../../base/ipv6.ts";
import type { RouteSpecification } from "../protocol/specification.ts";
import { ipv6RuleLine, mainTable, neighbourLine, routeLine, type Line } from "./fabric-lines.ts";
import { hostLinkIpv6, linkLocalOf, metadataIpv6, resolverIpv6, serviceBlocks, vpcLinkIpv6, vpcLinkServiceIpv6 } from "./link-addresses.ts";
import { overlayDevice, uplinkDevice, wireDevice } from "./names.ts";
import { roomWords } from "./packet-size.ts";
import { ipv6PeeringLines, ipv6PeerWays } from "./peering.ts";
import type { LocalSubnet, VpcScene } from "./vpc-scene.ts";

const everything = "::/0";

/** Nobody else can have an address here, so it is not asked for before it is used. A namespace that forwards believes no router. */
const turnOn = `for each in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $each; done
echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`;

/** `linkNumber`: the VPC's on this host. */
export function ipv6Lines(scene: VpcScene, linkNumber: number): readonly Line[] {
  if (scene.ipv6Blocks.length === 0) return [];
  return [
    ["parameter ipv6", turnOn],
    ["address6 lo", `address replace ${resolverIpv6}/128 dev lo nodad`],
    [`address6 ${uplinkDevice}`, `address replace ${vpcLinkIpv6}/64 dev ${uplinkDevice} nodad`],
    [`address6 ${uplinkDevice} ${vpcLinkServiceIpv6(linkNumber)}`, `address replace ${vpcLinkServiceIpv6(linkNumber)}/128 dev ${uplinkDevice} nodad`],
    routeLine(mainTable, `${metadataIpv6}/128`, `via ${hostLinkIpv6} dev ${uplinkDevice}`),
    routeLine(mainTable, everything, `via ${hostLinkIpv6} dev ${uplinkDevice}`),
    ...scene.ipv6Blocks.map((block) => routeLine(mainTable, block, "blackhole")),
    ...hereLines(scene),
    ...elsewhereLines(scene),
    ...ipv6PeeringLines(scene),
    ...scene.subnets.flatMap((subnet) => subnetLines(scene, subnet)),
  ];
}

function hereLines({ here }: VpcScene): readonly Line[] {
  return here.flatMap(({ device, mac, ipv6Router, ipv6Addresses, deliveryTable }) => [
    ...(ipv6Router === undefined ? [] : [[`address6 ${device} ${ipv6Router}`, `address replace ${ipv6Router} dev ${device} noprefixroute nodad`] as const]),
    ...[linkLocalOf(mac), ...ipv6Addresses.filter((each) => !isBlockText(each))].map((address) => neighbourLine(device, address, mac)),
    ...ipv6Addresses.map((each) => routeLine(mainTable, toIpv6BlockText(each), isBlockText(each) ? `via ${linkLocalOf(mac)} dev ${device}` : `dev ${device}`)),
    ...(deliveryTable === undefined ? [] : [routeLine(deliveryTable, everything, `via ${linkLocalOf(mac)} dev ${device}`), ipv6RuleLine(deliveryTable)]),
  ]);
}

function elsewhereLines({ elsewhere }: VpcScene): readonly Line[] {
  return elsewhere.flatMap(({ mac, ipv6Addresses, hostMtu, wireMac }) => [
    neighbourLine(overlayDevice, linkLocalOf(mac), mac),
    ...(wireMac === undefined ? [] : [neighbourLine(wireDevice, linkLocalOf(mac), wireMac)]),
    ...ipv6Addresses.map((each) => routeLine(mainTable, toIpv6BlockText(each), `via ${linkLocalOf(mac)} dev ${wireMac === undefined ? overlayDevice : wireDevice}${roomWords(hostMtu)}`)),
  ]);
}

/** As of IPv4; a subnet without IPv6 may have an appliance that sends it. */
function subnetLines(scene: VpcScene, { table, ipv6Cidr, routes }: LocalSubnet): readonly Line[] {
  const ways = new Map([...scene.ipv6Blocks.map((block) => [block, "throw"] as const), [everything, "blackhole"] as const, ...routes.flatMap((route) => way(scene, route)), ...ipv6PeerWays(scene, routes)]);
  for (const always of [...(ipv6Cidr === undefined ? [] : [ipv6Cidr]), serviceBlocks.ip6]) ways.set(always, "throw");
  return [...[...ways].map(([destination, to]) => routeLine(table, destination, to)), ipv6RuleLine(table)];
}

/** Destinations that are no IPv6 block are not for this table. */
function way(scene: VpcScene, { destination, target }: RouteSpecification): readonly Line[] {
  const block = normalizeIpv6Cidr(destination);
  return block === undefined ? [] : [[block, wayTo(scene, target)]];
}

function wayTo({ here, elsewhere }: VpcScene, target: RouteSpecification["target"]): string {
  if (target.kind === "internet" || target.kind === "egress-only") return `via ${hostLinkIpv6} dev ${uplinkDevice}`;
  if (target.kind !== "interface") return "blackhole"; // to a peer's interfaces there are ways besides
  const local = here.find(({ id }) => id === target.id);
  if (local !== undefined) return `via ${linkLocalOf(local.mac)} dev ${local.device}`;
  const remote = elsewhere.find(({ id }) => id === target.id);
  return remote === undefined ? "blackhole" : `via ${linkLocalOf(remote.mac)} dev ${overlayDevice}${roomWords(remote.hostMtu)}`;
}
