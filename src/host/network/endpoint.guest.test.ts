/** How guests reach the installation's services: by an endpoint in their VPC, or by the public address; with packets between real namespaces on two hosts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupRuleSpecification, VpcSpecification } from "../protocol/specification.ts";
import { serviceAddressOf } from "./public-pool.ts";
import { FabricBench, nics, type GuestName } from "./testing/fabric-bench.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";
import { allTraffic, openGroup, openRules, placed } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
beforeAll(async () => {
  bench = await FabricBench.open();
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

const endpoint = { ...interfaceSpecimen("41", "1", "172.31.0.41"), subnet: nics.a1.subnet };
const endpointGroup = "sg-0eeeeeeeeeeeeeeee";
const regional = "ec2.us-east-1.amazonaws.com";
const services = () => serviceAddressOf(bench.hosts.plan.publicPool);
const publicOf = { a1: 61, b1: 62 } as const;

/** a1 and b1 have public addresses; a2 and b2 have none. */
function withPublic() {
  const addressesOf = (name: keyof typeof publicOf) => ({ publicAddresses: { [nics[name].privateAddress]: bench.hosts.publicAddress(publicOf[name]) } });
  return bench.placed({ a1: addressesOf("a1"), b1: addressesOf("b1") });
}

interface Scene {
  readonly rules?: readonly GroupRuleSpecification[];
  readonly change?: Partial<VpcSpecification>;
}

function withEndpoint({ rules = openRules, change = {} }: Scene = {}): Promise<number> {
  const own = placed(endpoint, undefined, { endpoint: true, groups: [endpointGroup] });
  const groups = [{ id: openGroup, rules: openRules }, { id: endpointGroup, rules }];
  return bench.apply({ interfaces: [...withPublic(), own], groups, names: [{ name: regional, addresses: [endpoint.privateAddress] }], ...change });
}

/** As whom the service sees the guest, and how it came; undefined: it did not. */
async function asks(name: GuestName, address: string, port: number): Promise<string | undefined> {
  const connection = await bench.guests[name].connect(address, port);
  return connection === undefined ? undefined : `${connection.peer} ${connection.seenAs}`;
}

async function resolves(guest: GuestName, name: string): Promise<string> {
  const program = `const r = new (require("dns").Resolver)({ timeout: 1000, tries: 2 }); r.setServers(["172.31.0.2"]); r.resolve4(${JSON.stringify(name)}, (error, found) => process.stdout.write(error ? error.code : found.join()))`;
  return bench.guests[guest].run(process.execPath, "-e", program);
}

test("An endpoint answers guests of each host there, by the services' ports only, and sees their own addresses", async () => {
  await withEndpoint();
  const own = (name: GuestName, way: string) => `${endpoint.id}:${way} ${nics[name].privateAddress}`;
  expect([await asks("a1", endpoint.privateAddress, 443), await asks("a2", endpoint.privateAddress, 80)]).toEqual([own("a1", "tls"), own("a2", "plain")]);
  expect([await asks("b1", endpoint.privateAddress, 80), await asks("b2", endpoint.privateAddress, 443)]).toEqual([own("b1", "plain"), own("b2", "tls")]);
  expect([await asks("a1", endpoint.privateAddress, 22), await bench.guests.a1.pings(endpoint.privateAddress), await asks("c", endpoint.privateAddress, 80)]).toEqual([undefined, false, undefined]);
});

test("The endpoint's security group decides who reaches it", async () => {
  const onlyFrom = (name: GuestName): GroupRuleSpecification => ({ id: "sgr-0000000000000000e", egress: false, traffic: allTraffic, peer: { cidrs: [`${nics[name].privateAddress}/32`] } });
  await withEndpoint({ rules: [onlyFrom("a1")] });
  expect([await asks("a1", endpoint.privateAddress, 80) !== undefined, await asks("a2", endpoint.privateAddress, 80), await asks("b1", endpoint.privateAddress, 80)]).toEqual([true, undefined, undefined]);
  await withEndpoint({ rules: [onlyFrom("b1")] });
  expect([await asks("a1", endpoint.privateAddress, 80), await asks("b1", endpoint.privateAddress, 80) !== undefined]).toEqual([undefined, true]);
});

test("Where routes lead out, guests with public addresses reach the services as these; others do not", async () => {
  await withEndpoint();
  const own = (name: keyof typeof publicOf, way: string) => `public:${way} ${bench.hosts.publicAddress(publicOf[name])}`;
  expect([await asks("a1", services(), 443), await asks("b1", services(), 80)]).toEqual([own("a1", "tls"), own("b1", "plain")]);
  expect([await asks("a2", services(), 80), await asks("a1", services(), 22), await bench.guests.a1.pings(services())]).toEqual([undefined, undefined, false]);
  await withEndpoint({ change: { subnets: bench.subnets({ routes: [] }) } });
  expect([await asks("a1", services(), 80), await asks("a1", endpoint.privateAddress, 80) !== undefined]).toEqual([undefined, true]);
});

test("A service's public name is the endpoint's address in its VPC, and the public one elsewhere", async () => {
  await withEndpoint();
  expect([await resolves("a1", regional), await resolves("b2", regional), await resolves("a1", "sts.us-east-1.amazonaws.com")]).toEqual([endpoint.privateAddress, endpoint.privateAddress, services()]);
  await bench.apply({ interfaces: withPublic() });
  await expect.poll(() => resolves("a1", regional)).toBe(services());
});

test("A new agent answers for the endpoints again, and one that is withdrawn leaves nothing behind", async () => {
  await withEndpoint();
  const { a } = bench.hosts;
  await a.kill();
  await a.open();
  await withEndpoint();
  await a.retainOnly([nics.a1.id, nics.a2.id]);
  expect([await asks("a1", endpoint.privateAddress, 80), await asks("a1", services(), 80)].every((answer) => answer !== undefined)).toBe(true);
  const standing = () => bench.hosts.namespaces().filter((name) => name.includes("-vpce")).length;
  expect(standing()).toBe(2);
  await bench.apply({ interfaces: withPublic() });
  expect([await asks("a1", endpoint.privateAddress, 80), standing()]).toEqual([undefined, 0]);
});
