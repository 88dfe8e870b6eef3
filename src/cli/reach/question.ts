/** What `reach` is asked, from the words of the command line. */
import { parseIpv6 } from "../../base/ipv6.ts";
import { isIcmp, hasPorts, parseProtocol } from "../../network/ip-protocol.ts";
import { echoRequest, type Packet } from "../../network/reach/packet.ts";
import { CommandError, exitCodes } from "../command-error.ts";

export interface ReachQuestion {
  readonly from: string;
  readonly to: string;
  readonly packet: Packet;
}

/** A connection to a port (TCP unless said otherwise), or without one a ping. Fails for what cannot be asked. */
export function parseQuestion(from: string, target: string, named: string | undefined): ReachQuestion {
  for (const end of [from, target]) if (parseIpv6(end.replace(/^\[(.*)\](?::\d*)?$/, "$1")) !== undefined) throw refuse("The way of IPv6 is not walked yet.", "Name an instance, an interface or an IPv4 address.");
  const [to = "", port, ...rest] = target.split(":");
  const protocol = parseProtocol(named ?? (port === undefined ? "icmp" : "tcp")) ?? -1;
  if (to === "" || rest.length > 0) throw refuse(`'${target}' is not TO or TO:PORT.`, "For example: ./hostelry reach internet i-…:22");
  if (from.includes(":")) throw refuse(`'${from}' names a port, but a sender's port is its own choice.`, "Only the receiver has one: ./hostelry reach FROM TO:PORT");
  if (isIcmp(protocol)) {
    if (port !== undefined) throw refuse("ICMP has no ports.", "Leave out the port, or ask for --protocol tcp or udp.");
    return { from, to, packet: echoRequest };
  }
  if (!hasPorts(protocol)) throw refuse(`'${named}' is no protocol that can be asked for.`, "One of tcp, udp and icmp.");
  if (port === undefined) throw refuse(`${named} needs a port.`, `Name it behind the receiver: ${to}:PORT`);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw refuse(`'${port}' is no port.`, "A port is a number from 1 to 65535.");
  return { from, to, packet: { protocol, port: Number(port) } };
}

/** Wrong usage. */
export function refuse(message: string, remedy: string): CommandError {
  return new CommandError(message, { remedy, exitCode: exitCodes.usage });
}
