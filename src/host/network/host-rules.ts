/**
 * The rules of a host's own namespace. Nothing is forwarded but what a guest's public address entitles it to and the VPCs'
 * resolvers asking theirs; nothing of a guest reaches a service of the host but the metadata ports and, from its public
 * address, the services of the installation; both are open to guests only. Answers to EC2 Instance Connect's connections
 * reach the host as well. A pure text, loaded as one transaction.
 */
import { formatCidr } from "../../base/ipv4.ts";
import { isBlockText, isIpv6Text } from "../../base/ipv6.ts";
import { servicePorts } from "../protocol/service-connection.ts";
import { connectAddress } from "../protocol/stream.ts";
import { hostLinkAddress, linkNetwork, metadataIpv6, metadataPorts, overlayPort } from "./link-addresses.ts";
import { ruleTable } from "./names.ts";

export interface HostRulesInput {
  readonly underlayDevice: string;
  readonly underlayBlock: string;
  readonly resolvers: readonly string[];
  /** Undefined: guests reach no service of the installation. */
  readonly serviceAddress: string | undefined;
  /** Of both families; of IPv6 also whole prefixes. */
  readonly publicAddresses: readonly { readonly address: string; readonly device: string }[];
}

const ports = `${metadataPorts.first}-${metadataPorts.last}`;

export function hostRules({ underlayDevice, underlayBlock, resolvers, serviceAddress, publicAddresses }: HostRulesInput): string {
  const links = formatCidr(linkNetwork);
  const [listed, listed6] = [listOf(publicAddresses.filter(({ address }) => !isIpv6Text(address))), listOf(publicAddresses.filter(({ address }) => isIpv6Text(address) && !isBlockText(address)))];
  const prefixes = publicAddresses.filter(({ address }) => isBlockText(address));
  const ask =
    resolvers.length === 0
      ? ""
      : `\n\t\tiifname "vpc*" oifname "${underlayDevice}" ip saddr ${links} ip daddr { ${resolvers.join(", ")} } meta l4proto { tcp, udp } th dport 53 accept`;
  const serve = serviceAddress === undefined ? "" : `\n\t\tiifname . ip saddr @owned ip daddr ${serviceAddress} tcp dport { ${servicePorts.plain}, ${servicePorts.secure} } accept`;
  return `table ip ${ruleTable}
delete table ip ${ruleTable}
table ip ${ruleTable} {
	set owned {
		typeof iifname . ip saddr;${listed}
	}

	chain overlay_in {
		type filter hook prerouting priority raw; policy accept;
		udp dport ${overlayPort} notrack
	}

	chain overlay_out {
		type filter hook output priority raw; policy accept;
		udp dport ${overlayPort} notrack
	}

	chain to_host {
		type filter hook input priority filter; policy accept;
		udp dport ${overlayPort} iifname { "lo", "${underlayDevice}" } ip saddr ${underlayBlock} accept
		udp dport ${overlayPort} drop
		iifname { "tap*", "vet*" } drop
		iifname "vpc*" ip daddr ${hostLinkAddress} tcp dport ${ports} accept${serve}
		iifname "vpc*" ip daddr ${connectAddress} ct state established,related accept
		iifname "vpc*" drop
		iifname "${underlayDevice}" tcp dport ${ports} ct state new drop
		iifname "${underlayDevice}" ip daddr != { ${underlayBlock}, 127.0.0.0/8 } ct state new drop
	}

	chain through_host {
		type filter hook forward priority filter; policy drop;${ask}
		iifname "${underlayDevice}" ip daddr ${links} ct state established,related accept
		iifname "vpc*" ip daddr { ${underlayBlock}, ${links} } drop
		iifname "vpc*" iifname . ip saddr != @owned drop
		iifname "vpc*" oifname "${underlayDevice}" accept
		oifname . ip daddr @owned accept
	}

	chain source {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr ${links} oifname "${underlayDevice}" masquerade
	}
}
table ip6 ${ruleTable}
delete table ip6 ${ruleTable}
table ip6 ${ruleTable} {
	set owned {
		typeof iifname . ip6 saddr;${listed6}
	}

	chain to_host {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		iifname "vpc*" ip6 daddr ${metadataIpv6} tcp dport ${ports} accept
		iifname { "vpc*", "${underlayDevice}" } icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname "${underlayDevice}" ct state established,related accept
	}

	chain through_host {
		type filter hook forward priority filter; policy drop;
${prefixes.map(({ device, address }) => `\t\tiifname "${device}" oifname "${underlayDevice}" ip6 saddr ${address} accept\n\t\toifname "${device}" ip6 daddr ${address} accept\n`).join("")}		iifname "vpc*" iifname . ip6 saddr != @owned drop
		iifname "vpc*" oifname "${underlayDevice}" accept
		oifname . ip6 daddr @owned accept
	}
}
`;
}

function listOf(addresses: HostRulesInput["publicAddresses"]): string {
  return addresses.length === 0 ? "" : ` elements = { ${addresses.map((own) => `"${own.device}" . ${own.address}`).join(", ")} }`;
}
