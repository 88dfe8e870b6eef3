/** How long a host takes to make large VPCs and small changes true; the limits are those that issue 4 names. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupRuleSpecification, InterfaceSpecification, PlacedInterface, VpcSpecification } from "../protocol/specification.ts";
import type { NamespaceGuest } from "./testing/namespace-guest.ts";
import { interfaceSpecimen, machineSpecimen } from "./testing/specimens.ts";
import { TwoHosts } from "./testing/two-hosts.ts";
import { anywhere, openRules, placed, vpcSpecimen } from "./testing/vpc-specimens.ts";

const [here, all, groups] = [50, 200, 10];
const limits = { wholeMs: 1_000, changeMs: 500 };
let hosts: TwoHosts;
let guest: NamespaceGuest;

const nics: readonly InterfaceSpecification[] = Array.from({ length: all }, (_, index) => {
  const digits = index.toString(16).padStart(4, "0");
  const nic = interfaceSpecimen("1", "1", `172.31.1.${index}`);
  return { ...nic, id: `eni-0aaaaaaaaaaaa${digits}` as const, mac: `06:00:00:00:${digits.slice(0, 2)}:${digits.slice(2)}` };
});
const groupId = (index: number) => `sg-0aaaaaaaaaaaaaa${String(index).padStart(2, "0")}`;

function rulesOf(group: number, count: number): readonly GroupRuleSpecification[] {
  const rule = (index: number): GroupRuleSpecification => ({
    id: `sgr-0${String(group * 1_000 + index).padStart(16, "0")}`,
    egress: false,
    traffic: { protocol: 6, ports: { from: 1_000 + index, to: 1_000 + index } },
    peer: index % 2 === 0 ? { group: groupId((group + 1) % groups) } : { cidrs: [`10.${group}.${index}.0/24`] },
  });
  return [...openRules.filter(({ egress }) => egress), ...Array.from({ length: count - 1 }, (_, index) => rule(index))];
}

/** Each interface is in one of the groups. */
function vpcOf(interfaces: number, rules: number, more: Readonly<Record<number, readonly GroupRuleSpecification[]>> = {}): VpcSpecification {
  const used = nics.slice(0, interfaces);
  const place = (nic: InterfaceSpecification, index: number): PlacedInterface => placed(nic, hosts.plan.nodes[index < here ? 0 : 1]?.address, { groups: [groupId(index % groups)] });
  return vpcSpecimen(used, used.map(place), { groups: Array.from({ length: groups }, (_, group) => ({ id: groupId(group), rules: [...rulesOf(group, rules / groups), ...(more[group] ?? [])] })) });
}

beforeAll(async () => {
  hosts = await TwoHosts.open();
  guest = await hosts.attach(hosts.a, machineSpecimen("1", nicAt(0)));
  await hosts.attach(hosts.a, machineSpecimen("2", nicAt(1)));
  for (const nic of nics.slice(2, here)) await hosts.a.start(machineSpecimen("3", nic));
});
afterAll(() => (hosts as TwoHosts | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

function nicAt(index: number): InterfaceSpecification {
  const nic = nics[index];
  if (nic === undefined) throw new Error(`there is no interface ${index}`);
  return nic;
}

test("1,000 rules and 200 interfaces are applied in less than a second, by an agent that takes over too", async () => {
  const { applyMs } = await hosts.a.applyVpc(vpcOf(all, 1_000));
  await hosts.a.kill();
  await hosts.a.open();
  const { applyMs: takeOverMs } = await hosts.a.applyVpc(vpcOf(all, 1_000));
  expect(Math.max(applyMs, takeOverMs)).toBeLessThan(limits.wholeMs);
});

test("one rule among 500 on 50 interfaces changes packets in less than half a second", async () => {
  await hosts.a.applyVpc(vpcOf(here, 500));
  const attempt = () => guest.pings(nicAt(1).privateAddress);
  expect(await attempt()).toBe(false);
  const icmp: GroupRuleSpecification = { id: "sgr-0fffffffffffffff1", egress: false, traffic: { protocol: 1 }, peer: anywhere };
  const began = performance.now();
  await hosts.a.applyVpc(vpcOf(here, 500, { 1: [icmp] }));
  expect(await attempt()).toBe(true);
  expect(performance.now() - began).toBeLessThan(limits.changeMs);
});
