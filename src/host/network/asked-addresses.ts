/**
 * Which addresses of guests' IPv6 prefixes are looked for from outside. The kernel answers neighbour discovery for addresses that it is told one by one, and a prefix has
 * 2^48 of them. So a rule notes what is asked for in the prefixes that are here, and the host answers for that from then on; whoever asks does so three times, a second after the
 * other, and again from time to time while it has something to send. What nobody asks for any more is forgotten.
 *
 * What is noted outlives the agent, and is bounded: who asks for all addresses of a prefix has answers for some.
 */
import { isIpv6AddressIn } from "../../base/ipv6.ts";
import { runCommand } from "./command.ts";
import { field, listField, stringField } from "./json-field.ts";

const table = "hostelry_asked";

/** The rules that note; without prefixes none. What was noted stays. */
export function askedRules(underlayDevice: string, prefixes: readonly string[]): string {
  if (prefixes.length === 0) return `table ip6 ${table}\ndelete table ip6 ${table}\n`;
  return `table ip6 ${table} {
	set asked {
		type ipv6_addr; flags dynamic,timeout; timeout 10m; size 1024;
	}

	chain note {
		type filter hook prerouting priority raw; policy accept;
	}
}
flush chain ip6 ${table} note
table ip6 ${table} {
	chain note {
		iifname "${underlayDevice}" icmpv6 type nd-neighbor-solicit update @asked { @th,64,128 }
	}
}
`;
}

/** Those of the noted addresses that are in one of the prefixes. */
export async function readAsked(prefixes: readonly string[]): Promise<readonly string[]> {
  if (prefixes.length === 0) return [];
  const said: unknown = JSON.parse(await runCommand("nft", ["--json", "list", "set", "ip6", table, "asked"]));
  const elements = listField(said, "nftables").flatMap((entry) => listField(field(entry, "set"), "elem"));
  const noted = elements.flatMap((element) => stringField(field(element, "elem"), "val") ?? []);
  return noted.filter((address) => prefixes.some((prefix) => isIpv6AddressIn(prefix, address))).toSorted();
}
