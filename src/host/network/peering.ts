/**
 * The ways between a VPC and its peers, each end's own namespace to the other's: a second overlay device, which no frame of the VPC itself uses.
 *
 *   guest ─ A's namespace: groups, ACL, route ─ peering ══ (peering identifier of B) ══ peering ─ arrival ⇄ arrived ─ B's namespace: ACL, groups ─ guest
 *
 * Frames travel under the peering identifier of the VPC that they are for, to the host of the interface that they are for. The kernel hands a frame
 * for this very host straight to the other device, with the sender's mark and connection still on it; the pair `arrival` ⇄ `arrived` takes both off.
 *
 * Only packets from the VPC's own blocks go to a peer, only those from a peer's blocks are taken, and from `arrived` there is no way but to interfaces: nothing
 * is passed on to a third VPC, to a gateway, or from one.
 */
import { cidrContains, parseCidr, parseIpv4 } from "../../base/ipv4.ts";
import { isIpv6BlockWithin, parseIpv6Block, toIpv6BlockText } from "../../base/ipv6.ts";
import type { RouteSpecification } from "../protocol/specification.ts";
import { ipBatch, ipJson, parameterScript, runInNamespace } from "./command.ts";
import { field } from "./json-field.ts";
import { linkLocalOf, overlayPort } from "./link-addresses.ts";
import { arrivalDevice, arrivedDevice, peeringDevice } from "./names.ts";
import { roomWords } from "./packet-size.ts";
import { blocksMatch, type Family } from "./traffic-match.ts";
import type { VpcPlace } from "./vpc-namespace.ts";
import type { LocalInterface, ScenePeer, VpcScene } from "./vpc-scene.ts";

/** Sets it apart from the identifiers of VPCs. */
const peeringBit = 0x800000;

/** Makes the devices unless they are there. */
export async function ensurePeering({ namespace, hostAddress, mtu }: VpcPlace, networkIdentifier: number): Promise<void> {
  const identifier = peeringBit + networkIdentifier;
  const [found] = await ipJson(["-details", "link", "show", "dev", peeringDevice], namespace);
  const made = field(field(field(found, "linkinfo"), "info_data"), "id");
  if (made !== identifier) {
    await ipBatch([`link delete ${peeringDevice}`, `link delete ${arrivalDevice}`], { namespace, anyway: true });
    await ipBatch([`link add ${peeringDevice} netns ${namespace} type vxlan id ${identifier} local ${hostAddress} dstport ${overlayPort} nolearning`]);
  }
  if ((await ipJson(["link", "show", "dev", arrivalDevice], namespace)).length === 0) await ipBatch([`link add ${arrivalDevice} type veth peer name ${arrivedDevice}`], { namespace });
  await ipBatch([peeringDevice, arrivalDevice, arrivedDevice].map((device) => `link set ${device} mtu ${mtu} up`), { namespace });
  await runInNamespace(namespace, parameterScript({ [`ipv4/conf/${arrivedDevice}/proxy_arp`]: 0, [`ipv4/conf/${peeringDevice}/proxy_arp`]: 0 }));
}

/** Lines of `ip` that take the devices away. */
export const removePeeringLines: readonly string[] = [`link delete ${peeringDevice}`, `link delete ${arrivalDevice}`];

type Line = readonly [string, string];

/** How frames find the peers' interfaces: each has a next hop of its own, since addresses of two peers may be the same. */
export function peeringLines({ peers }: VpcScene): readonly Line[] {
  return peers.flatMap((peer) =>
    peer.interfaces.flatMap(({ mac, hostAddress, nextHop }) => [
      [`fdb ${mac} ${peeringDevice}`, `fdb replace ${mac} dev ${peeringDevice} dst ${hostAddress} vni ${peeringBit + peer.networkIdentifier} self permanent`] as const,
      [`neigh ${peeringDevice} ${nextHop}`, `neigh replace ${nextHop} lladdr ${mac} dev ${peeringDevice} nud permanent`] as const,
    ]),
  );
}

/** Of a subnet's table: each address of a peer that a route to that peer is the longest prefix for, and how it is reached. */
export function peerWays({ peers }: VpcScene, routes: readonly RouteSpecification[]): readonly Line[] {
  if (peers.length === 0) return [];
  const blocks = routes.flatMap(({ destination, target }) => ({ block: parseCidr(destination), target }));
  const known = blocks.flatMap(({ block, target }) => (block === undefined ? [] : { block, target })).toSorted((a, b) => b.block.prefix - a.block.prefix);
  const wayOf = (address: string) => known.find(({ block }) => cidrContains(block, parseIpv4(address) ?? 0))?.target;
  return peers.flatMap((peer) =>
    peer.interfaces.flatMap(({ privateAddresses, nextHop, hostMtu }) =>
      privateAddresses.filter((address) => leadsTo(peer, wayOf(address))).map((address) => [`${address}/32`, `via ${nextHop} dev ${peeringDevice} onlink${roomWords(hostMtu)}`] as const),
    ),
  );
}

/** The same for IPv6, whose next hops are what hardware addresses make by themselves: no two interfaces have the same. */
export function ipv6PeeringLines({ peers }: VpcScene): readonly Line[] {
  if (peers.length === 0) return [];
  const devices = [peeringDevice, arrivalDevice, arrivedDevice].join(" ");
  const neighbours = peers.flatMap(({ interfaces }) => interfaces).filter(({ ipv6Addresses = [] }) => ipv6Addresses.length > 0).map(({ mac }) => ({ mac, nextHop: linkLocalOf(mac) }));
  return [
    ["parameter ipv6 peering", `for each in ${devices}; do echo 0 > /proc/sys/net/ipv6/conf/$each/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; done`],
    ...neighbours.map(({ mac, nextHop }) => [`neigh ${peeringDevice} ${nextHop}`, `neigh replace ${nextHop} lladdr ${mac} dev ${peeringDevice} nud permanent`] as const),
  ];
}

export function ipv6PeerWays({ peers }: VpcScene, routes: readonly RouteSpecification[]): readonly Line[] {
  const known = routes.flatMap(({ destination, target }) => ({ block: parseIpv6Block(destination), target })).flatMap(({ block, target }) => (block === undefined ? [] : { block, target }));
  const sorted = known.toSorted((a, b) => b.block.prefix - a.block.prefix);
  const wayOf = (text: string) => {
    const inner = parseIpv6Block(text);
    return inner && sorted.find(({ block }) => isIpv6BlockWithin(inner, block))?.target;
  };
  return peers.flatMap((peer) =>
    peer.interfaces.flatMap(({ mac, ipv6Addresses = [], hostMtu }) =>
      ipv6Addresses.map(toIpv6BlockText).filter((block) => leadsTo(peer, wayOf(block))).map((block) => [block, `via ${linkLocalOf(mac)} dev ${peeringDevice}${roomWords(hostMtu)}`] as const),
    ),
  );
}

function leadsTo(peer: ScenePeer, way: RouteSpecification["target"] | undefined): boolean {
  return way?.kind === "peering" && way.id === peer.id;
}

/** Rules of the namespace's forward hook. */
export function peeringForwardRules(family: Family, { peers, blocks, ipv6Blocks }: VpcScene): readonly string[] {
  const own = family === "ip" ? blocks : ipv6Blocks;
  if (peers.length === 0 || own.length === 0) return [];
  return [`iifname "eni*" oifname "${peeringDevice}" ${family} saddr { ${own.join(", ")} } accept`, `iifname "${arrivedDevice}" oifname "eni*" accept`];
}

/** Chains of the namespace's netdev table: what is taken from peers. */
export function peeringChains({ peers, here }: VpcScene): string {
  if (peers.length === 0) return "";
  const taken = (family: Family, cidrs: readonly string[], own: readonly string[]) => {
    const sources = blocksMatch(family, "saddr", cidrs);
    return sources === undefined || own.length === 0 ? "" : `\t\t${sources}ether daddr . ${family} daddr { ${own.join(", ")} } meta mark set 0 meta pkttype set host accept\n`;
  };
  const ownOf = (addressesOf: (nic: LocalInterface) => readonly string[]) => here.flatMap((nic) => addressesOf(nic).map((address) => `${nic.mac} . ${address}`));
  return `
	chain from_peers {
		type filter hook ingress device "${peeringDevice}" priority filter; policy drop;
		fwd to "${arrivalDevice}"
	}

	chain from_arrival {
		type filter hook ingress device "${arrivedDevice}" priority filter; policy drop;
${taken("ip", peers.flatMap(({ cidrs }) => cidrs), ownOf(({ privateAddresses }) => privateAddresses))}${taken("ip6", peers.flatMap(({ ipv6Cidrs = [] }) => ipv6Cidrs), ownOf(({ ipv6Addresses }) => ipv6Addresses))}	}
`;
}
