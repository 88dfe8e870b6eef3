/**
 * A NAT gateway on this host: a namespace in a guest's place, behind a tap of its own. It gives the packets that routes hand to its interface
 * the interface's address as their source, and takes back the answers; the internet gateway puts its Elastic IP address there, as for a guest.
 *
 * Promised: nobody begins a connection through it but those whose routes lead to it; connections go on through a new agent. One that is idle
 * for 350 seconds is forgotten, and whoever goes on with it is told by a reset (facts §7.3). A gateway whose host ends begins anew elsewhere.
 */
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { batchScript, parameterScript, rulesScript } from "./command.ts";
import { routerAddress } from "./dnsmasq-configuration.ts";
import { routerParameters } from "./host-parameters.ts";
import { applianceDevice as device, ruleTable } from "./names.ts";

const idleSeconds = 350;

const parameters = {
  ...routerParameters,
  "ipv6/conf/all/disable_ipv6": 1,
  "netfilter/nf_conntrack_tcp_loose": 0,
  "netfilter/nf_conntrack_tcp_timeout_established": idleSeconds,
  "netfilter/nf_conntrack_udp_timeout": idleSeconds,
  "netfilter/nf_conntrack_udp_timeout_stream": idleSeconds,
};

/**
 * Makes the namespace a gateway, for the first time or once more. The router answers for the whole subnet, so there is no other neighbour; it knows whose
 * the further addresses are, and the gateway has them only so that it passes nothing on to them.
 */
export function natGatewayScript(nic: InterfaceSpecification, addresses: readonly string[]): string {
  const router = routerAddress(nic);
  const lines = [
    "link set lo up",
    "address flush dev lo scope global",
    ...addresses.filter((address) => address !== nic.privateAddress).map((address) => `address replace ${address}/32 dev lo`),
    `address replace ${nic.privateAddress}/32 dev ${device}`,
    `link set ${device} up`,
    `route replace ${router} dev ${device} scope link`,
    `route replace default via ${router} dev ${device}`,
  ];
  return [...rulesScript(natGatewayRules(addresses)), parameterScript(parameters), ...batchScript("ip", lines)].join("");
}

/**
 * The whole table, replaced in one transaction. Ports below 1024 are never given out (facts §7.3). Of several addresses one and the same stands for what a
 * guest sends to one place.
 */
export function natGatewayRules(addresses: readonly string[]): string {
  const ways = addresses.map((address) => [`meta l4proto { tcp, udp } snat to ${address}:1024-65535`, `snat to ${address}`]);
  const [only = []] = ways;
  const chosen = ways.map((_way, number) => `${number} : goto source_${number}`).join(", ");
  const source = ways.length === 1 ? only : [`jhash ip saddr . ip daddr mod ${ways.length} seed 1 vmap { ${chosen} }`];
  const lines = (rules: readonly string[]) => rules.map((rule) => `\t\t${rule}\n`).join("");
  const further = ways.length === 1 ? [] : ways.map((way, number) => `\tchain source_${number} {\n${lines(way)}\t}\n\n`);
  return `table ip ${ruleTable}
delete table ip ${ruleTable}
table ip ${ruleTable} {
	chain to_gateway {
		type filter hook input priority filter; policy drop;
	}

	chain through_gateway {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		ct state invalid meta l4proto tcp reject with tcp reset
		ct state new meta l4proto { icmp, tcp, udp } accept
	}

${further.join("")}	chain source {
		type nat hook postrouting priority srcnat; policy accept;
${lines(source)}	}
}
`;
}
