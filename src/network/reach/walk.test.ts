import { describe, expect, test } from "vitest";
import type { PeerSpecification } from "../../host/protocol/peer-specification.ts";
import type { AclEntrySpecification, GroupRuleSpecification, PlacedInterface, RouteSpecification, SubnetSpecification, TrafficSpecification, VpcSpecification } from "../../host/protocol/specification.ts";
import type { HostView, InterfaceEnd } from "./hop.ts";
import { echoRequest, echoRequest6, type Packet } from "./packet.ts";
import { outcomeOf, walk, type Journey } from "./walk.ts";

const everywhere = "0.0.0.0/0";
const web: Packet = { protocol: 6, port: 80 };
const tcp = (from: number, to = from): TrafficSpecification => ({ protocol: 6, ports: { from, to } });
const rule = (id: string, egress: boolean, traffic: TrafficSpecification, peer: GroupRuleSpecification["peer"] = { cidrs: [everywhere] }): GroupRuleSpecification => ({ id, egress, traffic, peer });
const entry = (number: number, egress: boolean, allow: boolean, traffic: TrafficSpecification, cidr = everywhere): AclEntrySpecification => ({ number, egress, allow, traffic, cidr });
const all = { protocol: -1 };
const openAcl = [entry(100, false, true, all), entry(100, true, true, all)];
const toInternet: RouteSpecification = { destination: everywhere, target: { kind: "internet" } };
const [one, two] = ["subnet-0000000000000000a", "subnet-0000000000000000b"] as const;

/** The client in subnet one on host-1, the server in subnet two on host-2, whose group lets the clients' group in at port 80 and everybody at 22. */
interface World {
  readonly client?: Partial<PlacedInterface>;
  readonly server?: Partial<PlacedInterface>;
  readonly clientOut?: readonly GroupRuleSpecification[];
  readonly serverIn?: readonly GroupRuleSpecification[];
  readonly subnets?: readonly [Partial<SubnetSpecification>, Partial<SubnetSpecification>];
  readonly others?: readonly PlacedInterface[];
  readonly hosts?: Readonly<Record<string, Partial<HostView>>>;
  readonly states?: Readonly<Record<string, string>>;
}

function placed(digit: string, subnet: PlacedInterface["subnet"], address: string, change: Partial<PlacedInterface>): PlacedInterface {
  const outer = `198.18.0.${digit}`;
  return { id: `eni-${digit}` as const, subnet, mac: "02:00:00:00:00:01", privateAddresses: [address], publicAddresses: { [address]: outer }, groups: [`sg-${digit}`], sourceDestCheck: true, hostAddress: `192.0.2.${digit}`, ...change };
}

function journey(world: World = {}, change: Partial<Journey> | ((ends: { client: InterfaceEnd; server: InterfaceEnd }) => Partial<Journey>) = {}): Journey {
  const interfaces = [placed("1", one, "10.0.0.5", world.client ?? {}), placed("2", two, "10.0.1.6", world.server ?? {}), ...(world.others ?? [])];
  const subnets = [one, two].map((id, index): SubnetSpecification => ({ id, cidr: `10.0.${index}.0/24`, routes: [toInternet], acl: openAcl, ...world.subnets?.[index] }));
  const groups = [
    { id: "sg-1", rules: world.clientOut ?? [rule("sgr-out", true, all)] },
    { id: "sg-2", rules: [rule("sgr-back", true, all), ...(world.serverIn ?? [rule("sgr-web", false, tcp(80), { group: "sg-1" }), rule("sgr-ssh", false, tcp(22))])] },
    { id: "sg-3", rules: [rule("sgr-any", false, all)] },
  ];
  const specification: VpcSpecification = { kind: "vpc", id: "vpc-1", generation: 1, want: "present", networkIdentifier: 1, cidrs: ["10.0.0.0/16"], subnets, interfaces, groups };
  const views = new Map(subnets.map((subnet) => [subnet.id, { routeTable: `rtb-${subnet.id.slice(-1)}`, acl: `acl-${subnet.id.slice(-1)}`, targets: new Map(subnet.routes.map(({ destination }) => [destination, destination === everywhere ? "igw-1" : "eni-3"])) }]));
  const endOf = (id: string): InterfaceEnd | undefined => {
    const nic = interfaces.find((each) => each.id === id);
    const subnet = subnets.find((each) => each.id === nic?.subnet);
    if (nic === undefined || subnet === undefined) return undefined;
    const [address = ""] = nic.privateAddresses;
    const [digit, publicAddress] = [id.slice(-1), nic.publicAddresses[address]];
    const host = nic.hostAddress === undefined ? {} : { host: { id: `host-${digit}`, simulated: false, ...world.hosts?.[digit] } };
    return { kind: "interface", nic, subnet, vpc: { specification, subnets: views }, address, ...(publicAddress === undefined ? {} : { publicAddress }), instance: { id: `i-${digit}` as const, state: world.states?.[digit] ?? "running" }, ...host };
  };
  const [client, server] = [endOf("eni-1"), endOf("eni-2")];
  if (client === undefined || server === undefined) throw new Error("both are placed");
  return { from: client, to: server, publicly: false, packet: web, endOf, ...(typeof change === "function" ? change({ client, server }) : change) };
}

/** `OUTCOME`, or `HOP AT RULE` of the first hop that stops or, without one, that is doubtful. */
function ends(of: Journey): string {
  const hops = walk(of);
  const { outcome, stoppedBy } = outcomeOf(hops);
  const decisive = stoppedBy === undefined ? hops.find(({ hop, verdict }) => verdict === "unknown" && hop !== "port") : hops[stoppedBy];
  return [outcome, decisive?.hop, decisive?.at, decisive?.rule].filter((part) => part !== undefined).join(" ");
}

describe("the way of a packet", () => {
  test("that nothing stops names each hop, what lets it through, and where that is counted", () => {
    const acl = [entry(90, false, false, tcp(25)), ...openAcl];
    const counter = (host: string, direction: string, counted: string) => ({ host, vpc: "vpc-1", direction, rule: counted });
    const unchecked = { absent: "an ACL that allows everything is not checked" };
    expect(walk(journey({ subnets: [{}, { acl }] })).map((hop) => ({ ...hop, reason: undefined }))).toEqual([
      { hop: "sender", verdict: "passes", at: "i-1" },
      { hop: "security-group-out", verdict: "passes", at: "sg-1", rule: "sgr-out", counter: counter("host-1", "leave", "sgr-out") },
      { hop: "network-acl-out", verdict: "passes", at: "acl-a", rule: "100", counter: unchecked },
      { hop: "route", verdict: "passes", at: "rtb-a", rule: "10.0.0.0/16" },
      { hop: "host-path", verdict: "passes", at: "host-1 → host-2" },
      { hop: "network-acl-in", verdict: "passes", at: "acl-b", rule: "100", counter: counter("host-2", "arrive", `${two}/100`) },
      { hop: "security-group-in", verdict: "passes", at: "sg-2", rule: "sgr-web", counter: counter("host-2", "arrive", "sgr-web") },
      { hop: "answer", verdict: "passes", at: "eni-2" },
      { hop: "port", verdict: "unknown", at: "eni-2", rule: "80" },
    ]);
  });

  const dropped: RouteSpecification = { destination: "203.0.113.0/24", target: { kind: "blackhole" } };
  const other = { kind: "outside", address: "203.0.113.9" } as const;
  const by = (id: string): RouteSpecification => ({ destination: "10.0.1.0/24", target: { kind: "interface", id: id as PlacedInterface["id"] } });
  const middle = (change: Partial<PlacedInterface> = {}) => placed("3", one, "10.0.0.7", { groups: ["sg-3"], ...change });

  test.each<readonly [string, World, string]>([
    ["a sender that is stopped", { states: { 1: "stopped" } }, "stopped sender i-1"],
    ["a group that lets nothing out", { clientOut: [rule("sgr-out", true, tcp(443))] }, "stopped security-group-out sg-1"],
    ["an ACL that denies on the way out", { subnets: [{ acl: [entry(80, true, false, tcp(1, 100), "10.0.1.0/24"), ...openAcl] }, {}] }, "stopped network-acl-out acl-a 80"],
    ["an ACL without entries", { subnets: [{ acl: [] }, {}] }, "stopped network-acl-out acl-a *"],
    ["a receiver that has stopped", { states: { 2: "stopped" }, server: { groups: ["sg-2"] } }, "stopped host-path i-2"],
    ["an ACL that denies on the way in", { subnets: [{}, { acl: [entry(70, false, false, { protocol: 6 }), ...openAcl] }] }, "stopped network-acl-in acl-b 70"],
    ["a group whose rule is for another port", { serverIn: [rule("sgr-web", false, tcp(81), { group: "sg-1" })] }, "stopped security-group-in sg-2"],
    ["a group whose rule is for another group's members", { client: { groups: ["sg-3", "sg-1"] }, serverIn: [rule("sgr-web", false, tcp(80), { group: "sg-2" })] }, "stopped security-group-in sg-2"],
    ["a group whose rule is for another protocol", { serverIn: [rule("sgr-web", false, { protocol: 17, ports: { from: 80, to: 80 } })] }, "stopped security-group-in sg-2"],
    ["an ACL that stops answers where they leave", { subnets: [{}, { acl: [entry(100, false, true, all), entry(100, true, true, tcp(80))] }] }, "stopped answer acl-b *"],
    ["an ACL that stops answers where they arrive", { subnets: [{ acl: [entry(100, true, true, all), entry(60, false, false, tcp(1024, 65_535))] }, {}] }, "stopped answer acl-a 60"],
    ["an ACL that stops some answers", { subnets: [{ acl: [entry(100, true, true, all), entry(60, false, true, tcp(40_000, 50_000))] }, {}] }, "unknown answer acl-a *"],
    ["a route to an interface that checks destinations", { subnets: [{ routes: [by("eni-3")] }, {}], others: [middle()] }, "stopped forwarding eni-3"],
    ["a route to an appliance", { subnets: [{ routes: [by("eni-3")] }, {}], others: [middle({ sourceDestCheck: false })] }, "unknown forwarding eni-3"],
    ["a route to a NAT gateway, which no group guards", { subnets: [{ routes: [by("eni-3")] }, {}], others: [middle({ sourceDestCheck: false, natGateway: true, groups: [] })] }, "unknown forwarding eni-3"],
    ["a sender that is a NAT gateway", { client: { natGateway: true } }, "unknown sender eni-1"],
    ["a receiver that is an endpoint's interface, which its group guards", { server: { endpoint: true } }, "passes"],
    ["a sender that is an endpoint", { client: { endpoint: true } }, "stopped sender eni-1"],
    ["a route to the receiver itself", { subnets: [{ routes: [by("eni-2")] }, {}] }, "passes"],
    ["answers that go by an appliance", { subnets: [{}, { routes: [{ ...by("eni-3"), destination: "10.0.0.5/32" }] }], others: [middle({ sourceDestCheck: false })] }, "unknown answer rtb-b 10.0.0.5/32"],
    ["a host that lags behind", { hosts: { 2: { concern: "has not applied it" } } }, "unknown host-path host-1 → host-2"],
    ["simulated hosts", { hosts: { 1: { simulated: true } } }, "unknown host-path host-1 → host-2"],
  ])("%s", (_name, world, expected) => {
    expect(ends(journey(world))).toBe(expected);
  });

  test.each<readonly [string, World, Partial<Journey> | Parameters<typeof journey>[1], string]>([
    ["to the internet, through the gateway", {}, { to: other }, "passes"],
    ["to the internet, without a route", { subnets: [{ routes: [] }, {}] }, { to: other }, "stopped route rtb-a"],
    ["to the internet, by a blackhole that is longer than the gateway's route", { subnets: [{ routes: [toInternet, dropped] }, {}] }, { to: other }, "stopped route rtb-a 203.0.113.0/24"],
    ["to the internet, without a public address", { client: { publicAddresses: {} } }, { to: other }, "stopped public-address-out eni-1"],
    ["to an address of the VPC that nobody has", {}, { to: { kind: "outside", address: "10.0.3.3" } }, "stopped host-path vpc-1"],
    ["from the internet, where a group allows everybody", {}, ({ server }) => ({ from: { kind: "outside", address: undefined }, to: server, packet: { protocol: 6, port: 22 } }), "passes"],
    ["from the internet, where a group allows only some", { serverIn: [rule("sgr-ssh", false, tcp(22), { cidrs: ["203.0.113.0/24"] })] }, ({ server }) => ({ from: { kind: "outside", address: undefined }, to: server, packet: { protocol: 6, port: 22 } }), "stopped security-group-in sg-2"],
    ["from one of these addresses", { serverIn: [rule("sgr-ssh", false, tcp(22), { cidrs: ["203.0.113.0/24"] })] }, ({ server }) => ({ from: other, to: server, packet: { protocol: 6, port: 22 } }), "passes"],
    ["from the internet, to an interface without a public address", { server: { publicAddresses: {} } }, ({ server }) => ({ from: other, to: server, packet: { protocol: 6, port: 22 } }), "stopped public-address-in eni-2"],
    ["from the internet, to a subnet that has no way out", { subnets: [{}, { routes: [] }] }, ({ server }) => ({ from: other, to: server, packet: { protocol: 6, port: 22 } }), "stopped answer rtb-b"],
    ["within the VPC by a public address, which is no member of a group", {}, { publicly: true }, "stopped security-group-in sg-2"],
    ["to an endpoint, but to a port at which no service answers", { server: { endpoint: true }, serverIn: [rule("sgr-any", false, all)] }, { packet: { protocol: 6, port: 22 } }, "stopped port eni-2 22"],
    ["of a ping, whose answer has no entry", { serverIn: [rule("sgr-any", false, all)], subnets: [{}, { acl: [entry(100, false, true, all), entry(100, true, true, { protocol: 1, icmp: { type: 8 } })] }] }, { packet: echoRequest }, "stopped answer acl-b *"],
    ["of a ping, where only TCP is allowed", {}, { packet: echoRequest }, "stopped security-group-in sg-2"],
  ])("%s", (_name, world, change, expected) => {
    expect(ends(journey(world, change))).toBe(expected);
  });

  const toPeer = (id: PeerSpecification["id"]): RouteSpecification => ({ destination: "10.7.0.0/16", target: { kind: "peering", id } });
  const fromPeer = (id: PeerSpecification["id"]): RouteSpecification => ({ destination: "10.0.0.0/16", target: { kind: "peering", id } });

  test.each<readonly [string, RouteSpecification, RouteSpecification, string]>([
    ["to a peer that has a route back", toPeer("pcx-1"), fromPeer("pcx-1"), "passes"],
    ["to a peer whose connection is gone", { ...toPeer("pcx-1"), target: { kind: "blackhole" } }, fromPeer("pcx-1"), "stopped route rtb-a 10.7.0.0/16"],
    ["to another peer than the receiver's VPC", toPeer("pcx-2"), fromPeer("pcx-1"), "stopped host-path pcx-2"],
    ["to a peer that answers another one", toPeer("pcx-1"), fromPeer("pcx-3"), "stopped answer rtb-b 10.0.0.0/16"],
    ["to a peer without a route back", toPeer("pcx-1"), { ...fromPeer("pcx-1"), destination: "10.5.0.0/16" }, "stopped answer rtb-b"],
  ])("%s", (_name, route, back, expected) => {
    const reachPeer = journey({}, ({ client, server }) => {
      const peer = (end: InterfaceEnd, vpc: PeerSpecification["vpc"]): PeerSpecification => ({ id: "pcx-1", vpc, networkIdentifier: 2, cidrs: [], interfaces: [{ mac: end.nic.mac, privateAddresses: [end.address], groups: end.nic.groups, hostAddress: "" }] });
      const inVpc = (end: InterfaceEnd, change: Partial<VpcSpecification>, routes: readonly RouteSpecification[]): InterfaceEnd => ({ ...end, subnet: { ...end.subnet, routes }, vpc: { ...end.vpc, specification: { ...end.vpc.specification, ...change } } });
      const there = { ...server, address: "10.7.0.6", subnet: { ...server.subnet, cidr: "10.7.0.0/24" } };
      return {
        from: inVpc(client, { interfaces: [client.nic], peers: [peer(there, "vpc-2")] }, [route]),
        to: inVpc(there, { id: "vpc-2", cidrs: ["10.7.0.0/16"], interfaces: [server.nic], peers: [peer(client, "vpc-1")] }, [back]),
      };
    });
    expect(ends(reachPeer)).toBe(expected);
  });

  describe("of IPv6", () => {
    const block = (number: number) => `3fff:0:0:${number}::/64`;
    const addressOf = (digit: string) => `3fff:0:0:${digit}::${digit}`;
    const toGateway = (kind: "internet" | "egress-only"): RouteSpecification => ({ destination: "::/0", target: { kind } });
    const [entry6, rule6] = [(number: number, egress: boolean, allow: boolean, traffic: TrafficSpecification) => entry(number, egress, allow, traffic, "::/0"), rule("sgr-web6", false, tcp(80), { cidrs: ["::/0"] })];
    const open6 = [...openAcl, entry6(101, false, true, all), entry6(101, true, true, all)];
    const web6: Packet = { ...web, ipv6: true };
    const outside = { kind: "outside", address: undefined } as const;
    const out6 = { clientOut: [rule("sgr-out", true, all, { cidrs: ["0.0.0.0/0", "::/0"] })] };
    const dual = (world: World, change: Partial<Journey> | Parameters<typeof journey>[1] = {}): Journey => {
      const nic = (digit: string) => ({ ipv6Addresses: [addressOf(digit)] });
      const subnets = [0, 1].map((index) => ({ ipv6Cidr: block(index + 1), acl: open6, routes: [toGateway("internet")], ...world.subnets?.[index] })) as [Partial<SubnetSpecification>, Partial<SubnetSpecification>];
      const { from, to, ...rest } = journey({ ...out6, ...world, client: { ...nic("1"), ...world.client }, server: { ...nic("2"), ...world.server }, subnets }, { packet: web6, ...(typeof change === "function" ? {} : change) });
      const asIpv6 = (end: Journey["from"]): Journey["from"] => {
        if (end.kind === "outside") return end;
        const { publicAddress: _, ...others } = end;
        return { ...others, address: end.nic.ipv6Addresses?.[0] ?? "", vpc: { ...end.vpc, specification: { ...end.vpc.specification, ipv6Cidrs: ["3fff::/56"] } } };
      };
      return { ...rest, from: asIpv6(from), to: asIpv6(to) };
    };
    const fromOutside = (world: World) => {
      const asked = dual(world);
      return { ...asked, from: outside };
    };
    const toPrefix = (asked: Journey): Journey => {
      const { to } = asked;
      return to.kind === "outside" ? asked : { ...asked, to: { ...to, address: "3fff:0:0:2:1::9", nic: { ...to.nic, ipv6Addresses: ["3fff:0:0:2:1::/80"] } } };
    };

    test.each<readonly [string, Journey, string]>([
      ["between members of groups", dual({}), "passes"],
      ["to a group that knows addresses of IPv4 only", dual({ serverIn: [rule("sgr-web", false, tcp(80))] }), "stopped security-group-in sg-2"],
      ["from a group that lets only IPv4 out", dual({ clientOut: [rule("sgr-out", true, all)] }), "stopped security-group-out sg-1"],
      ["by an ACL that says nothing of IPv6", dual({ subnets: [{ acl: openAcl }, {}] }), "stopped network-acl-out acl-a *"],
      ["by an ACL that denies on the way in", dual({ subnets: [{}, { acl: [entry6(90, false, false, tcp(80)), ...open6] }] }), "stopped network-acl-in acl-b 90"],
      ["by an ACL that stops the echo's answer", dual({ serverIn: [rule("sgr-any", false, all, { cidrs: ["::/0"] })], subnets: [{}, { acl: [entry6(80, true, false, { protocol: 58, icmp: { type: 129 } }), ...open6] }] }, { packet: echoRequest6 }), "stopped answer acl-b 80"],
      ["to the internet", dual({}, { to: outside }), "passes"],
      ["to the internet, by an egress-only gateway", dual({ subnets: [{ routes: [toGateway("egress-only")] }, {}] }, { to: outside }), "passes"],
      ["to the internet, with a route of IPv4 only", dual({ subnets: [{ routes: [toInternet] }, {}] }, { to: outside }), "stopped route rtb-a"],
      ["from the internet", fromOutside({ serverIn: [rule6] }), "passes"],
      ["from the internet, through an egress-only gateway", fromOutside({ serverIn: [rule6], subnets: [{}, { routes: [toGateway("egress-only")] }] }), "stopped gateway-in rtb-b ::/0"],
      ["from the internet, to an address of a prefix", toPrefix(fromOutside({ serverIn: [rule6] })), "passes"],
      ["from the internet, to a subnet that has no way out", fromOutside({ serverIn: [rule6], subnets: [{}, { routes: [] }] }), "stopped gateway-in rtb-b"],
    ])("%s", (_name, asked, expected) => {
      expect(ends(asked)).toBe(expected);
    });
  });

  test("between two interfaces of a subnet no ACL and no route counts", () => {
    const [acl, routes] = [[], [{ destination: "10.0.0.0/24", target: { kind: "blackhole" } }]] as const;
    const near = journey({ subnets: [{ acl, routes }, {}], server: { subnet: one, privateAddresses: ["10.0.0.6"], publicAddresses: {} } });
    expect([ends(near), walk(near).find(({ hop }) => hop === "route")?.rule]).toEqual(["passes", "10.0.0.0/24"]);
  });

  test("that several things stop names them all, the first first", () => {
    const hops = walk(journey({ clientOut: [], serverIn: [], subnets: [{}, { acl: [] }] }));
    expect(hops.filter(({ verdict }) => verdict === "stops").map(({ hop }) => hop)).toEqual(["security-group-out", "network-acl-in", "security-group-in", "answer"]);
    expect(outcomeOf(hops)).toEqual({ outcome: "stopped", stoppedBy: 1 });
  });
});
