/**
 * Joins an interface's tap to its end of the pair into the VPC's namespace, frame by frame, and lets nothing pass that the guest
 * has no right to send: another's hardware address, another's IPv4 address in packets or in ARP, IPv6 (not offered yet).
 *
 * Why the tap stays in the host's namespace instead of being moved: an engine may open it at any time. User-mode Linux opens it
 * when the guest brings its interface up, closes it when the guest takes it down, and finds it by name.
 */
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { interfaceDevices } from "./names.ts";

/** The whole table of one interface, replaced in one transaction. */
export function interfaceRules(nic: Pick<InterfaceSpecification, "id" | "mac" | "privateAddress">): string {
  const { tap, outer } = interfaceDevices(nic.id);
  return `table netdev ${tap}
delete table netdev ${tap}
table netdev ${tap} {
	chain from_guest {
		type filter hook ingress device "${tap}" priority filter; policy drop;
		ether saddr != ${nic.mac} drop
		ip saddr ${nic.privateAddress} fwd to "${outer}"
		arp saddr ether ${nic.mac} arp saddr ip { 0.0.0.0, ${nic.privateAddress} } fwd to "${outer}"
		ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 fwd to "${outer}"
	}

	chain to_guest {
		type filter hook ingress device "${outer}" priority filter; policy drop;
		fwd to "${tap}"
	}
}
`;
}
