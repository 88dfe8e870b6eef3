/**
 * The short way between a VPC's namespaces on hosts of one machine. Such hosts have one switch, which carries any frames, so what goes from one interface of a VPC to another by
 * their own addresses needs no header of an overlay around it, and neither of the hosts' own namespaces looks at it.
 *
 *   guest ─ A's namespace of the VPC ─ wire ══ underlay0 ─ switch ─ underlay0 ══ wire ─ B's namespace of the VPC ─ guest
 *
 * `wire` is a device upon the host's underlay device (macvlan) with a hardware address that the VPC and the host make, so the kernel sorts frames by VPC before anything else is done with them.
 * Such an address names no interface. Packets that routes hand to an interface, whatever their address, go by the overlay, as do all to and from hosts on other machines, and between peers.
 */
import { parseIpv4 } from "../../base/ipv4.ts";
import { ignoreFailedCommand, ipBatch, ipJson } from "./command.ts";
import { stringField } from "./json-field.ts";
import { underlayDevice, wireDevice } from "./names.ts";
import type { VpcPlace } from "./vpc-namespace.ts";
import type { LocalInterface } from "./vpc-scene.ts";

/** Of the VPC's wire on the host. All hosts of a switch differ in the last two bytes of their addresses. */
export function wireMacOf(networkIdentifier: number, hostAddress: string): string {
  const host = parseIpv4(hostAddress) ?? 0;
  const bytes = [0x0a, networkIdentifier >> 16, networkIdentifier >> 8, networkIdentifier, host >> 8, host];
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, "0")).join(":");
}

/** Whether the kernel makes such devices; where not, all goes by the overlay. */
export async function carriesWires(underlay: string): Promise<boolean> {
  const trial = `${wireDevice}-trial`;
  await ipBatch([`link delete ${trial}`], { anyway: true });
  try {
    await ipBatch([`link add link ${underlay} name ${trial} type macvlan mode private`, `link delete ${trial}`]);
    return true;
  } catch (error) {
    ignoreFailedCommand(error);
    return false;
  }
}

/** Makes the device unless it is there. It asks for no neighbour and answers for none. */
export async function ensureWire({ namespace, mtu }: VpcPlace, mac: string): Promise<void> {
  const [found] = await ipJson(["link", "show", "dev", wireDevice], namespace);
  const made = stringField(found, "address");
  if (made !== undefined && made !== mac) await ipBatch([`link delete ${wireDevice}`], { namespace });
  if (made !== mac) await ipBatch([`link add link ${underlayDevice} name ${wireDevice} netns ${namespace} address ${mac} type macvlan mode private`]);
  await ipBatch([`link set ${wireDevice} mtu ${mtu} arp off addrgenmode none up`], { namespace });
}

/** The chain of the namespace's netdev table that takes from it what is for interfaces here. */
export function wireChain(here: readonly LocalInterface[]): string {
  const taken = (family: "ip" | "ip6", own: readonly string[]) => (own.length === 0 ? "" : `\t\t${family} daddr { ${own.join(", ")} } accept\n`);
  return `
	chain from_wire {
		type filter hook ingress device "${wireDevice}" priority filter; policy drop;
${taken("ip", here.flatMap(({ privateAddresses }) => privateAddresses))}${taken("ip6", here.flatMap(({ ipv6Addresses }) => ipv6Addresses))}	}
`;
}
