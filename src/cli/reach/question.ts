/** What `reach` is asked, from the words of the command line. */
import { parseIpv4 } from "../../base/ipv4.ts";
import { parseIpv6 } from "../../base/ipv6.ts";
import { isIcmp, hasPorts, parseProtocol } from "../../network/ip-protocol.ts";
import { echoRequest, echoRequest6, type Packet } from "../../network/reach/packet.ts";
import { CommandError, exitCodes } from "../command-error.ts";

export interface ReachQuestion {
  readonly from: string;
  readonly to: string;
  readonly packet: Packet;
}

export interface QuestionWords {
  readonly from: string;
  /** With a port behind it, or none; an address of IPv6 then in brackets. */
  readonly to: string;
  readonly protocol?: string | undefined;
  /** Of IPv6 also where no address says so. */
  readonly ipv6?: boolean | undefined;
}

/** A connection to a port (TCP unless said otherwise), or without one a ping. Fails for what cannot be asked. */
export function parseQuestion(words: QuestionWords): ReachQuestion {
  const { name: to, port } = splitTarget(words.to);
  const from = withoutBrackets(words.from);
  if (from.includes(":") && parseIpv6(from) === undefined) throw refuse(`'${words.from}' names a port, but a sender's port is its own choice.`, "Only the receiver has one: ./hostelry reach FROM TO:PORT");
  const ipv6 = words.ipv6 === true || words.protocol === "icmpv6" || [from, to].some((end) => parseIpv6(end) !== undefined);
  if (ipv6 && [from, to].some((end) => parseIpv4(end) !== undefined)) throw refuse("An IPv4 address does not go with IPv6.", "Name both ends by IPv6 addresses, instances or interfaces.");
  return { from, to, packet: { ...parsePacket(words.protocol, { to, port, ipv6 }), ...(ipv6 ? { ipv6 } : {}) } };
}

function parsePacket(named: string | undefined, { to, port, ipv6 }: { readonly to: string; readonly port: string | undefined; readonly ipv6: boolean }): Packet {
  const protocol = parseProtocol(named ?? (port === undefined ? "icmp" : "tcp")) ?? -1;
  if (isIcmp(protocol)) {
    if (port !== undefined) throw refuse("ICMP has no ports.", "Leave out the port, or ask for --protocol tcp or udp.");
    return ipv6 ? echoRequest6 : echoRequest;
  }
  if (!hasPorts(protocol)) throw refuse(`'${named}' is no protocol that can be asked for.`, "One of tcp, udp and icmp.");
  if (port === undefined) throw refuse(`${named} needs a port.`, `Name it behind the receiver: ${parseIpv6(to) === undefined ? to : `[${to}]`}:PORT`);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw refuse(`'${port}' is no port.`, "A port is a number from 1 to 65535.");
  return { protocol, port: Number(port) };
}

/** `NAME`, `NAME:PORT`, `IPV6`, `[IPV6]` or `[IPV6]:PORT`. */
function splitTarget(target: string): { readonly name: string; readonly port: string | undefined } {
  if (parseIpv6(target) !== undefined) return { name: target, port: undefined };
  const [, bracketed, behind] = /^\[([^\]]*)\](?::(.*))?$/.exec(target) ?? [];
  if (bracketed !== undefined && parseIpv6(bracketed) !== undefined) return { name: bracketed, port: behind };
  const [name = "", port, ...rest] = target.split(":");
  if (name === "" || rest.length > 0) throw refuse(`'${target}' is not TO or TO:PORT.`, "For example: ./hostelry reach internet i-…:22, or [IPV6]:22");
  return { name, port };
}

function withoutBrackets(text: string): string {
  return text.replace(/^\[(.*)\]$/, "$1");
}

/** Wrong usage. */
export function refuse(message: string, remedy: string): CommandError {
  return new CommandError(message, { remedy, exitCode: exitCodes.usage });
}
