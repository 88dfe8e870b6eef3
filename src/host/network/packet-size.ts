/** How large packets are inside VPCs and on the network between hosts, in bytes. */

/** Inside a VPC where the underlay network allows (facts §7.10). */
export const largestMtu = 9_001;
/** Between nodes: a VPC's packets and what VXLAN puts around them, rounded up. */
export const nodeMtu = 9_100;
/** To and from the world outside. */
export const outsideMtu = 1_500;
const overlayBytes = 50;
/** IPv6 needs that much inside VPCs. */
export const leastNodeMtu = 1_280 + overlayBytes;

/** Of packets that a host's guests send and get inside VPCs, by what its underlay device carries. */
export function vpcMtu(underlayMtu: number): number {
  return Math.min(largestMtu, underlayMtu - overlayBytes);
}

/** What a route says where the way has room for smaller packets only: whoever sends larger ones is told. */
export function roomWords(hostMtu: number | undefined): string {
  return hostMtu === undefined ? "" : ` mtu ${hostMtu}`;
}
