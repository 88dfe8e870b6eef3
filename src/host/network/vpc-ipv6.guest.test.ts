/** IPv6 in a VPC: how guests learn it, who reaches whom, and the ways in and out, with packets between real namespaces on two hosts. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GroupRuleSpecification, RouteSpecification, TrafficSpecification } from "../protocol/specification.ts";
import { ipBatch, loadRules, runCommand } from "./command.ts";
import { FabricBench, type GuestName } from "./testing/fabric-bench.ts";
import { fastestMs } from "./testing/fastest.ts";
import { machineSpecimen, metadataSpecimen } from "./testing/specimens.ts";
import { allTraffic, openGroup, openRules } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
const port = 7_006;
const guarded = "sg-0aaaaaaaaaaaaaaa1";
const anywhere = { cidrs: ["::/0"] };
const toAll = { destination: "::/0" };
const outward: RouteSpecification = { ...toAll, target: { kind: "internet" } };
const egressOnly: RouteSpecification = { ...toAll, target: { kind: "egress-only" } };
const everything = [true, false].map((egress): GroupRuleSpecification => ({ id: `sgr-6${egress ? 1 : 2}`, egress, traffic: allTraffic, peer: anywhere }));
const openAcl = [true, false].map((egress) => ({ number: 101, egress, allow: true, traffic: allTraffic, cidr: "::/0" }));
const tcp = (at: number): TrafficSpecification => ({ protocol: 6, ports: { from: at, to: at } });

beforeAll(async () => {
  bench = await FabricBench.open({ ipv6: true });
  await apply();
  await bench.hearRouters();
  for (const name of ["a1", "b1", "b2"] as const) await bench.guests[name].serve(port, name);
});
beforeEach(() => apply());
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

type Change = Parameters<FabricBench["apply"]>[0];

/** All allow everything and have a way out, if nothing else is said. */
function apply(change: Change = {}, of: Partial<ReturnType<FabricBench["subnets"]>[number]> = {}): Promise<number> {
  const subnets = bench.subnets({}).map((subnet) => ({ ...subnet, routes: [outward], acl: openAcl, ...(subnet.id === bench.nics.a1.subnet.id ? of : {}) }));
  return bench.apply({ subnets, groups: [{ id: openGroup, rules: [...openRules, ...everything] }], ...change });
}

const guardB1 = (...rules: GroupRuleSpecification[]) =>
  apply({ interfaces: bench.placed({ b1: { groups: [guarded] } }), groups: [{ id: openGroup, rules: everything }, { id: guarded, rules: [...everything.slice(0, 1), ...rules] }] });
const inbound = (id: string, traffic: TrafficSpecification, peer: GroupRuleSpecification["peer"]): GroupRuleSpecification => ({ id, egress: false, traffic, peer });
const defaultRoute = (name: GuestName) => bench.guests[name].run("ip", "-6", "route", "show", "default");
const opens = async (from: GuestName, to: GuestName) => (await bench.guests[from].connect(bench.ipv6Of(to), port)) !== undefined;
const pings = (from: GuestName, to: GuestName) => bench.guests[from].pings(bench.ipv6Of(to));
const machinePingsAddress = (address: string) => runCommand("ping", ["-n", "-q", "-c", "1", "-W", "1", address]).then(() => true, () => false);
const machinePings = (to: GuestName) => machinePingsAddress(bench.ipv6Of(to));
/** The machine's own address. */
const world = () => bench.ipv6Of("a1").replace("101::11", ":1");

/** Asks as a DHCPv6 client; the addresses that it is offered. */
async function offered(name: GuestName): Promise<readonly string[]> {
  const program = `
    const hex = (text) => Buffer.from(text.replaceAll(" ", ""), "hex");
    const mac = require("os").networkInterfaces().eth0[0].mac.replaceAll(":", "");
    const solicit = hex("01 000001 0001 000a 0003 0001" + mac + "0003 000c 00000001 00000000 00000000 0008 0002 0000");
    const socket = require("dgram").createSocket({ type: "udp6" });
    socket.on("message", (answer) => {
      const at = answer.indexOf(hex("0005 0018"));
      console.log(at < 0 ? "none" : answer.subarray(at + 4, at + 20).toString("hex"));
      process.exit();
    });
    socket.bind(546, () => socket.send(solicit, 547, "ff02::1:2%eth0"));
    setTimeout(() => process.exit(), 20000);`;
  const text = await bench.guests[name].run(process.execPath, "-e", program);
  return text.trim().split("\n").map((found) => found.replace(/(.{4})(?!$)/g, "$1:"));
}

describe("a guest", () => {
  test("is told by its router that it is the way to everything, that its subnet is no wire, and to ask for its address", async () => {
    for (const name of ["a1", "a2", "b1", "b2"] as const) expect(await defaultRoute(name)).toContain("default via fe80::ec:2aff:fe00:1 dev eth0 proto ra");
    expect(await bench.guests.a1.run("ip", "-6", "route", "show", "dev", "eth0")).not.toContain(bench.nics.a1.subnet.ipv6Cidr);
    expect(await bench.guests.a1.run("ip", "-6", "address", "show", "dev", "eth0", "scope", "global")).not.toContain("dynamic");
  });

  test("is offered its own first address by its hardware address", async () => {
    const inFull = (text: string) => text.split("::").map((half) => half.split(":").map((part) => part.padStart(4, "0")).join(":"));
    const [head = "", tail = ""] = inFull(bench.ipv6Of("a1"));
    expect(await offered("a1")).toEqual([`${head}:0000:0000:0000:${tail}`]);
  });

  test("reaches the others of its VPC on its host, on another and in another subnet, and finds names by IPv6", async () => {
    expect([await pings("a1", "a2"), await pings("a1", "b1"), await pings("a1", "b2"), await pings("b2", "a1"), await opens("a2", "b2")]).toEqual([true, true, true, true, true]);
    expect(await bench.guests.a1.run("busybox", "nslookup", "-type=a", "ip-172-31-9-8.ec2.internal", "fd00:ec2::253")).toContain("172.31.9.8");
  });

  test("sends nothing under another's address, in the VPC or outside, and nothing beyond its router under a link-local one", async () => {
    const foreign = bench.ipv6Of("a1").replace(/11$/, "99");
    await ipBatch([`address add ${foreign}/128 dev eth0 nodad`], { namespace: bench.guests.a1.namespace });
    const requests = async () => (await bench.guests.b1.run("cat", "/proc/net/snmp6")).match(/Icmp6InEchos\s+(\d+)/)?.[1];
    const before = await requests();
    for (const target of [bench.ipv6Of("b1"), world()]) expect(await bench.guests.a1.pings(target, "-I", foreign)).toBe(false);
    expect(await requests()).toBe(before);
    expect(await bench.guests.a1.pings(bench.ipv6Of("b1"), "-I", bench.ipv6Of("a1"))).toBe(true);
    await ipBatch([`address delete ${foreign}/128 dev eth0`], { namespace: bench.guests.a1.namespace });
  });
});

test("metadata is answered by IPv6 where the instance's options say so, whatever groups and ACLs say, and no other service of the host is", async () => {
  const url = (port: string) => `http://[fd00:ec2::254]${port}/latest/meta-data/instance-id`;
  const said = () => Promise.all([bench.guests.a1.fetch(url("")), bench.guests.a2.fetch(url(""))]);
  const nothing = expect.stringMatching(/^\w+Error: /);
  expect(await said()).toEqual([nothing, nothing]);
  const { id } = machineSpecimen("11", bench.nics.a1);
  await bench.hosts.a.start(machineSpecimen("11", bench.nics.a1, { options: { ...metadataSpecimen.options, httpProtocolIpv6: "enabled" } }));
  await apply({ groups: [] }, { acl: [] });
  expect(await said()).toEqual([id, nothing]);
  const askForToken = `fetch("http://[fd00:ec2::254]/latest/api/token", { method: "PUT", headers: { "X-aws-ec2-metadata-token-ttl-seconds": "60" } }).then(({ status }) => console.log(status))`;
  expect((await bench.guests.a1.run(process.execPath, "-e", askForToken)).trim()).toBe("200");
  const behind = await Promise.all([":20000", ":20001", ":20002"].map((port) => bench.guests.a1.fetch(url(port))));
  expect(behind.filter((text) => text.includes("i-"))).toEqual([]);
  await bench.hosts.a.start(machineSpecimen("11", bench.nics.a1));
  expect(await said()).toEqual([nothing, nothing]);
});

/** What a namespace of the guest, as a container's behind its translation, gets for a token and for metadata without one; `none` is no answer. */
async function askFromContainer(namespace: string): Promise<string> {
  const program = `
    const ask = (path, init) => fetch("http://169.254.169.254/latest/" + path, { ...init, signal: AbortSignal.timeout(5000) }).then(({ status }) => status, () => "none");
    const token = ask("api/token", { method: "PUT", headers: { "X-aws-ec2-metadata-token-ttl-seconds": "60" } });
    Promise.all([token, ask("meta-data/instance-id")]).then((all) => console.log(...all));`;
  return (await runCommand("ip", ["netns", "exec", namespace, process.execPath, "-e", program])).trim();
}

test("a container in the guest gets a token only where the hop limit allows one hop more, and nothing without one where tokens are required", async () => {
  const { namespace } = bench.guests.a1;
  const container = `${namespace}-in`;
  await ipBatch([`netns add ${container}`]);
  await ipBatch([`link add inner type veth peer name eth0 netns ${container}`, "address add 10.99.0.1/24 dev inner", "link set inner up"], { namespace });
  await ipBatch(["address add 10.99.0.2/24 dev eth0", "link set eth0 up", "route add default via 10.99.0.1"], { namespace: container });
  await bench.guests.a1.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  await loadRules('table ip container {\nchain out {\ntype nat hook postrouting priority 100\noifname "eth0" masquerade\n}\n}\n', namespace);
  const answers: string[] = [];
  for (const [httpTokens, httpPutResponseHopLimit] of [["optional", 1], ["required", 1], ["required", 2]] as const) {
    await bench.hosts.a.start(machineSpecimen("11", bench.nics.a1, { options: { ...metadataSpecimen.options, httpTokens, httpPutResponseHopLimit } }));
    answers.push(await askFromContainer(container));
  }
  expect(answers).toEqual(["none 200", "none 401", "200 401"]);
  await loadRules("delete table ip container\n", namespace);
  await ipBatch([`netns delete ${container}`]);
  await bench.hosts.a.start(machineSpecimen("11", bench.nics.a1));
});

describe("a security group", () => {
  test("lets in what a rule allows by protocol, port, block and other's group, and nothing else", async () => {
    await guardB1(inbound("sgr-01", tcp(port), { cidrs: [`${bench.ipv6Of("a1")}/128`] }), inbound("sgr-02", { protocol: 58, icmp: { type: 128 } }, { cidrs: [bench.nics.b2.subnet.ipv6Cidr ?? ""] }));
    expect([await opens("a1", "b1"), await pings("a1", "b1"), await opens("b2", "b1"), await pings("b2", "b1")]).toEqual([true, false, false, true]);
    await guardB1(inbound("sgr-03", tcp(port), { group: openGroup }), inbound("sgr-04", allTraffic, { cidrs: ["0.0.0.0/0"] }));
    expect([await opens("a2", "b1"), await pings("a2", "b1")]).toEqual([true, false]);
  });

  test("whose rule is revoked keeps the open connection and refuses new ones, also over a kill of both agents", async () => {
    await guardB1(inbound("sgr-05", tcp(port), anywhere));
    const open = await bench.guests.a1.connect(bench.ipv6Of("b1"), port);
    await guardB1();
    expect([await open?.echoes(), await opens("a1", "b1")]).toEqual([true, false]);
    await Promise.all([bench.hosts.a.kill(), bench.hosts.b.kill()]);
    expect(await open?.echoes()).toBe(true);
    await Promise.all([bench.hosts.a.open(), bench.hosts.b.open()]);
    expect([await open?.echoes(), await opens("a1", "b1")]).toEqual([true, false]);
    await guardB1(inbound("sgr-05", tcp(port), anywhere));
    expect([await open?.echoes(), await opens("a1", "b1")]).toEqual([true, true]);
  });
});

test("a network ACL that denies beats a group that allows, between subnets and not inside one", async () => {
  await apply({}, { acl: [{ number: 90, egress: false, allow: false, traffic: { protocol: 58 }, cidr: bench.nics.b2.subnet.ipv6Cidr ?? "" }, ...openAcl] });
  expect([await pings("b2", "b1"), await opens("b2", "b1"), await pings("a1", "b1")]).toEqual([false, true, true]);
  await apply({}, { acl: [{ number: 100, egress: false, allow: true, traffic: allTraffic, cidr: "0.0.0.0/0" }] });
  expect([await opens("b2", "b1"), await pings("a1", "b1")]).toEqual([false, true]);
});

describe("the world outside", () => {
  test("is reached, and reaches guests by their own addresses, by an internet gateway", async () => {
    expect([await bench.guests.a1.pings(world()), await machinePings("a1"), await machinePings("b2")]).toEqual([true, true, true]);
    await apply({}, { routes: [] });
    expect([await bench.guests.a1.pings(world()), await machinePings("a1"), await machinePings("b2"), await pings("a1", "b2")]).toEqual([false, false, true, true]);
  });

  test("is reached by an egress-only gateway and reaches nobody by it, and the longest route of both kinds counts", async () => {
    await apply({}, { routes: [egressOnly] });
    expect([await bench.guests.a1.pings(world()), await machinePings("a1"), await machinePings("b1")]).toEqual([true, false, false]);
    await apply({}, { routes: [egressOnly, { destination: `${world()}/128`, target: { kind: "internet" } }] });
    expect([await bench.guests.a1.pings(world()), await machinePings("a1")]).toEqual([true, true]);
    await apply({}, { routes: [outward, { destination: `${world()}/128`, target: { kind: "egress-only" } }] });
    expect([await bench.guests.a1.pings(world()), await machinePings("a1")]).toEqual([true, false]);
  });

  test("finds an address that moves to an interface on another host within a second", async () => {
    const moving = bench.ipv6Of("a1").replace(/11$/, "77");
    const ownedBy = (name: "a1" | "b1") => apply({ interfaces: bench.placed({ [name]: { ipv6Addresses: [bench.ipv6Of(name), moving] } }) });
    for (const name of ["a1", "b1"] as const) await ipBatch([`address add ${moving}/128 dev eth0 nodad`], { namespace: bench.guests[name].namespace });
    const reached = () => machinePingsAddress(moving);
    const before = async () => {
      await ownedBy("a1");
      await expect.poll(reached).toBe(true);
    };
    expect(await fastestMs({ before, change: () => ownedBy("b1"), isSeen: reached }, 1_000)).toBeLessThan(1_000);
    for (const name of ["a1", "b1"] as const) await ipBatch([`address delete ${moving}/128 dev eth0`], { namespace: bench.guests[name].namespace });
  });
});

test("a route to an interface hands it every packet, on this host and on another, if it checks no destinations", async () => {
  for (const name of ["a2", "b2"] as const) {
    const target = "3fff:fff:1::1";
    await ipBatch([`address replace ${target}/128 dev lo`], { namespace: bench.guests[name].namespace });
    const routes: readonly RouteSpecification[] = [{ destination: "3fff:fff:1::/48", target: { kind: "interface", id: bench.nics[name].id } }];
    await apply({ interfaces: bench.placed({ [name]: { sourceDestCheck: false } }) }, { routes });
    expect(await bench.guests.a1.pings(target)).toBe(true);
    await apply({}, { routes });
    expect(await bench.guests.a1.pings(target)).toBe(false);
  }
});

test("a prefix is its interface's as a whole: on its host and on another, as a sender and as a member of a group, and nobody else's", async () => {
  for (const name of ["a2", "b1"] as const) {
    const [prefix = "", some = "", another = ""] = ["::/80", "::1", ":0:2:3"].map((end) => bench.ipv6Of(name).replace(/::[0-9a-f]+$/, `:7${end}`));
    const own = { interfaces: bench.placed({ [name]: { ipv6Addresses: [bench.ipv6Of(name), prefix], groups: [guarded] } }) };
    const groups = [{ id: openGroup, rules: [everything[0], inbound("sgr-07", allTraffic, { group: guarded })].flatMap((rule) => rule ?? []) }, { id: guarded, rules: everything }];
    await apply({ ...own, groups });
    await ipBatch([`address add ${some}/128 dev eth0 nodad`, `address add ${another}/128 dev eth0 nodad`], { namespace: bench.guests[name].namespace });
    expect([await bench.guests.a1.pings(some), await bench.guests.a1.pings(another), await bench.guests[name].pings(bench.ipv6Of("a1"), "-I", some)]).toEqual([true, true, true]);
    await apply({ groups });
    expect([await bench.guests.a1.pings(some), await bench.guests[name].pings(bench.ipv6Of("a1"), "-I", some)]).toEqual([false, false]);
    await ipBatch([`address delete ${some}/128 dev eth0`, `address delete ${another}/128 dev eth0`], { namespace: bench.guests[name].namespace });
  }
});

test("an address of a prefix has a way out and is reached from outside where its subnet's route says so, on any host, until the prefix is taken away", async () => {
  for (const [name, digit] of [["a2", 8], ["b1", 9]] as const) {
    const [prefix = "", some = ""] = ["::/80", "::5"].map((end) => bench.ipv6Of(name).replace(/::[0-9a-f]+$/, `:${digit}${end}`));
    const interfaces = bench.placed({ [name]: { ipv6Addresses: [bench.ipv6Of(name), prefix] } });
    await ipBatch([`address add ${some}/128 dev eth0 nodad`], { namespace: bench.guests[name].namespace });
    await apply({ interfaces });
    await expect.poll(() => machinePingsAddress(some)).toBe(true);
    expect(await bench.guests[name].pings(world(), "-I", some)).toBe(true);
    await apply({ interfaces }, { routes: [egressOnly] });
    expect([await machinePingsAddress(some), await bench.guests[name].pings(world(), "-I", some)]).toEqual([false, true]);
    await apply();
    await expect.poll(() => machinePingsAddress(some)).toBe(false);
    await ipBatch([`address delete ${some}/128 dev eth0`], { namespace: bench.guests[name].namespace });
  }
});

test("a VPC that loses its IPv6 and gets it again is as before in between and afterwards", async () => {
  const without = bench.placed().map(({ ipv6Addresses: _addresses, ...nic }) => nic);
  await bench.apply({ interfaces: without, subnets: bench.subnets({}).map(({ ipv6Cidr: _cidr, ...subnet }) => subnet), ipv6Cidrs: [] });
  expect([await pings("a1", "b1"), await bench.reaches("a1", ["b1"])]).toEqual([false, ["b1"]]);
  await apply();
  expect(await pings("a1", "b1")).toBe(true);
});
