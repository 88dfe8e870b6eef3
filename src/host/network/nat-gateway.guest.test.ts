/** NAT gateways, with packets between real namespaces on two hosts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AclEntrySpecification, PlacedInterface, RouteSpecification, SubnetSpecification } from "../protocol/specification.ts";
import { ipBatch, runCommand, runInNamespace } from "./command.ts";
import { applianceNamespace, vpcNamespace } from "./names.ts";
import { FabricBench, nics } from "./testing/fabric-bench.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";
import { allowAll, allTraffic, placed, toInternet } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
let world: string;
beforeAll(async () => {
  bench = await FabricBench.open();
  world = bench.hosts.publicAddress(1);
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

const privateSubnet = nics.a1.subnet;
const publicSubnet = { id: "subnet-0bbbbbbbbbbbbbb78", cidr: "172.31.32.0/20" } as const;
const gateway = { ...interfaceSpecimen("31", "1", "172.31.32.31"), subnet: publicSubnet };
const throughGateway: RouteSpecification = { destination: "0.0.0.0/0", target: { kind: "interface", id: gateway.id } };
const elasticIp = () => bench.hosts.publicAddress(41);

interface Scene {
  readonly host?: "a" | "b" | undefined;
  readonly isPublic?: boolean;
  /** Private and public, besides the first pair. */
  readonly further?: readonly (readonly [string, string])[];
  readonly acl?: readonly AclEntrySpecification[];
  readonly routes?: readonly RouteSpecification[];
  readonly others?: readonly PlacedInterface[];
}

/** a1, a2 and b1 have no public address, and the gateway, in a subnet of its own, is their way out. */
async function apply({ host, isPublic = true, further = [], acl = allowAll, routes = [throughGateway], others = bench.placed() }: Scene): Promise<void> {
  const natted = placed(gateway, host === undefined ? undefined : bench.hostAddress(host), {
    natGateway: true,
    groups: [],
    sourceDestCheck: false,
    privateAddresses: [gateway.privateAddress, ...further.map(([own]) => own)],
    publicAddresses: isPublic ? { [gateway.privateAddress]: elasticIp(), ...Object.fromEntries(further) } : {},
  });
  const outer: SubnetSpecification = { ...publicSubnet, routes: [toInternet], acl };
  await bench.apply({ interfaces: [...others, ...(host === undefined ? [] : [natted])], subnets: [...bench.subnets({ routes }), outer] });
}

const withPublicB2 = () => bench.placed({ b2: { publicAddresses: { [nics.b2.privateAddress]: bench.hosts.publicAddress(42) } } });
const bothReach = async () => [await bench.guests.a1.pings(world), await bench.guests.b1.pings(world)];
const machinePings = (address: string) => runCommand("ping", ["-n", "-q", "-c", "1", "-W", "1", address]).then(() => true, () => false);
const gatewayNamespaces = () => bench.hosts.namespaces().filter((name) => name.includes("-nat"));

describe("a public NAT gateway", () => {
  test.each(["a", "b"] as const)("on host %s brings guests of both hosts out as its Elastic IP address, and nobody in", async (host) => {
    await apply({ host, others: withPublicB2() });
    if (host === "a") await bench.guests.b2.serve(7_101, "b2");
    const seen = await Promise.all((["a1", "a2", "b1"] as const).map((name) => bench.guests[name].connect(bench.hosts.publicAddress(42), 7_101)));
    expect(seen.map((connection) => connection?.seenAs)).toEqual([elasticIp(), elasticIp(), elasticIp()]);
    expect([await bothReach(), await machinePings(elasticIp()), await bench.guests.b2.pings(gateway.privateAddress)]).toEqual([[true, true], false, false]);
    expect(await bench.guests.b2.connect(elasticIp(), 7_101)).toBeUndefined();
  });

  test("with two addresses brings guests out as either, each guest to one place always as the same, and nobody in", async () => {
    const further = [["172.31.32.32", bench.hosts.publicAddress(43)]] as const;
    const places = Array.from({ length: 8 }, (_none, index) => bench.hosts.publicAddress(50 + index));
    const inner = places.map((_place, index) => `172.31.16.${50 + index}`);
    await ipBatch(inner.map((address) => `address replace ${address}/32 dev eth0`), { namespace: bench.guests.b2.namespace });
    const outside = { privateAddresses: [nics.b2.privateAddress, ...inner], publicAddresses: Object.fromEntries(inner.map((address, index) => [address, places[index] ?? ""])) };
    await apply({ host: "a", further, others: bench.placed({ b2: outside }) });
    const seenAs = async () => (await Promise.all(places.map((place) => bench.guests.a1.connect(place, 7_101)))).map((connection) => connection?.seenAs);
    const seen = await seenAs();
    expect([new Set(seen), await seenAs()]).toEqual([new Set([elasticIp(), bench.hosts.publicAddress(43)]), seen]);
    expect([await machinePings(bench.hosts.publicAddress(43)), await bench.guests.b2.pings("172.31.32.32")]).toEqual([false, false]);
    await apply({ host: "a", others: bench.placed({ b2: outside }) });
    expect(new Set(await seenAs())).toEqual(new Set([elasticIp()]));
  });

  test("is not there any more once the specification does not place it, and its traces neither", async () => {
    await apply({ host: "a" });
    expect([await bothReach(), gatewayNamespaces()]).toEqual([[true, true], [applianceNamespace(bench.hosts.plan.installation, "a", "natGateway", gateway.id)]]);
    await apply({});
    expect([await bothReach(), gatewayNamespaces()]).toEqual([[false, false], []]);
  });

  test("obeys its subnet's ACL and no security group", async () => {
    const closed = { host: "b", acl: allowAll.filter(({ egress }) => egress) } as const;
    await apply(closed);
    expect(await bothReach()).toEqual([false, false]);
    const outsideOnly = [...closed.acl, { number: 100, egress: false, allow: true, traffic: allTraffic, cidr: privateSubnet.cidr }];
    await apply({ host: "b", acl: outsideOnly });
    expect(await bothReach()).toEqual([false, false]); // the answers do not come in
    await apply({ host: "b" });
    expect(await bothReach()).toEqual([true, true]);
  });

  test("keeps open connections through the death of its agent, and is whole under the next", async () => {
    await apply({ host: "a", others: withPublicB2() });
    const open = await bench.guests.b1.connect(bench.hosts.publicAddress(42), 7_101);
    for (const host of [bench.hosts.a, bench.hosts.b]) {
      await host.kill();
      await host.open();
    }
    await apply({ host: "a", others: withPublicB2() });
    await bench.hosts.a.retainOnly([nics.a1.id, nics.a2.id]);
    expect([await open?.echoes(), await bothReach()]).toEqual([true, [true, true]]);
  });

  test("is made anew where something of it was lost", async () => {
    await apply({ host: "a" });
    await ipBatch([`netns delete ${applianceNamespace(bench.hosts.plan.installation, "a", "natGateway", gateway.id)}`]);
    await expect.poll(() => bothReach()).toEqual([false, false]);
    await apply({ host: "a", isPublic: false });
    await apply({ host: "a" });
    expect(await bothReach()).toEqual([true, true]);
  });

  test("tells whoever goes on with a connection that it has forgotten", async () => {
    await apply({ host: "a", others: withPublicB2() });
    await bench.guests.b2.serve(7_102, "b2");
    const open = await bench.guests.b1.connect(bench.hosts.publicAddress(42), 7_102);
    const sockets = () => bench.guests.b1.run("ss", "-Htn", "dport", "=", ":7102");
    expect([await open?.echoes(), await sockets()]).toEqual([true, expect.stringContaining("ESTAB")]);
    await runInNamespace(applianceNamespace(bench.hosts.plan.installation, "a", "natGateway", gateway.id), "echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established");
    await open?.echoes(1_500); // from now on every packet is the last that it remembers
    await expect.poll(sockets).not.toContain("ESTAB");
    await apply({});
  });
});

test("a private NAT gateway stands before its guests within the VPC and has no way out", async () => {
  const toB2: RouteSpecification = { destination: nics.b2.subnet.cidr, target: throughGateway.target };
  await apply({ host: "a", isPublic: false, routes: [throughGateway, toB2] });
  expect((await bench.guests.a1.connect(nics.b2.privateAddress, 7_101))?.seenAs).toBe(gateway.privateAddress);
  expect([await bothReach(), await bench.guests.b2.pings(gateway.privateAddress)]).toEqual([[false, false], false]);
});

test("a NAT gateway translates on a host that has no guest of its VPC, and takes the VPC with it when it goes", async () => {
  const { a } = bench.hosts;
  for (const { id } of [nics.a1, nics.a2]) await a.remove(id);
  await apply({ host: "a" });
  await a.kill();
  await a.open();
  await apply({ host: "a" });
  await a.retainOnly([]);
  const namespace = vpcNamespace(bench.hosts.plan.installation, "a", nics.a1.vpc.id);
  expect([await bench.guests.b1.pings(world), bench.hosts.namespaces().includes(namespace)]).toEqual([true, true]);
  await apply({});
  expect([await bench.guests.b1.pings(world), bench.hosts.namespaces().includes(namespace), gatewayNamespaces()]).toEqual([false, false, []]);
});
