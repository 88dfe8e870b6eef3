/** VPC peering, with packets between real namespaces on two hosts: one VPC of each host's guests, one of d1 and d2, and that of c, whose addresses are the first one's. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PeerSpecification } from "../protocol/peer-specification.ts";
import type { GroupRuleSpecification, InterfaceSpecification, RouteSpecification, VpcSpecification } from "../protocol/specification.ts";
import { ipBatch } from "./command.ts";
import { FabricBench, nics } from "./testing/fabric-bench.ts";
import type { NamespaceGuest } from "./testing/namespace-guest.ts";
import { interfaceSpecimen, machineSpecimen } from "./testing/specimens.ts";
import { allTraffic, allowAll, openGroup, openRules, placed, vpcSpecimen } from "./testing/vpc-specimens.ts";

const connection = (digit: string) => `pcx-0ddddddddddddddd${digit}` as const;
const [first, second] = [connection("1"), connection("2")];
const ofPeer = { subnet: { id: "subnet-0bbbbbbbbbbbbbb88", cidr: "10.3.0.0/20" }, vpc: { id: "vpc-0cccccccccccccc03", cidrs: ["10.3.0.0/16"] } } as const;
let [nic1, nic2]: readonly [InterfaceSpecification, InterfaceSpecification] = [{ ...interfaceSpecimen("21", "3", "10.3.0.21"), ...ofPeer }, { ...interfaceSpecimen("22", "3", "10.3.0.22"), ...ofPeer }];
const port = 7_010;
const peerGroup = "sg-0aaaaaaaaaaaaaaa3";

let bench: FabricBench;
let [d1, d2]: NamespaceGuest[] = [];
let generation = 0;
const guest = (one: NamespaceGuest | undefined): NamespaceGuest => one ?? expect.fail("the guest was not opened");

beforeAll(async () => {
  bench = await FabricBench.open({ ipv6: true });
  [nic1, nic2] = [withIpv6(nic1), withIpv6(nic2)];
  d1 = await bench.hosts.attach(bench.hosts.a, machineSpecimen("21", nic1));
  d2 = await bench.hosts.attach(bench.hosts.b, machineSpecimen("22", nic2));
  for (const one of [d1, d2, bench.guests.a2, bench.guests.b1]) await one.serve(port, "served");
  await bench.guests.c.serve(port, "c");
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

/** In a block beside the first VPC's. */
function withIpv6(nic: InterfaceSpecification): InterfaceSpecification {
  const block = (number: number) => (bench.nics.a1.vpc.ipv6Cidrs?.[0] ?? "").replace("100::/56", `${number}::/`);
  return { ...nic, subnet: { ...nic.subnet, ipv6Cidr: `${block(201)}64` }, vpc: { ...nic.vpc, ipv6Cidrs: [`${block(200)}56`] }, ipv6Addresses: [block(201).replace("::/", `::${nic.id.slice(-2)}`)] };
}

const ipv6Of = (nic: InterfaceSpecification) => nic.ipv6Addresses?.[0] ?? "";
const everything6 = openRules.map((rule) => ({ ...rule, id: `${rule.id}6`, peer: { cidrs: ["::/0"] } }));
const dualAcl = [...allowAll, ...allowAll.map((entry) => ({ ...entry, number: 101, cidr: "::/0" }))];
const routeTo = (id: typeof first, destination: string): RouteSpecification => ({ destination, target: { kind: "peering", id } });

/** As a peer is told of the VPC. */
function toPeer(id: typeof first, { id: vpc, networkIdentifier, cidrs, ipv6Cidrs, interfaces }: VpcSpecification): PeerSpecification {
  const known = interfaces.map(({ mac, privateAddresses, ipv6Addresses = [], groups, hostAddress }) => ({ mac, privateAddresses, ipv6Addresses, groups, ...(hostAddress === undefined ? {} : { hostAddress }) }));
  return { id, vpc, networkIdentifier, cidrs, ...(ipv6Cidrs === undefined ? {} : { ipv6Cidrs }), interfaces: known };
}

interface Peering {
  /** Of the first VPC. */
  readonly routes?: readonly RouteSpecification[];
  readonly routesBack?: readonly RouteSpecification[];
  readonly rules?: readonly GroupRuleSpecification[];
  readonly acl?: VpcSpecification["subnets"][number]["acl"];
  readonly isOpen?: boolean;
  readonly spoofer?: boolean;
}

/** The first VPC, whose subnet of a1, a2 and b1 has the routes, is peered with that of d1 and d2, who are in one group with these rules, and that one also with the VPC of c. */
async function peer({ routes = [routeTo(first, "10.3.0.0/16")], routesBack = [routeTo(first, "172.31.0.0/16")], rules = openRules, acl = dualAcl, isOpen = true, spoofer = false }: Peering): Promise<void> {
  generation += 1;
  const address = (host: "a" | "b") => bench.hostAddress(host);
  const one = vpcSpecimen([bench.nics.a1], bench.placed({ a1: { sourceDestCheck: !spoofer } }), {});
  const three = vpcSpecimen([nic1, nic2], [placed(nic1, address("a"), { groups: [peerGroup] }), placed(nic2, address("b"), { groups: [peerGroup] })]);
  const two = vpcSpecimen([nics.c], [placed(nics.c, address("b"))]);
  const peersOf = (...peers: readonly PeerSpecification[]) => (isOpen ? { peers } : {});
  const specification: VpcSpecification = {
    ...three,
    generation,
    subnets: three.subnets.map((subnet) => ({ ...subnet, routes: routesBack, acl })),
    groups: [{ id: peerGroup, rules }],
    ...peersOf(toPeer(first, one), toPeer(second, two)),
  };
  const other = { ...two, generation, subnets: two.subnets.map((subnet) => ({ ...subnet, routes: [routeTo(second, "10.3.0.0/16")] })), ...peersOf(toPeer(second, three)) };
  const { a, b } = bench.hosts;
  await Promise.all([a, b].map((host) => host.applyVpc(specification)));
  await b.applyVpc(other);
  await bench.apply({ subnets: bench.subnets({ routes, acl: dualAcl }), groups: [{ id: openGroup, rules: [...openRules, ...everything6] }], interfaces: one.interfaces, ...peersOf(toPeer(first, three)) });
}

/** Which of d1, d2 guest a1 reaches, on its own host and on the other; and which of a2, b1 is reached by d1. */
async function reached(): Promise<readonly boolean[]> {
  return Promise.all([bench.guests.a1.pings(nic1.privateAddress), bench.guests.a1.pings(nic2.privateAddress), guest(d1).pings(nics.a2.privateAddress), guest(d1).pings(nics.b1.privateAddress)]);
}

const opens = async (from: NamespaceGuest, address: string) => (await from.connect(address, port)) !== undefined;

test("peered VPCs meet on one host and on two, in both directions, only while the connection stands and both have routes", async () => {
  await peer({ isOpen: false });
  expect(await reached()).toEqual([false, false, false, false]);
  await peer({});
  expect(await reached()).toEqual([true, true, true, true]);
  await peer({ routesBack: [] });
  expect(await reached()).toEqual([false, false, false, false]);
  await peer({});
  const open = await bench.guests.a1.connect(nic1.privateAddress, port);
  await peer({ isOpen: false });
  expect([await open?.echoes(500), await reached()]).toEqual([false, [false, false, false, false]]);
});

test("peered VPCs meet by IPv6 too, by routes, rules and members of its own, and nothing with another sender does", async () => {
  const [there, back] = [nic1.vpc.ipv6Cidrs?.[0] ?? "", bench.nics.a1.vpc.ipv6Cidrs?.[0] ?? ""];
  const tries = async () => Promise.all([...[nic1, nic2].map((nic) => bench.guests.a1.pings(ipv6Of(nic))), ...(["a2", "b1"] as const).map((name) => guest(d1).pings(bench.ipv6Of(name)))]);
  await peer({ rules: [...openRules, ...everything6] });
  await bench.hearRouters(guest(d1), guest(d2));
  expect([await tries(), await reached()]).toEqual([[false, false, false, false], [true, true, true, true]]);
  const routes = { routes: [routeTo(first, there)], routesBack: [routeTo(first, back)] };
  await peer({ ...routes, rules: [...openRules, ...everything6] });
  expect([await tries(), await reached()]).toEqual([[true, true, true, true], [false, false, false, false]]);
  await peer({ ...routes, rules: [{ id: "sgr-12", egress: false, traffic: allTraffic, peer: { group: openGroup } }], spoofer: true });
  expect(await tries()).toEqual([true, true, false, false]);
  await ipBatch(["address add 3fff:fff:9::9/128 dev eth0 nodad"], { namespace: bench.guests.a1.namespace });
  expect(await bench.guests.a1.pings(ipv6Of(nic1), "-I", "3fff:fff:9::9")).toBe(false);
  await peer({ ...routes, isOpen: false });
  expect(await tries()).toEqual([false, false, false, false]);
});

test("packets of 9001 bytes pass unbroken between peers", async () => {
  await peer({});
  const unbroken = (address: string) => bench.guests.a1.pings(address, "-M", "do", "-s", String(9_001 - 28));
  expect([await unbroken(nic1.privateAddress), await unbroken(nic2.privateAddress)]).toEqual([true, true]);
});

test("a group of the peer means its members, and answers need no rule, on one host and on two", async () => {
  const fromFirst = { id: "sgr-11", egress: false, traffic: allTraffic, peer: { group: openGroup } };
  await peer({ rules: [fromFirst] });
  const tries = [nic1, nic2].map(({ privateAddress }) => opens(bench.guests.a1, privateAddress));
  expect([await Promise.all(tries), await reached()]).toEqual([[true, true], [true, true, false, false]]);
  await peer({ rules: [{ ...fromFirst, peer: { group: "sg-0aaaaaaaaaaaaaaa9" } }] });
  expect([await opens(bench.guests.a1, nic1.privateAddress), await opens(bench.guests.a1, nic2.privateAddress)]).toEqual([false, false]);
});

test("the peer's network ACL counts for what comes from here", async () => {
  await peer({ acl: [{ number: 90, egress: false, allow: false, traffic: allTraffic, cidr: `${nics.a1.privateAddress}/32` }, ...dualAcl] });
  expect(await reached()).toEqual([false, false, true, true]);
});

test("of two peers with equal addresses the longest prefix of the routes chooses", async () => {
  await peer({ routesBack: [routeTo(first, "172.31.0.0/16"), routeTo(second, `${nics.c.privateAddress}/32`)] });
  const asked = await Promise.all([d1, d2].map((one) => guest(one).connect(nics.a2.privateAddress, port)));
  expect([asked.map((open) => open?.peer), await guest(d2).pings(nics.b1.privateAddress)]).toEqual([["c", "c"], true]);
  await peer({});
  const again = await Promise.all([d1, d2].map((one) => guest(one).connect(nics.a2.privateAddress, port)));
  expect(again.map((open) => open?.peer)).toEqual(["served", "served"]);
});

test("nothing is passed on: not what has another sender than the VPC's own, and not to whom the peer is peered with", async () => {
  await peer({ spoofer: true, routesBack: [routeTo(first, "0.0.0.0/0")] });
  const { namespace } = bench.guests.a1;
  await ipBatch(["address add 192.0.2.9/32 dev eth0"], { namespace });
  const before = await guest(d1).echoRequests();
  expect([await bench.guests.a1.pings(nic1.privateAddress, "-I", "192.0.2.9"), await guest(d1).echoRequests()]).toEqual([false, before]);
  expect(await bench.guests.a1.pings(nic1.privateAddress)).toBe(true);
  expect(await guest(d1).echoRequests()).toBe(before + 1);
});

test("a guest reaches its peer's endpoint on its own host, where the peer has no guest, as the endpoint's group allows", async () => {
  const hub = { subnet: { id: "subnet-0bbbbbbbbbbbbbb89", cidr: "10.4.0.0/20" }, vpc: { id: "vpc-0cccccccccccccc04", cidrs: ["10.4.0.0/16"] } } as const;
  const endpoint: InterfaceSpecification = { ...interfaceSpecimen("45", "4", "10.4.0.45"), ...hub };
  const third = connection("3");
  const one = vpcSpecimen([bench.nics.a1], bench.placed());
  const open = async (rules: readonly GroupRuleSpecification[]) => {
    generation += 1;
    const groups = [{ id: peerGroup, rules }];
    const whole = vpcSpecimen([endpoint], [placed(endpoint, undefined, { endpoint: true, groups: [peerGroup] })], { generation, groups, peers: [toPeer(third, one)] });
    const specification = { ...whole, subnets: whole.subnets.map((subnet) => ({ ...subnet, routes: [routeTo(third, "172.31.0.0/16")] })) };
    await Promise.all([bench.hosts.a, bench.hosts.b].map((host) => host.applyVpc(specification)));
    await bench.apply({ subnets: bench.subnets({ routes: [routeTo(third, "10.4.0.0/16")] }), interfaces: one.interfaces, peers: [toPeer(third, specification)] });
  };
  const seenAs = async (name: "a1" | "b1") => (await bench.guests[name].connect(endpoint.privateAddress, 80))?.seenAs;
  await open(openRules);
  expect([await seenAs("a1"), await seenAs("b1")]).toEqual([nics.a1.privateAddress, nics.b1.privateAddress]);
  await open([{ id: "sgr-13", egress: false, traffic: allTraffic, peer: { cidrs: [`${nics.b1.privateAddress}/32`] } }]);
  expect([await seenAs("a1"), await seenAs("b1")]).toEqual([undefined, nics.b1.privateAddress]);
  for (const host of [bench.hosts.a, bench.hosts.b]) await host.removeVpc(hub.vpc.id);
  await bench.apply({});
  expect([await seenAs("b1"), bench.hosts.namespaces().filter((name) => name.includes("-vpce") || name.endsWith("cc04"))]).toEqual([undefined, []]);
});

test("an agent that was killed leaves the ways to peers, and the next one takes away what is no longer one", async () => {
  await peer({});
  const open = await bench.guests.a1.connect(nic2.privateAddress, port);
  await Promise.all([bench.hosts.a.kill(), bench.hosts.b.kill()]);
  expect([await open?.echoes(), await reached()]).toEqual([true, [true, true, true, true]]);
  await Promise.all([bench.hosts.a.open(), bench.hosts.b.open()]);
  await peer({});
  expect([await open?.echoes(), await reached()]).toEqual([true, [true, true, true, true]]);
  await Promise.all([bench.hosts.a.kill(), bench.hosts.b.kill()]);
  await Promise.all([bench.hosts.a.open(), bench.hosts.b.open()]);
  await peer({ isOpen: false });
  const left = await bench.inVpc("a", "sh", "-c", "ip -o route show table all proto 73; ip neigh show dev peering; bridge fdb show dev peering");
  expect([await reached(), left.split("\n").filter((line) => line.includes("peering") || line.includes("240.") || line.includes(" vni "))]).toEqual([[false, false, false, false], []]);
});
