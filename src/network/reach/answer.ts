/**
 * Whether answers come back: groups remember connections and let them pass, network ACLs and routes do not. Answers of TCP and UDP
 * go to whichever port the sender chose, so an ACL that lets only some of these through does so only sometimes.
 */
import { checkAcl, chooseRoute, decideAcl, entriesOf, isPeerOf } from "./checks.ts";
import type { Address, End, Hop, InterfaceEnd } from "./hop.ts";
import { addressText, echoReplyTo, isOfSubnet, type Packet } from "./packet.ts";

interface Question {
  readonly from: End;
  readonly to: End;
  readonly publicly: boolean;
  readonly packet: Packet;
}

/** From which Linux takes the port of a connection that it begins. */
const ephemeral = { first: 32_768, last: 60_999 };

/** One hop for the whole way back: what stops it, or what is doubtful, or that nothing is in the way. `source`: the sender as the receiver sees it. */
export function checkAnswer(question: Question, source: Address): readonly Hop[] {
  const { from, to, packet } = question;
  const target = targetOf(question);
  const parts = [
    ...(to.kind === "interface" ? [checkRouteBack(to, source, question), checkAclFor(to, "leave", packet, source)] : []),
    ...(from.kind === "interface" ? [checkAclFor(from, "arrive", packet, target)] : []),
  ];
  const worst = parts.find(({ verdict }) => verdict === "stops") ?? parts.find(({ verdict }) => verdict === "unknown");
  const at = to.kind === "interface" ? to.nic.id : from.kind === "interface" ? from.nic.id : "";
  return [worst ?? { hop: "answer", verdict: "passes", at, reason: "routes and ACLs let answers back, groups always do" }];
}

/** The address that the sender asks for. */
export function targetOf({ to, publicly }: Pick<Question, "to" | "publicly">): Address {
  return to.kind === "interface" && publicly ? to.publicAddress : to.address;
}

/** The receiver's subnet must have a way to where the packets seem to come from. */
function checkRouteBack(to: InterfaceEnd, source: Address, { from, packet }: Question): Hop {
  const { routeTable: at = "", targets } = to.vpc.subnets.get(to.subnet.id) ?? {};
  const route = chooseRoute(to, source, packet);
  if (route === undefined) return { hop: "answer", verdict: "stops", at, reason: `no route leads back to ${addressText(source)}` };
  const { destination: rule, way } = route;
  const named = targets?.get(rule) ?? "the VPC itself";
  if (way.kind === "blackhole") return { hop: "answer", verdict: "stops", at, rule, reason: `leads back to ${named}, which is gone, detached or stopped (blackhole)` };
  if (way.kind === "peering" && !(from.kind === "interface" && isPeerOf(to, way.id, from))) return { hop: "answer", verdict: "stops", at, rule, reason: `leads to ${named}, not back to the sender` };
  const elsewhere = way.kind === "interface" && !(from.kind === "interface" && from.nic.id === way.id);
  return { hop: "answer", verdict: elsewhere ? "unknown" : "passes", at, rule, reason: elsewhere ? `answers go by ${named}, whose guest must forward them` : `leads back to ${named}` };
}

function checkAclFor(end: InterfaceEnd, direction: "leave" | "arrive", packet: Packet, other: Address): Hop {
  const ports = packet.port === undefined ? [] : portsToTry(end, direction, packet);
  const kinds: readonly Packet[] = packet.port === undefined ? [packet.icmp === undefined ? packet : echoReplyTo(packet)] : ports.map((port) => ({ ...packet, port }));
  const decided = kinds.map((kind) => ({ kind, allow: isOfSubnet(end.subnet, other, packet) || decideAcl(entriesOf(end, direction, packet), kind, other).allow }));
  const denied = decided.find(({ allow }) => !allow);
  const shown = checkAcl(end, direction, denied?.kind ?? packet, other);
  if (denied === undefined) return { ...shown, hop: "answer", verdict: "passes" };
  const often = decided.some(({ allow }) => allow) ? ` and some other ports of ${ephemeral.first}–${ephemeral.last}` : "";
  const side = direction === "leave" ? "out" : "in";
  return { ...shown, hop: "answer", verdict: often === "" ? "stops" : "unknown", reason: `${shown.reason}${often}; ACLs know no connections, so the way ${side} needs an entry for answers` };
}

/** One of each stretch of ports that all entries treat alike. */
function portsToTry(end: InterfaceEnd, direction: "leave" | "arrive", packet: Packet): readonly number[] {
  const edges = entriesOf(end, direction, packet).flatMap(({ traffic: { ports } }) => (ports === undefined ? [] : [ports.from, ports.to + 1]));
  return [ephemeral.first, ...edges.filter((port) => port > ephemeral.first && port <= ephemeral.last)];
}
