/**
 * Joins an interface's tap to its end of the pair into the VPC's namespace, frame by frame, and lets nothing pass that the guest
 * has no right to send: another's hardware address, another's address in packets or in ARP. IPv6 passes where the interface has an address of it; then the
 * guest may also ask its router, under a link-local address, which no packet keeps beyond the router.
 *
 * Why the tap stays in the host's namespace instead of being moved: an engine may open it at any time. User-mode Linux opens it
 * when the guest brings its interface up, closes it when the guest takes it down, and finds it by name.
 */
import type { InterfaceId } from "../../base/ids.ts";
import { interfaceDevices } from "./names.ts";

export interface TapOwner {
  readonly id: InterfaceId;
  readonly mac: string;
  readonly privateAddresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
  /** False: the guest forwards packets of others, so it may send any source address. No neighbour of ours believes what ARP says. */
  readonly sourceDestCheck: boolean;
}

/** The whole table of one interface, replaced in one transaction. */
export function interfaceRules({ id, mac, privateAddresses, ipv6Addresses, sourceDestCheck }: TapOwner): string {
  const { tap, outer } = interfaceDevices(id);
  const own = privateAddresses.join(", ");
  const allowed = sourceDestCheck
    ? [`ip saddr { ${own} }`, `arp saddr ether ${mac} arp saddr ip { 0.0.0.0, ${own} }`, "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67", ...ipv6Matches(ipv6Addresses)]
    : [`ether type ${ipv6Addresses.length === 0 ? "ip" : "{ ip, ip6 }"}`, `arp saddr ether ${mac}`];
  return `table netdev ${tap}
delete table netdev ${tap}
table netdev ${tap} {
	chain from_guest {
		type filter hook ingress device "${tap}" priority filter; policy drop;
		ether saddr != ${mac} drop
${allowed.map((match) => `\t\t${match} fwd to "${outer}"\n`).join("")}	}

	chain to_guest {
		type filter hook ingress device "${outer}" priority filter; policy drop;
		fwd to "${tap}"
	}
}
`;
}

/** A neighbour may be asked for before an address is used, then under none. */
function ipv6Matches(own: readonly string[]): readonly string[] {
  if (own.length === 0) return [];
  return [`ip6 saddr { ${own.join(", ")} }`, "ip6 saddr fe80::/64 ip6 daddr { fe80::/64, ff02::/16 }", "ip6 saddr :: icmpv6 type nd-neighbor-solicit"];
}
