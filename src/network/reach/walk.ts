/**
 * The way of a packet from one end to another, hop by hop, by what hosts are told: whether a connection can begin, and whether its
 * answers come back. Pure.
 *
 * Every hop that can be judged is, also behind one that stops the packet, so that all that is in the way is seen at once; the
 * first that stops is the one where the packet ends. What a guest does with a packet is not known here: whether it forwards what
 * is for others, whether anything listens.
 *
 *   sender → group → ACL → route ┬ (same VPC) ───────────────────────── host path → ACL → group → answer → port
 *                                ├ gateway: public address → public address ┤
 *                                ├ gateway, IPv6: the receiver's gateway ───┤
 *                                ├ peering connection ────────────────┘
 *                                └ interface of the VPC: host path → ACL → group → forwarding, as far as can be seen
 */
import { servicePorts } from "../../host/protocol/service-connection.ts";
import { checkAnswer, targetOf } from "./answer.ts";
import { checkAcl, checkGroups, chooseRoute, isPeerOf, type ChosenRoute } from "./checks.ts";
import type { Address, End, Hop, InterfaceEnd, OutsideEnd } from "./hop.ts";
import { addressText, type Packet } from "./packet.ts";

const tcp = 6;

export interface Journey {
  readonly from: End;
  readonly to: End;
  /** Ask for the receiver by its public address, also from within its VPC. */
  readonly publicly: boolean;
  readonly packet: Packet;
  /** The interfaces that routes of the sender's VPC may lead to. */
  readonly endOf: (interfaceId: string) => InterfaceEnd | undefined;
}

export function walk(journey: Journey): readonly Hop[] {
  const { from, to } = journey;
  if (from.kind === "interface") return leave(from, journey);
  return to.kind === "interface" ? enter(from.address, to, journey) : [];
}

/** `unknown` when anything but the listening port is. */
export function outcomeOf(hops: readonly Hop[]): { readonly outcome: "passes" | "stopped" | "unknown"; readonly stoppedBy?: number } {
  const stoppedBy = hops.findIndex(({ verdict }) => verdict === "stops");
  if (stoppedBy >= 0) return { outcome: "stopped", stoppedBy };
  return { outcome: hops.some(({ hop, verdict }) => verdict === "unknown" && hop !== "port") ? "unknown" : "passes" };
}

function leave(from: InterfaceEnd, journey: Journey): readonly Hop[] {
  const { to, packet } = journey;
  const target = targetOf(journey);
  const route = chooseRoute(from, target, packet);
  const begun = [checkPresence("sender", from), checkGroups(from, "leave", packet, target), checkAcl(from, "leave", packet, target), describeRoute(from, route, target)];
  switch (route?.way.kind) {
    case undefined:
    case "blackhole":
      return begun;
    case "egress-only":
    case "internet":
      return [...begun, ...crossGateway(from, target, journey)];
    case "interface":
      return [...begun, ...followInterface(from, route.way.id, journey)];
    case "peering":
      return [...begun, ...(to.kind === "interface" && isPeerOf(from, route.way.id, to) ? arrive(from, from.address, to, journey) : [nobodyBehind(route.way.id, target)])];
    case "local":
      return [...begun, ...(to.kind === "outside" || !isSameVpc(from, to) ? [nobodyThere(from, to, target)] : arrive(from, from.address, to, journey))];
  }
}

/** From outside, or through the gateway from a public address. */
function enter(source: Address, to: InterfaceEnd, journey: Journey): readonly Hop[] {
  if (journey.packet.ipv6 === true) return [checkEntrance(source, to, journey.packet), ...arrive(journey.from, source, to, journey)];
  const at = to.nic.id;
  const reason = to.publicAddress === undefined ? `${to.address} has no public address; nothing outside its VPC can ask for it` : `${to.publicAddress} stands for ${to.address}`;
  const hop: Hop = { hop: "public-address-in", verdict: to.publicAddress === undefined ? "stops" : "passes", at, reason };
  return [hop, ...arrive(journey.from, source, to, journey)];
}

/** Nothing translates IPv6: whoever has a way to answer through an internet gateway is asked for by its own address. */
function checkEntrance(source: Address, to: InterfaceEnd, packet: Packet): Hop {
  const { routeTable: at = "", targets } = to.vpc.subnets.get(to.subnet.id) ?? {};
  const route = chooseRoute(to, source, packet);
  if (route === undefined) return { hop: "gateway-in", verdict: "stops", at, reason: `no route leads from ${to.address} to ${addressText(source)}, so no gateway lets it in` };
  const { destination: rule, way } = route;
  const named = targets?.get(rule) ?? way.kind;
  if (way.kind === "internet") return { hop: "gateway-in", verdict: "passes", at, rule, reason: `${named} lets in what is for ${to.address}` };
  return { hop: "gateway-in", verdict: "stops", at, rule, reason: way.kind === "egress-only" ? `${named} lets out, and in only answers` : `answers would go by ${named}, not by an internet gateway` };
}

function crossGateway(from: InterfaceEnd, target: Address, journey: Journey): readonly Hop[] {
  const { to, packet } = journey;
  if (packet.ipv6 === true) return to.kind === "interface" ? enter(from.address, to, journey) : [...checkAnswer(journey, from.address), portOutside(target)];
  const own = from.publicAddress;
  const reason = own === undefined ? `${from.address} has no public address; the gateway lets nothing else out` : `goes on as ${own}`;
  const out: Hop = { hop: "public-address-out", verdict: own === undefined ? "stops" : "passes", at: from.nic.id, reason };
  if (to.kind === "outside") {
    return [out, ...checkAnswer(journey, own), portOutside(target)];
  }
  if (!journey.publicly) return [out, { hop: "public-address-in", verdict: "stops", at: to.nic.id, reason: `${addressText(target)} means nothing outside its VPC` }];
  return [out, ...enter(own, to, journey)];
}

function portOutside(target: Address): Hop {
  return { hop: "port", verdict: "unknown", at: addressText(target), reason: "is outside of this installation, where nothing is looked at" };
}

/** Whatever the address is, the route hands the packet to this interface. */
function followInterface(from: InterfaceEnd, id: string, journey: Journey): readonly Hop[] {
  const { to, packet } = journey;
  if (to.kind === "interface" && to.nic.id === id) return arrive(from, from.address, to, journey);
  const middle = journey.endOf(id);
  if (middle === undefined) return [{ hop: "host-path", verdict: "unknown", at: id, reason: "the interface is not known" }];
  if (middle.nic.natGateway === true) {
    const reason = "a NAT gateway translates here, for connections that begin on this side; what is behind it is not walked";
    return [checkAcl(middle, "arrive", packet, from.address), { hop: "forwarding", verdict: "unknown", at: id, reason }];
  }
  const checks = middle.nic.sourceDestCheck;
  const reason = checks ? "drops what is not for its own addresses (source/destination check)" : "whether its guest forwards packets cannot be seen from outside it";
  return [
    ...describeHosts(from, middle),
    checkAcl(middle, "arrive", packet, from.address),
    checkGroups(middle, "arrive", packet, from.address),
    { hop: "forwarding", verdict: checks ? "stops" : "unknown", at: id, reason },
  ];
}

/** At the receiver, which sees `source` as the sender. */
function arrive(from: InterfaceEnd | OutsideEnd, source: Address, to: InterfaceEnd, journey: Journey): readonly Hop[] {
  const { packet } = journey;
  return [...describeHosts(from, to), checkAcl(to, "arrive", packet, source), checkGroups(to, "arrive", packet, source), ...checkAnswer(journey, source), describePort(to, packet)];
}

function checkPresence(hop: "sender" | "host-path", { nic, instance, host, address }: InterfaceEnd): Hop {
  if (nic.natGateway === true) return { hop, verdict: "unknown", at: nic.id, reason: "is a NAT gateway's, which answers nobody that it did not ask" };
  if (nic.endpoint === true) return hop === "sender" ? { hop, verdict: "stops", at: nic.id, reason: "is an endpoint's, which begins no connection" } : { hop, verdict: "passes", at: nic.id, reason: `${address} is an endpoint's, for which every host answers` };
  if (instance === undefined) return { hop, verdict: "stops", at: nic.id, reason: "is attached to no instance" };
  const running = instance.state === "running" && host !== undefined;
  return { hop, verdict: running ? "passes" : "stops", at: instance.id, reason: running ? `${nic.id}, ${address}, on ${host.id}` : `is ${instance.state}` };
}

/** Whether the receiver is there, and whether both hosts do what the VPC's specification says. */
function describeHosts(from: End, to: InterfaceEnd): readonly Hop[] {
  const presence = checkPresence("host-path", to);
  if (presence.verdict === "stops" || to.host === undefined) return [presence];
  const hosts = [...(from.kind === "interface" && from.host !== undefined ? [from.host] : []), to.host];
  const at = [...new Set(hosts.map(({ id }) => id))].join(" → ");
  const simulated = hosts.find((host) => host.simulated);
  if (simulated !== undefined) return [{ hop: "host-path", verdict: "unknown", at, reason: `${simulated.id} is simulated: there are no packets` }];
  const concerns = [...new Set(hosts.flatMap(({ id, concern }) => (concern === undefined ? [] : [`${id} ${concern}`])))];
  if (concerns.length > 0) return [{ hop: "host-path", verdict: "unknown", at, reason: concerns.join("; ") }];
  return [{ hop: "host-path", verdict: "passes", at, reason: "the VPC's newest specification is applied" }];
}

function describeRoute(from: InterfaceEnd, route: ChosenRoute | undefined, target: Address): Hop {
  const { routeTable: at = "", targets } = from.vpc.subnets.get(from.subnet.id) ?? {};
  if (route === undefined) return { hop: "route", verdict: "stops", at, reason: `no route is for ${addressText(target)}` };
  const { destination: rule, way } = route;
  const named = way.kind === "local" ? "the VPC itself" : (targets?.get(rule) ?? way.kind);
  if (way.kind === "blackhole") return { hop: "route", verdict: "stops", at, rule, reason: `leads to ${named}, which is gone, detached or stopped (blackhole)` };
  return { hop: "route", verdict: "passes", at, rule, reason: `leads to ${named}` };
}

function nobodyThere({ vpc }: InterfaceEnd, to: End, target: Address): Hop {
  const reason = to.kind === "interface" ? `${to.nic.id} is in another VPC, ${to.vpc.specification.id}` : `no interface of the VPC has ${addressText(target)}`;
  return { hop: "host-path", verdict: "stops", at: vpc.specification.id, reason };
}

function nobodyBehind(connection: string, target: Address): Hop {
  return { hop: "host-path", verdict: "stops", at: connection, reason: `no interface of the peer VPC has ${addressText(target)}, and the connection leads no further` };
}

function isSameVpc(a: InterfaceEnd, b: InterfaceEnd): boolean {
  return a.vpc.specification.id === b.vpc.specification.id;
}

function describePort(to: InterfaceEnd, { protocol, port }: Packet): Hop {
  if (to.nic.endpoint === true) {
    const listens = protocol === tcp && (port === servicePorts.plain || port === servicePorts.secure);
    const reason = listens ? "the service listens" : `an endpoint answers at ports ${servicePorts.plain} and ${servicePorts.secure} of TCP only`;
    return { hop: "port", verdict: listens ? "passes" : "stops", at: to.nic.id, ...(port === undefined ? {} : { rule: String(port) }), reason };
  }
  const reason = port === undefined ? "whether the guest answers cannot be seen from outside it" : "whether anything listens cannot be seen from outside the guest";
  return { hop: "port", verdict: "unknown", at: to.nic.id, ...(port === undefined ? {} : { rule: String(port) }), reason };
}
