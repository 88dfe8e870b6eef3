/** Route tables, public addresses, secondary and moving addresses, with packets between real namespaces on two hosts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RouteSpecification } from "../protocol/specification.ts";
import { ipBatch, loadRules, runCommand } from "./command.ts";
import { FabricBench, nics, type GuestName } from "./testing/fabric-bench.ts";
import { fastestMs } from "./testing/fastest.ts";
import { machineSpecimen } from "./testing/specimens.ts";
import { toInternet } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
let world: string;
beforeAll(async () => {
  bench = await FabricBench.open();
  world = bench.hosts.publicAddress(1);
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

const publicAs = (name: GuestName, last: number) => ({ publicAddresses: { [nics[name].privateAddress]: bench.hosts.publicAddress(last) } });
const toInterface = (destination: string, name: GuestName): RouteSpecification => ({ destination, target: { kind: "interface", id: nics[name].id } });
const machinePings = (address: string) => runCommand("ping", ["-n", "-q", "-c", "1", "-W", "1", address]).then(() => true, () => false);

describe("the internet gateway", () => {
  test("is reached, and lets in, only with a public address and a route to it", async () => {
    const both = async () => [await bench.guests.a1.pings(world), await bench.guests.a2.pings(world), await machinePings(bench.hosts.publicAddress(21))];
    await bench.apply({ interfaces: bench.placed({ a1: publicAs("a1", 21) }) });
    expect(await both()).toEqual([true, false, true]);
    await bench.apply({ interfaces: bench.placed({ a1: publicAs("a1", 21) }), subnets: bench.subnets({ routes: [] }) });
    expect(await both()).toEqual([false, false, false]);
    const elsewhere = [{ ...toInternet, destination: "192.0.2.0/24" }];
    await bench.apply({ interfaces: bench.placed({ a1: publicAs("a1", 21) }), subnets: bench.subnets({ routes: elsewhere }) });
    expect(await both()).toEqual([false, false, false]);
  });

  test("passes no jumbo packet, and says which size it passes", async () => {
    await bench.apply({ interfaces: bench.placed({ a1: publicAs("a1", 21) }) });
    const refused = await bench.guests.a1.run("sh", "-c", `ping -n -c 1 -W 1 -M do -s 8000 ${world} || true`);
    expect(refused).toMatch(/mtu ?= ?1500/);
    expect(await bench.guests.a1.pings(world, "-M", "do", "-s", "1472")).toBe(true);
  });

  test("stands for each private address by its own public one", async () => {
    const [first, second] = [bench.hosts.publicAddress(22), bench.hosts.publicAddress(23)];
    await ipBatch(["address add 172.31.0.21/32 dev eth0"], { namespace: bench.guests.a1.namespace });
    const twice = { privateAddresses: [nics.a1.privateAddress, "172.31.0.21"], publicAddresses: { [nics.a1.privateAddress]: first, "172.31.0.21": second } };
    await bench.apply({ interfaces: bench.placed({ a1: twice, b2: publicAs("b2", 24) }) });
    await bench.guests.b2.serve(7_003, "b2");
    const seen = await Promise.all([nics.a1.privateAddress, "172.31.0.21"].map((from) => bench.guests.a1.connect(bench.hosts.publicAddress(24), 7_003, from)));
    expect([seen.map((connection) => connection?.seenAs), await machinePings(first), await machinePings(second)]).toEqual([[first, second], true, true]);
    expect(await bench.guests.b1.pings("172.31.0.21")).toBe(true);
    await bench.apply();
    expect([await machinePings(first), await machinePings(second), await bench.guests.b1.pings("172.31.0.21")]).toEqual([false, false, false]);
  });
});

test("an agent that is killed, and the next one before it is told anything, leave every address and route as they are", async () => {
  await ipBatch(["address replace 172.31.0.22/32 dev eth0"], { namespace: bench.guests.a1.namespace });
  const routes = [toInternet, toInterface("10.60.0.0/16", "b2")];
  await ipBatch(["address add 10.60.0.1/32 dev lo"], { namespace: bench.guests.b2.namespace });
  const interfaces = bench.placed({ a1: { ...publicAs("a1", 28), privateAddresses: [nics.a1.privateAddress, "172.31.0.22"] }, b2: { sourceDestCheck: false } });
  const reached = () => Promise.all([machinePings(bench.hosts.publicAddress(28)), bench.guests.b1.pings("172.31.0.22"), bench.guests.a1.pings("10.60.0.1")]);
  await bench.apply({ interfaces, subnets: bench.subnets({ routes }) });
  const seen = [await reached()];
  for (const host of [bench.hosts.a, bench.hosts.b]) await host.kill();
  seen.push(await reached());
  for (const host of [bench.hosts.a, bench.hosts.b]) await host.open();
  seen.push(await reached());
  await bench.apply({ interfaces, subnets: bench.subnets({ routes }) });
  seen.push(await reached());
  expect(seen).toEqual([1, 2, 3, 4].map(() => [true, true, true]));
  await bench.apply();
  expect(await reached()).toEqual([false, false, false]);
});

describe("a route to an interface", () => {
  const networks = ["address add 10.50.0.1/32 dev lo", "address add 10.50.1.1/32 dev lo"];
  beforeAll(async () => {
    for (const name of ["a2", "b2"] as const) await ipBatch(networks, { namespace: bench.guests[name].namespace });
  });
  const open = { a2: { sourceDestCheck: false }, b2: { sourceDestCheck: false } };
  const withRoutes = (routes: readonly RouteSpecification[], change = {}) => bench.apply({ subnets: bench.subnets({ routes }), interfaces: bench.placed({ ...open, ...change }) });
  const reached = async () => [await bench.guests.a1.pings("10.50.0.1"), await bench.guests.a1.pings("10.50.1.1")];

  test("hands it every packet, on this host and on another; the longest prefix counts, a black hole too", async () => {
    for (const name of ["a2", "b2"] as const) {
      await withRoutes([toInterface("10.50.0.0/16", name)]);
      expect(await reached()).toEqual([true, true]);
      await withRoutes([{ destination: "10.50.1.0/24", target: { kind: "blackhole" } }, toInterface("10.50.0.0/16", name)]);
      expect(await reached()).toEqual([true, false]);
    }
  });

  test("hands nothing to one that checks source and destination", async () => {
    for (const name of ["a2", "b2"] as const) {
      await withRoutes([toInterface("10.50.0.0/16", name)], { [name]: {} });
      const before = await bench.guests[name].echoRequests();
      expect(await reached()).toEqual([false, false]);
      expect(await bench.guests[name].echoRequests()).toBe(before);
    }
  });

  test("leads to the other interface within a second of being replaced, and the open connection of another guest goes on", async () => {
    await ipBatch(["address add 10.50.2.2/32 dev lo"], { namespace: bench.guests.b2.namespace });
    const leadTo = (name: GuestName) => withRoutes([toInterface("10.50.0.0/16", name)]);
    const isSeen = () => bench.guests.a1.pings("10.50.2.2");
    await leadTo("a2");
    expect(await isSeen()).toBe(false);
    await bench.guests.b1.serve(7_004, "b1");
    const connection = await bench.guests.a1.connect(nics.b1.privateAddress, 7_004);
    expect(await fastestMs({ before: () => leadTo("a2"), change: () => leadTo("b2"), isSeen }, 1_000)).toBeLessThan(1_000);
    expect(await connection?.echoes()).toBe(true);
  });

  test("brings a private subnet to the world through a guest that translates, and lets nobody in", async () => {
    const translate = "table ip nat {\nchain out {\ntype nat hook postrouting priority srcnat\nmasquerade\n}\n}\n";
    await bench.guests.b2.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    await loadRules(translate, bench.guests.b2.namespace);
    await withRoutes([toInterface("0.0.0.0/0", "b2")], { b2: { sourceDestCheck: false, ...publicAs("b2", 25) } });
    expect([await bench.guests.a1.pings(world), await bench.guests.a2.pings(world), await machinePings(bench.hosts.publicAddress(21))]).toEqual([true, true, false]);
  });
});

describe("an address that moves to an interface on another host", () => {
  const secondary = "172.31.0.31";
  beforeAll(async () => {
    for (const name of ["a1", "b1"] as const) await ipBatch([`address add ${secondary}/32 dev eth0`], { namespace: bench.guests[name].namespace });
    await bench.guests.a1.serve(7_005, "a1");
    await bench.guests.b1.serve(7_005, "b1");
  });
  const ownedBy = (name: GuestName) => bench.apply({ interfaces: bench.placed({ [name]: { privateAddresses: [nics[name].privateAddress, secondary] } }) });
  const publicOf = (name: GuestName) => bench.apply({ interfaces: bench.placed({ [name]: publicAs(name, 26) }) });

  test("is followed by packets within a second, when it is private", async () => {
    const owner = async () => (await bench.guests.b2.connect(secondary, 7_005))?.peer;
    const before = async () => {
      await ownedBy("a1");
      await expect.poll(owner).toBe("a1");
    };
    expect(await fastestMs({ before, change: () => ownedBy("b1"), isSeen: async () => (await owner()) === "b1" }, 1_000)).toBeLessThan(1_000);
  });

  test("is followed by packets within a second, when it is public", async () => {
    await publicOf("a1");
    const owner = async () => (await bench.guests.b2.connect(bench.hosts.publicAddress(26), 7_005))?.peer;
    const before = async () => {
      await bench.apply({ interfaces: bench.placed({ a1: publicAs("a1", 26), b2: publicAs("b2", 27) }) });
      await expect.poll(owner).toBe("a1");
    };
    const change = () => bench.apply({ interfaces: bench.placed({ b1: publicAs("b1", 26), b2: publicAs("b2", 27) }) });
    expect(await fastestMs({ before, change, isSeen: async () => (await owner()) === "b1" }, 1_000)).toBeLessThan(1_000);
  });
});

test("what a killed agent has not finished of a VPC's namespace the next one completes", async () => {
  const { a } = bench.hosts;
  const way = () => bench.inVpc("a", "ip", "route", "show", "default");
  const whole = await way();
  await a.kill();
  for (const device of ["uplink", "lo"]) {
    await bench.inVpc("a", "ip", "address", "flush", "dev", device);
    await bench.inVpc("a", "ip", "link", "set", device, "down");
  }
  expect(await way()).toBe("");
  await a.open();
  await a.start(machineSpecimen("11", nics.a1));
  expect([whole, await way()]).toEqual([expect.stringContaining("dev uplink"), whole]);
  await bench.apply();
  expect(await bench.reaches("a1", ["b1"])).toEqual(["b1"]);
});
