/**
 * What the underlay network of one installation on one machine should be, and the texts that make it so. Pure.
 *
 * The switch joins the machine and the namespaces of all nodes (hosts and storage nodes). Nodes talk to each other by their
 * underlay addresses; public addresses of guests live on the same switch, answered for by the guest's host, so that the machine
 * reaches each as a neighbour.
 */
import { cidrContains, formatCidr, formatIpv4, parseCidr, parseIpv4, type Cidr } from "../../base/ipv4.ts";
import { ipv6PoolOf } from "../../base/ipv6.ts";
import { joinPort } from "../protocol/joining.ts";
import { machineDevice, nodeNamespace, switchPort, underlayDevice } from "./names.ts";
import { nodeMtu, outsideMtu } from "./packet-size.ts";

export interface UnderlayPlan {
  /** Six hexadecimal digits. */
  readonly installation: string;
  /** The block that the nodes' addresses come from; its first address is the machine's. */
  readonly underlay: string;
  /** The block of public addresses; its first address is the machine's. */
  readonly publicPool: string;
  readonly nodes: readonly UnderlayNode[];
}

export interface UnderlayNode {
  readonly id: string;
  /** Its address on the underlay network, without a prefix length. */
  readonly address: string;
}

export interface CheckedPlan extends UnderlayPlan {
  readonly underlayBlock: Cidr;
  readonly poolBlock: Cidr;
  /** Where guests have their IPv6 addresses from. */
  readonly ipv6Pool: string;
}

/** The plan with its blocks parsed. Throws for one that cannot work. */
export function checkPlan(plan: UnderlayPlan): CheckedPlan {
  const underlayBlock = parseCidr(plan.underlay);
  const poolBlock = parseCidr(plan.publicPool);
  if (underlayBlock === undefined || poolBlock === undefined) throw new Error("the underlay plan names a malformed block");
  if (!/^[0-9a-f]{6}$/.test(plan.installation)) throw new Error("an installation's id is six hexadecimal digits");
  for (const node of plan.nodes) {
    const address = parseIpv4(node.address);
    const usable = address !== undefined && cidrContains(underlayBlock, address) && address !== underlayBlock.base + 1;
    if (!usable) throw new Error(`the address ${node.address} of node ${node.id} is not a node's on the underlay network`);
    if (!/^[a-z0-9][a-z0-9-]*$/.test(node.id) || node.id === "underlay") throw new Error(`"${node.id}" cannot be a node's id`);
  }
  return { ...plan, underlayBlock, poolBlock, ipv6Pool: ipv6PoolOf(plan.installation) };
}

/** The first address of a block, with the block's prefix length. */
export function firstAddress(block: Cidr, withPrefix = true): string {
  return `${formatIpv4(block.base + 1)}${withPrefix ? `/${block.prefix}` : ""}`;
}

/** The machine's own address in the pool of IPv6 addresses, of whose first block no VPC has any. */
export function firstIpv6({ ipv6Pool }: Pick<CheckedPlan, "ipv6Pool">, withPrefix = true): string {
  const [base = "", prefix] = ipv6Pool.split("/");
  return `${base}1${withPrefix ? `/${prefix}` : ""}`;
}

/** What TCP between nodes is to keep to, of what the kernel has: Linux's own choice. BBR, which some machines prefer, paces what it sends, which costs volumes' bytes a third more processor time (decision 0015). */
export function congestionControl(available: string): string {
  return available.split(/\s+/).includes("cubic") ? "cubic" : "reno";
}

/**
 * `ip` lines for a node's own namespace; each may be repeated. `mtu`: what its underlay device carries.
 *
 * `quickack`: QEMU's NBD server says one thing in two packets and holds the second back until the first is acknowledged, which a receiver
 * does 40 ms late by habit. Opening a volume takes 10 ms instead of 100 without the habit.
 */
export function nodeLines(plan: CheckedPlan, node: UnderlayNode, congestion: string, mtu = nodeMtu): readonly string[] {
  const outside = Math.min(outsideMtu, mtu);
  return [
    "link set lo up",
    `address flush dev ${underlayDevice} scope global`, // the link-local one of IPv6 comes only when the device does
    `address replace ${node.address}/${plan.underlayBlock.prefix} dev ${underlayDevice} noprefixroute`,
    `link set ${underlayDevice} mtu ${mtu} up`,
    `route replace ${formatCidr(plan.underlayBlock)} dev ${underlayDevice} src ${node.address} quickack 1 congctl ${congestion}`,
    `route replace ${formatCidr(plan.poolBlock)} dev ${underlayDevice} mtu ${outside}`,
    `route replace default via ${firstAddress(plan.poolBlock, false)} dev ${underlayDevice} onlink mtu ${outside}`,
    `route replace ${plan.ipv6Pool} dev ${underlayDevice} mtu ${outside}`,
    `route replace default via ${firstIpv6(plan, false)} dev ${underlayDevice} mtu ${outside}`,
  ];
}

/** `ip` lines, in the switch's namespace, that connect nodes that are not connected yet. */
export function connectLines(plan: CheckedPlan, nodes: readonly UnderlayNode[]): readonly string[] {
  return nodes.map((node) => `link add ${switchPort(node.id)} mtu ${nodeMtu} type veth peer name ${underlayDevice} mtu ${nodeMtu} netns ${nodeNamespace(plan.installation, node.id)}`);
}

/** The machine's rules: guests get out, and to no service of the machine itself; hosts on other machines reach the control plane. */
export function machineRules(plan: CheckedPlan): string {
  const device = machineDevice(plan.installation);
  const table = machineTable(plan.installation);
  const inside = `{ ${formatCidr(plan.underlayBlock)}, ${formatCidr(plan.poolBlock)} }`;
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
	chain input {
		type filter hook input priority filter; policy accept;
		iifname "${device}" ct state established,related accept
		iifname "${device}" icmp type echo-request accept
		iifname "${device}" ip saddr ${formatCidr(plan.underlayBlock)} ip daddr ${firstAddress(plan.underlayBlock, false)} tcp dport ${joinPort} accept
		iifname "${device}" drop
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "${device}" ip saddr != ${inside} drop
		oifname "${device}" ip daddr ${formatCidr(plan.underlayBlock)} ct state new drop
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr ${inside} oifname != "${device}" masquerade
	}
}
table ip6 ${table}
delete table ip6 ${table}
table ip6 ${table} {
	chain input {
		type filter hook input priority filter; policy accept;
		iifname "${device}" ct state established,related accept
		iifname "${device}" icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname "${device}" drop
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "${device}" ip6 saddr != ${plan.ipv6Pool} drop
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip6 saddr ${plan.ipv6Pool} oifname != "${device}" masquerade
	}
}
`;
}

export function machineTable(installation: string): string {
  return `hostelry_${installation}`;
}
