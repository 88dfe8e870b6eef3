/** Security groups and network ACLs, with packets between real namespaces on two hosts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aclEntryName, type Direction } from "../protocol/counted-rule.ts";
import type { AclEntrySpecification, GroupRuleSpecification, TrafficSpecification } from "../protocol/specification.ts";
import { parseRuleCounters } from "./rule-counters.ts";
import { FabricBench, nics, type GuestName } from "./testing/fabric-bench.ts";
import { allTraffic, allowAll, anywhere, openGroup, openRules } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
const port = 7_002;
beforeAll(async () => {
  bench = await FabricBench.open();
  for (const name of ["a2", "b1", "b2"] as const) await bench.guests[name].serve(port, name);
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

const guarded = "sg-0aaaaaaaaaaaaaaa1";
const [out] = openRules as [GroupRuleSpecification];
const tcp = (from: number): TrafficSpecification => ({ protocol: 6, ports: { from, to: from } });
const inbound = (id: string, traffic: TrafficSpecification, peer: GroupRuleSpecification["peer"]): GroupRuleSpecification => ({ id, egress: false, traffic, peer });

/** b1 is in a group with these rules, everybody else in one that allows all. */
async function guardB1(rules: readonly GroupRuleSpecification[]): Promise<void> {
  await bench.apply({
    interfaces: bench.placed({ b1: { groups: [guarded] } }),
    groups: [{ id: openGroup, rules: openRules }, { id: guarded, rules: [out, ...rules] }],
  });
}

/** Packets, as the host of b1 and b2 counts them. */
async function countedAtB(direction: Direction, rule: string): Promise<number | undefined> {
  const counters = parseRuleCounters(await bench.inVpc("b", "nft", "-j", "list", "table", "ip", "hostelry"));
  return counters.find((counter) => counter.direction === direction && counter.rule === rule)?.packets;
}

const opens = async (from: GuestName, to: GuestName) => (await bench.guests[from].connect(nics[to].privateAddress, port)) !== undefined;

describe("a security group", () => {
  test("lets in what a rule allows by protocol, port and block, and nothing else", async () => {
    await guardB1([inbound("sgr-01", tcp(port), { cidrs: ["172.31.0.11/32", "172.31.0.0/30", "172.31.0.2/31"] }), inbound("sgr-02", { protocol: 1, icmp: { type: 8, code: -1 } }, { cidrs: ["172.31.16.0/20"] })]);
    expect([await opens("a1", "b1"), await opens("a2", "b1"), await bench.reaches("a1", ["b1", "a2"]), await bench.reaches("b2", ["b1"])]).toEqual([true, false, ["a2"], ["b1"]]);
    await guardB1([inbound("sgr-01", tcp(port + 1), anywhere)]);
    expect(await opens("a1", "b1")).toBe(false);
  });

  test("knows the members of another group, also those that come and go", async () => {
    const friends = "sg-0aaaaaaaaaaaaaaa2";
    const withFriends = (...names: readonly GuestName[]) =>
      bench.apply({
        interfaces: bench.placed({ b1: { groups: [guarded] }, ...Object.fromEntries(names.map((name) => [name, { groups: [openGroup, friends] }])) }),
        groups: [{ id: openGroup, rules: openRules }, { id: guarded, rules: [out, inbound("sgr-03", allTraffic, { group: friends })] }, { id: friends, rules: [] }],
      });
    await withFriends("a1");
    expect([await bench.reaches("a1", ["b1"]), await bench.reaches("b2", ["b1"])]).toEqual([["b1"], []]);
    await withFriends("b2");
    expect([await bench.reaches("a1", ["b1"]), await bench.reaches("b2", ["b1"])]).toEqual([[], ["b1"]]);
  });

  test("guards what leaves too, and answers need no rule", async () => {
    const rules = [{ ...out, traffic: tcp(port), peer: { cidrs: ["172.31.0.11/32"] } }, inbound("sgr-04", allTraffic, anywhere)];
    await bench.apply({ interfaces: bench.placed({ b1: { groups: [guarded] } }), groups: [{ id: openGroup, rules: openRules }, { id: guarded, rules }] });
    expect([await opens("a1", "b1"), await bench.reaches("a1", ["b1"]), await opens("b1", "a2"), await bench.reaches("b1", ["a1"])]).toEqual([true, ["b1"], false, []]);
  });

  test("whose rule is revoked keeps the open connection and refuses new ones, on one host and on two", async () => {
    for (const [from, to] of [["a1", "b1"], ["b2", "b1"]] as const) {
      await guardB1([inbound("sgr-05", tcp(port), anywhere)]);
      const open = await bench.guests[from].connect(nics[to].privateAddress, port);
      await guardB1([]);
      expect([await open?.echoes(), await opens(from, to)]).toEqual([true, false]);
    }
  });

  test("counts the packets of each rule, and a change elsewhere leaves the counters", async () => {
    const rules = [inbound("sgr-06", { protocol: 1 }, anywhere)];
    await guardB1(rules);
    await bench.reaches("a1", ["b1"]);
    await bench.apply({
      interfaces: bench.placed({ b1: { groups: [guarded] } }),
      groups: [{ id: openGroup, rules: [out, inbound("sgr-07", tcp(1), anywhere)] }, { id: guarded, rules: [out, ...rules] }],
    });
    expect(await countedAtB("arrive", "sgr-06")).toBe(1);
  });

  test("counts at the interface what no rule of its groups lets through", async () => {
    await guardB1([inbound("sgr-09", tcp(port + 1), anywhere)]);
    const before = (await countedAtB("arrive", nics.b1.id)) ?? 0;
    expect([await bench.reaches("a1", ["b1"]), await countedAtB("arrive", "sgr-09")]).toEqual([[], 0]);
    expect(await countedAtB("arrive", nics.b1.id)).toBeGreaterThan(before);
  });

  test("without any rule there is still DHCP's answer to renewals, metadata and names", async () => {
    await bench.apply({ groups: [{ id: openGroup, rules: [] }] });
    const name = bench.guests.a1.run("busybox", "nslookup", "-type=a", "ip-172-31-9-8.ec2.internal", "172.31.0.2");
    const id = bench.guests.a1.fetch("http://169.254.169.254/latest/meta-data/instance-id");
    expect([await name, await id, await bench.reaches("a1", ["a2", "b1"])]).toEqual([expect.stringContaining("172.31.9.8"), "i-0123456789abcde11", []]);
  });

  test("of an agent that was killed holds, with its open connections, and with the next agent too", async () => {
    await guardB1([inbound("sgr-08", tcp(port), { cidrs: ["172.31.0.11/32"] })]);
    const open = await bench.guests.a1.connect(nics.b1.privateAddress, port);
    await Promise.all([bench.hosts.a.kill(), bench.hosts.b.kill()]);
    expect([await open?.echoes(), await opens("a2", "b1")]).toEqual([true, false]);
    await Promise.all([bench.hosts.a.open(), bench.hosts.b.open()]);
    await guardB1([inbound("sgr-08", tcp(port), { cidrs: ["172.31.0.12/32"] })]);
    expect([await open?.echoes(), await opens("a1", "b1"), await opens("a2", "b1")]).toEqual([true, false, true]);
  });
});

describe("a network ACL", () => {
  const entry = (egress: boolean, allow: boolean, traffic: TrafficSpecification, cidr = "0.0.0.0/0"): AclEntrySpecification => ({ number: 90, egress, allow, traffic, cidr });
  /** Of the subnet of a1, a2 and b1; groups allow everything. */
  const withAcl = (acl: readonly AclEntrySpecification[]) => bench.apply({ subnets: bench.subnets({ acl }) });

  test("that denies beats a group that allows, between subnets and not inside one", async () => {
    await withAcl([entry(false, false, { protocol: 1 }, "172.31.16.0/20"), ...allowAll]);
    expect([await bench.reaches("b2", ["b1"]), await countedAtB("arrive", aclEntryName(nics.b1.subnet.id, 90))]).toEqual([[], 1]);
    expect([await bench.reaches("b2", ["a1", "b1"]), await bench.reaches("a1", ["a2", "b1"]), await opens("b2", "b1")]).toEqual([[], ["a2", "b1"], true]);
  });

  test("knows no connections: an answer needs an entry of its own, and the first entry that matches counts", async () => {
    await withAcl([entry(true, true, tcp(port)), entry(false, true, tcp(1))]);
    expect(await opens("a1", "b2")).toBe(false);
    await withAcl([entry(true, true, tcp(port)), entry(false, true, { protocol: 6, ports: { from: 1_024, to: 65_535 } })]);
    expect(await opens("a1", "b2")).toBe(true);
    await withAcl([entry(true, false, tcp(port)), entry(true, true, tcp(port)), entry(false, true, allTraffic)]);
    expect(await opens("a1", "b2")).toBe(false);
  });

  test("without entries stops everything that leaves the subnet, open connections too", async () => {
    await withAcl(allowAll);
    const open = await bench.guests.a1.connect(nics.b2.privateAddress, port);
    await withAcl([]);
    expect([await open?.echoes(500), await bench.reaches("a1", ["a2", "b1", "b2"])]).toEqual([false, ["a2", "b1"]]);
  });
});
