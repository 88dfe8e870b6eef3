/** Connections from an Instance Connect Endpoint's interface to guests' private addresses, with packets between real namespaces on two hosts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupRuleSpecification } from "../protocol/specification.ts";
import { FabricBench, nics, type GuestName } from "./testing/fabric-bench.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";
import { allTraffic, openGroup, openRules, placed } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
const endpoint = { ...interfaceSpecimen("51", "1", "172.31.0.51"), subnet: nics.a1.subnet };
const [endpointGroup, guarded] = ["sg-0eeeeeeeeeeeeeee1", "sg-0aaaaaaaaaaaaaaa2"];
const ssh = { protocol: 6, ports: { from: 22, to: 22 } };
const outward: GroupRuleSpecification = { id: "sgr-0000000000000000e", egress: true, traffic: ssh, peer: { cidrs: ["172.31.0.0/16"] } };
const fromEndpoint: GroupRuleSpecification = { id: "sgr-0000000000000000f", egress: false, traffic: ssh, peer: { group: endpointGroup } };

/** a1 lets in what its rules say; the endpoint lets out what its own say. */
function withEndpoint(rules: readonly GroupRuleSpecification[] = [outward], guestRules: readonly GroupRuleSpecification[] = [fromEndpoint]): Promise<number> {
  const own = placed(endpoint, undefined, { connectEndpoint: true, groups: [endpointGroup], sourceDestCheck: false });
  const groups = [{ id: openGroup, rules: openRules }, { id: endpointGroup, rules }, { id: guarded, rules: guestRules }];
  return bench.apply({ interfaces: [...bench.placed({ a1: { groups: [guarded] } }), own], groups });
}

const greeting = (host: "a" | "b", guest: GuestName, port = 22, client?: string) => bench.hosts[host].tunnelGreetingOf(endpoint.id, nics[guest].privateAddress, port, client);

beforeAll(async () => {
  bench = await FabricBench.open();
  for (const name of ["a1", "b1", "b2"] as const) await bench.guests[name].serve(22, name);
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

test("A guest is reached on its own host, in the endpoint's subnet and another, and sees the endpoint's address", async () => {
  await withEndpoint();
  const seen = (name: GuestName) => `${name} ${endpoint.privateAddress}\n`;
  expect([await greeting("a", "a1"), await greeting("b", "b1"), await greeting("b", "b2")]).toEqual([seen("a1"), seen("b1"), seen("b2")]);
  expect([await greeting("a", "a2"), await greeting("a", "a2", 3389)]).toEqual(["refused", "timed-out"]);
});

test("The endpoint's security group decides whither it goes, the guest's whence it is reached, by the endpoint's group too", async () => {
  await withEndpoint([]);
  expect(await greeting("a", "a1")).toBe("timed-out");
  await withEndpoint([outward], [{ ...fromEndpoint, peer: { group: guarded } }]);
  expect(await greeting("a", "a1")).toBe("timed-out");
  await withEndpoint();
  expect(await greeting("a", "a1")).toBe(`a1 ${endpoint.privateAddress}\n`);
});

test("A guest sees the client's address where it is preserved, by its rules for that address, and its answers come back whatever its subnet's routes say", async () => {
  const client = "203.0.113.77";
  const fromClient: GroupRuleSpecification = { ...fromEndpoint, peer: { cidrs: [`${client}/32`] } };
  const both = async () => [await greeting("a", "a1"), await greeting("a", "a1", 22, client)];
  await withEndpoint();
  expect(await both()).toEqual([`a1 ${endpoint.privateAddress}\n`, "timed-out"]);
  await withEndpoint([outward], [fromClient]);
  expect(await both()).toEqual(["timed-out", `a1 ${client}\n`]);
  expect(await greeting("b", "b2", 22, client)).toBe(`b2 ${client}\n`);
});

test("Nobody reaches the endpoint, and nothing is left of it when it is gone", async () => {
  await withEndpoint([outward, { ...fromEndpoint, traffic: allTraffic, peer: { cidrs: ["0.0.0.0/0"] } }]);
  expect([await bench.guests.a2.connect(endpoint.privateAddress, 22), await bench.guests.a2.pings(endpoint.privateAddress)]).toEqual([undefined, false]);
  const standing = () => bench.hosts.namespaces().filter((name) => name.includes("-eice")).length;
  expect(standing()).toBe(2);
  await bench.apply({ interfaces: bench.placed() });
  expect([standing(), await greeting("a", "a1")]).toEqual([0, "unreachable"]);
});
