/** A VPC over two hosts, with packets between real namespaces. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { ipBatch } from "./command.ts";
import { interfaceDevices } from "./names.ts";
import { FabricBench, nics } from "./testing/fabric-bench.ts";
import { machineSpecimen } from "./testing/specimens.ts";
import { setNodeLink } from "./underlay.ts";
import { placed, vpcSpecimen } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
beforeAll(async () => void (bench = await FabricBench.open()));
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

test("before its specification a VPC's guests reach nobody", async () => {
  expect([await bench.reaches("a1", ["a2", "b1"]), await bench.reaches("b1", ["b2"])]).toEqual([[], []]);
});

describe("the overlay", () => {
  beforeEach(() => bench.apply());

  test("interfaces of one VPC reach each other on one host, on two, and between subnets", async () => {
    expect([await bench.reaches("a1", ["a2", "b1", "b2"]), await bench.reaches("b2", ["a1", "a2", "b1"])]).toEqual([["a2", "b1", "b2"], ["a1", "a2", "b1"]]);
  });

  test("every router has the same hardware address, and an address that nobody has gets no answer", async () => {
    const routers = (["a1", "b1", "b2"] as const).map(async (name) => {
      const router = name === "b2" ? "172.31.16.1" : "172.31.0.1";
      await bench.guests[name].pings(router);
      return JSON.parse(await bench.guests[name].run("ip", "-json", "neigh", "show", router))[0]?.lladdr;
    });
    const same = "02:ec:2a:00:00:01";
    expect([await Promise.all(routers), await bench.guests.a1.pings("172.31.0.99")]).toEqual([[same, same, same], false]);
  });

  test("two VPCs with equal addresses never meet", async () => {
    await bench.hosts.b.applyVpc(vpcSpecimen([nics.c], [placed(nics.c, bench.hostAddress("b"))]));
    const { a2, b1, c } = bench.guests;
    await Promise.all([a2.serve(7_001, "a2"), c.serve(7_001, "c")]);
    expect((await b1.connect(nics.a2.privateAddress, 7_001))?.peer).toBe("a2");
    expect(await bench.reaches("c", ["a1", "b1", "b2"])).toEqual([]);
  });

  test("interfaces reach each other in the same ways when nobody knows that their hosts are of one machine", async () => {
    await bench.apply({ interfaces: bench.placed().map(({ isHostOnSwitch: _switch, ...nic }) => nic) });
    expect(await bench.inVpc("a", "ip", "-o", "route", "show", "dev", "wire")).toBe("");
    expect([await bench.reaches("a1", ["a2", "b1", "b2"]), await bench.reaches("b2", ["a1", "a2", "b1"])]).toEqual([["a2", "b1", "b2"], ["a1", "a2", "b1"]]);
    expect(await bench.guests.a1.pings(nics.b1.privateAddress, "-M", "do", "-s", String(9_001 - 28))).toBe(true);
  });

  test("a host that is cut off from the switch is reached by none of another, and again when it is connected", async () => {
    await setNodeLink(bench.hosts.plan.installation, "b", "down");
    expect([await bench.reaches("a1", ["a2", "b1", "b2"]), await bench.reaches("b1", ["b2"])]).toEqual([["a2"], ["b2"]]);
    await setNodeLink(bench.hosts.plan.installation, "b", "up");
    await expect.poll(() => bench.reaches("a1", ["b1", "b2"])).toEqual(["b1", "b2"]);
  });

  test("packets of 9001 bytes pass unbroken between hosts and on one", async () => {
    const unbroken = (to: InterfaceSpecification) => bench.guests.a1.pings(to.privateAddress, "-M", "do", "-s", String(9_001 - 28));
    expect([await unbroken(nics.b1), await unbroken(nics.a2)]).toEqual([true, true]);
  });

  test("nothing is learned or flooded: every neighbour and forwarding entry is permanent", async () => {
    const forwarding: { mac: string; state: string; dst?: string }[] = JSON.parse(await bench.inVpc("a", "bridge", "-json", "fdb", "show", "dev", "overlay"));
    const neighbours: { lladdr: string; state: string[] }[] = JSON.parse(await bench.inVpc("a", "ip", "-json", "neigh", "show", "dev", "overlay"));
    const wired: { lladdr: string; state: string[] }[] = JSON.parse(await bench.inVpc("a", "ip", "-json", "neigh", "show", "dev", "wire"));
    const remote = [nics.b1.mac, nics.b2.mac];
    expect(forwarding.map(({ mac, state, dst }) => [mac, state, dst]).toSorted()).toEqual(remote.map((mac) => [mac, "permanent", bench.hostAddress("b")]));
    expect(wired.map(({ state }) => state)).toEqual([["PERMANENT"], ["PERMANENT"]]);
    expect(neighbours.map(({ lladdr, state }) => [lladdr, ...state]).toSorted()).toEqual(remote.map((mac) => [mac, "PERMANENT"]));
  });

  test("an interface that the specification names no more is reached by nobody", async () => {
    await bench.apply({ interfaces: bench.placed().filter(({ id }) => id !== nics.b1.id) });
    expect(await bench.reaches("a1", ["a2", "b1", "b2"])).toEqual(["a2", "b2"]);
  });

  test("goes with the specification, and comes back with it", async () => {
    await bench.hosts.a.removeVpc(nics.a1.vpc.id);
    expect(await bench.reaches("a1", ["a2", "b1"])).toEqual([]);
    await bench.apply();
    expect(await bench.reaches("a1", ["a2", "b1"])).toEqual(["a2", "b1"]);
  });

  test("is there again for a guest that was stopped and started, and for one whose device was lost", async () => {
    await bench.restart("a2");
    const reached = async () => [await bench.reaches("a1", ["a2"]), await bench.reaches("b1", ["a2"])];
    expect(await reached()).toEqual([["a2"], ["a2"]]);
    await ipBatch([`link delete ${interfaceDevices(nics.a2.id).outer}`], { namespace: bench.hosts.a.namespace });
    expect(await reached()).toEqual([[], []]);
    await bench.hosts.a.start(machineSpecimen("12", nics.a2));
    expect(await reached()).toEqual([["a2"], ["a2"]]);
  });

  test("has no entry left over after changes, also when the agent was killed meanwhile", async () => {
    const entries = async () => (await bench.inVpc("a", "sh", "-c", "ip -o route show table all proto 73; ip rule; ip neigh; bridge fdb show dev overlay; ip -o -br link show dev wire; nft -s list ruleset")).split("\n").toSorted();
    const before = await entries();
    const busy = { subnets: bench.subnets({ routes: [{ destination: "10.9.0.0/16", target: { kind: "interface", id: nics.b2.id } }] }), interfaces: bench.placed({ a2: { sourceDestCheck: false, privateAddresses: [nics.a2.privateAddress, "172.31.0.44"] }, b1: { privateAddresses: ["172.31.0.45"] } }) };
    await bench.apply(busy);
    expect(await entries()).not.toEqual(before);
    await bench.apply();
    expect(await entries()).toEqual(before);
    await bench.apply(busy);
    await bench.hosts.a.kill();
    await bench.hosts.a.open();
    await bench.apply();
    expect(await entries()).toEqual(before);
  });
});
