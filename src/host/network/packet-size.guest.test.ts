/** How large packets are between a host whose way has room for 9001 bytes inside VPCs and one whose way has not, with packets between namespaces and a real guest. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupRuleSpecification, InterfaceSpecification, PlacedInterface } from "../protocol/specification.ts";
import { FabricBench, nics } from "./testing/fabric-bench.ts";
import { interfaceSpecimen, machineSpecimen } from "./testing/specimens.ts";
import { allTraffic, openGroup, openRules, placed } from "./testing/vpc-specimens.ts";

const [underlayMtu, hostMtu] = [1_500, 1_450];
const headers = { ipv4: 28, ipv6: 48 };

let bench: FabricBench;
beforeAll(async () => {
  bench = await FabricBench.open({ ipv6: true, isWired: false, mtuOfB: underlayMtu });
  for (const name of ["b1", "b2"] as const) await bench.guests[name].run("ip", "link", "set", "eth0", "mtu", String(hostMtu)); // as DHCP tells a guest
  await applyKnowing();
  await bench.hearRouters();
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

const everything6 = [true, false].map((egress): GroupRuleSpecification => ({ id: `sgr-6${egress ? 1 : 2}`, egress, traffic: allTraffic, peer: { cidrs: ["::/0"] } }));
const groups = [{ id: openGroup, rules: [...openRules, ...everything6] }];

/** The hosts know host b's size; `more`: interfaces besides. */
function applyKnowing(...more: readonly PlacedInterface[]): Promise<number> {
  return bench.apply({ interfaces: [...bench.placed({ b1: { hostMtu }, b2: { hostMtu } }), ...more], groups });
}

/** Whether an unbroken packet of so many bytes is answered, and else what the sender was told. */
async function sends(address: string, bytes: number): Promise<string> {
  const size = bytes - (address.includes(":") ? headers.ipv6 : headers.ipv4);
  const said = await bench.guests.a1.run("sh", "-c", `ping -n -c 1 -W 1 -M do -s ${size} ${address} 2>&1 || true`);
  if (said.includes(" 1 received")) return "answered";
  return /mtu ?= ?\d+/.exec(said)?.[0].replaceAll(" ", "") ?? "lost";
}

async function forgetSizes(): Promise<void> {
  for (const family of ["-4", "-6"]) await bench.guests.a1.run("ip", family, "route", "flush", "cache");
}

test("whoever sends a packet that is too large for the other's host is told, and on the own host packets have 9001 bytes", async () => {
  const { a2, b1 } = nics;
  expect([await sends(b1.privateAddress, hostMtu), await sends(b1.privateAddress, hostMtu + 1), await sends(a2.privateAddress, 9_001)]).toEqual(["answered", `mtu=${hostMtu}`, "answered"]);
  expect([await sends(bench.ipv6Of("b1"), hostMtu), await sends(bench.ipv6Of("b1"), hostMtu + 1), await sends(bench.ipv6Of("a2"), 9_001)]).toEqual(["answered", `mtu=${hostMtu}`, "answered"]);
  await forgetSizes();
});

test("what may be broken into pieces arrives whatever its size, between subnets too", async () => {
  const arrives = ({ privateAddress }: InterfaceSpecification) => bench.guests.a1.pings(privateAddress, "-M", "dont", "-s", "8000");
  expect([await arrives(nics.b1), await arrives(nics.b2)]).toEqual([true, true]);
});

test("without knowing the host's size, large packets to it would be lost", async () => {
  await bench.apply({ groups });
  await forgetSizes();
  expect(await sends(nics.b1.privateAddress, 9_001)).toBe("lost");
  await applyKnowing();
  expect(await sends(nics.b1.privateAddress, 9_001)).toBe(`mtu=${hostMtu}`);
});

test("a guest of that host is told the size that it may send", async () => {
  const nic = interfaceSpecimen("16", "1", "172.31.0.16");
  await applyKnowing(placed(nic, bench.hostAddress("b"), { hostMtu }));
  const guest = await bench.hosts.boot(bench.hosts.b, machineSpecimen("16", nic));
  expect(await guest.acquireAddress()).toContain(`mtu=${hostMtu}`);
  await guest.run(`ip link set vec0 mtu ${hostMtu}`);
  const sent = (bytes: number) => guest.run(`ping -c 1 -W 1 -s ${bytes - headers.ipv4} ${nics.a1.privateAddress} | grep -c 'ttl='`);
  expect([await sent(hostMtu), await sent(3 * hostMtu)]).toEqual(["1", "1"]);
});
