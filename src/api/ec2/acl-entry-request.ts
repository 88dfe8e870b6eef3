/** Entries of network ACLs as requests say them (facts §7.7). */
import type { IcmpTypeCode, PortRange } from "@aws-sdk/client-ec2";
import { invalidParameterCombination, invalidParameterValue, invalidValueOf, missingParameter } from "../../base/api-error.ts";
import { formatCidr, parseCidr } from "../../base/ipv4.ts";
import { normalizeIpv6Cidr } from "../../base/ipv6.ts";
import { hasPorts, isIcmp, parseProtocol } from "../../network/ip-protocol.ts";
import type { NetworkAclEntryRow } from "../../store/network-tables.ts";

interface KeyRequest {
  readonly RuleNumber?: number | undefined;
  readonly Egress?: boolean | undefined;
}

interface EntryRequest extends KeyRequest {
  readonly Protocol?: string | undefined;
  readonly RuleAction?: string | undefined;
  readonly CidrBlock?: string | undefined;
  readonly Ipv6CidrBlock?: string | undefined;
  readonly IcmpTypeCode?: IcmpTypeCode | undefined;
  readonly PortRange?: PortRange | undefined;
}

/** The last entry of every ACL, which denies everything, has the number after the highest. */
export const lastRuleNumber = 32_767;

export function parseEntryKey(aclId: string, { RuleNumber: number, Egress: egress }: KeyRequest): Pick<NetworkAclEntryRow, "network_acl_id" | "egress" | "rule_number"> {
  if (number === undefined) throw missingParameter("ruleNumber");
  if (egress === undefined) throw missingParameter("egress");
  if (number < 1 || number >= lastRuleNumber) throw invalidValueOf("ruleNumber", number, `Expecting a value from 1 to ${lastRuleNumber - 1}.`);
  return { network_acl_id: aclId, egress: egress ? 1 : 0, rule_number: number };
}

export function parseEntry(aclId: string, request: EntryRequest): NetworkAclEntryRow {
  const key = parseEntryKey(aclId, request);
  const { Protocol: text, RuleAction: action } = request;
  if (text === undefined) throw missingParameter("protocol");
  const protocol = parseProtocol(text);
  if (protocol === undefined) throw invalidValueOf("protocol", text, "Unknown protocol.");
  if (action !== "allow" && action !== "deny") throw action === undefined ? missingParameter("ruleAction") : invalidValueOf("ruleAction", action, "Expecting allow or deny.");
  return { ...key, protocol, action, ...parseBlock(request), ...parsePorts(protocol, request.PortRange), ...parseIcmp(protocol, request.IcmpTypeCode) };
}

function parseBlock({ CidrBlock: ipv4, Ipv6CidrBlock: ipv6 }: EntryRequest): Pick<NetworkAclEntryRow, "cidr" | "ipv6_cidr"> {
  if (ipv4 !== undefined && ipv6 !== undefined) throw invalidParameterCombination("Only one of cidrBlock and ipv6CidrBlock may be specified.");
  if (ipv4 !== undefined) {
    const cidr = parseCidr(ipv4);
    if (cidr === undefined) throw invalidValueOf("cidrBlock", ipv4, "This is not a valid CIDR block.");
    return { cidr: formatCidr(cidr), ipv6_cidr: null };
  }
  if (ipv6 === undefined) throw missingParameter("cidrBlock");
  const cidr = normalizeIpv6Cidr(ipv6);
  if (cidr === undefined) throw invalidValueOf("ipv6CidrBlock", ipv6, "This is not a valid CIDR block.");
  return { cidr: null, ipv6_cidr: cidr };
}

function parsePorts(protocol: number, range: PortRange | undefined): Pick<NetworkAclEntryRow, "from_port" | "to_port"> {
  if (!hasPorts(protocol)) return { from_port: null, to_port: null };
  const { From: from, To: to } = range ?? {};
  if (from === undefined || to === undefined) throw missingParameter("portRange");
  if (from < 0 || to > 65_535 || from > to) throw invalidParameterValue(`Invalid TCP/UDP port range (${from}:${to})`);
  return { from_port: from, to_port: to };
}

/** -1 is any. */
function parseIcmp(protocol: number, icmp: IcmpTypeCode | undefined): Pick<NetworkAclEntryRow, "icmp_type" | "icmp_code"> {
  if (!isIcmp(protocol)) return { icmp_type: null, icmp_code: null };
  const { Type: type, Code: code } = icmp ?? {};
  if (type === undefined || code === undefined) throw missingParameter("icmpTypeCode");
  for (const value of [type, code]) if (value < -1 || value > 255) throw invalidParameterValue(`ICMP type and code (${type}, ${code}) out of range`);
  return { icmp_type: type, icmp_code: code };
}
