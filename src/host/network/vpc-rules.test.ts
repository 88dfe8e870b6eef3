import { expect, test } from "vitest";
import type { VpcSpecification } from "../protocol/specification.ts";
import { fabricLines } from "./fabric-lines.ts";
import { ipv6Lines } from "./ipv6-lines.ts";
import { natGatewayRules } from "./nat-gateway.ts";
import { tableChanges, wholeTable } from "./rule-table.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";
import { allowAll, anywhere, openGroup, placed, vpcSpecimen } from "./testing/vpc-specimens.ts";
import { vpcIpv6Rules } from "./vpc-ipv6-rules.ts";
import { overlayRules, vpcRules } from "./vpc-rules.ts";
import { vpcScene, type VpcScene } from "./vpc-scene.ts";

const [here, there] = ["198.18.0.2", "198.18.0.3"];
const one = interfaceSpecimen("1", "1", "172.31.0.5", "198.18.4.10");
const two = { ...interfaceSpecimen("2", "1", "172.31.16.9"), subnet: { id: "subnet-0bbbbbbbbbbbbbb02", cidr: "172.31.16.0/20" } as const };
const away = interfaceSpecimen("3", "1", "172.31.0.7");
const connected = [one, two].map((nic, index) => ({ nic, metadataPort: 20_000 + index, hopLimit: index + 1, connected: true }));

const rules = [
  { id: "sgr-01", egress: true, traffic: { protocol: -1 }, peer: anywhere },
  { id: "sgr-02", egress: false, traffic: { protocol: 6, ports: { from: 22, to: 22 } }, peer: { cidrs: ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.1/32"] } },
  { id: "sgr-03", egress: false, traffic: { protocol: 1, icmp: { type: 8, code: -1 } }, peer: { group: openGroup } },
];
const closedAcl = [...allowAll.filter(({ egress }) => egress), { number: 90, egress: false, allow: false, traffic: { protocol: 17, ports: { from: 53, to: 60 } }, cidr: "172.31.0.0/20" }];
const interfaces = [
  placed(one, here, { privateAddresses: ["172.31.0.5", "172.31.0.6"], publicAddresses: { "172.31.0.5": "198.18.4.10", "172.31.0.6": "198.18.4.11" } }),
  placed(two, here, { sourceDestCheck: false }),
  placed(away, there),
];
const whole = vpcSpecimen([one, two], interfaces, { groups: [{ id: openGroup, rules }] });
const specification: VpcSpecification = {
  ...whole,
  subnets: whole.subnets.map((subnet) =>
    subnet.id === two.subnet.id
      ? { ...subnet, acl: closedAcl, routes: [{ destination: "0.0.0.0/0", target: { kind: "interface", id: away.id } }, { destination: "203.0.113.0/24", target: { kind: "blackhole" } }] }
      : subnet,
  ),
};

function sceneOf(change: Partial<VpcSpecification> | undefined = {}): VpcScene {
  const scene = vpcScene(change === undefined ? undefined : { ...specification, ...change }, connected, here);
  if (scene === undefined) throw new Error("nothing is connected");
  return scene;
}
const tableOf = (scene: VpcScene) => vpcRules({ linkAddress: "169.254.64.2", underlayBlock: "198.18.0.0/22", scene });

test("a VPC with two interfaces here and one elsewhere has these rules and these routes", async () => {
  await expect(wholeTable(tableOf(sceneOf())) + overlayRules(sceneOf())).toMatchFileSnapshot("golden/vpc-rules.nft");
  await expect([...fabricLines(sceneOf())].map(([key, line]) => `${key}: ${line}\n`).join("")).toMatchFileSnapshot("golden/fabric-lines.txt");
});

test("a host on the machine's switch has a wire besides, by which the addresses of hosts on it are reached and no route to an interface leads", () => {
  const wired = { ...specification, interfaces: interfaces.map((nic) => ({ ...nic, isHostOnSwitch: true as const })) };
  const scene = vpcScene(wired, connected, here, true) ?? sceneOf();
  const lines = [...fabricLines(scene).values()];
  const bare = [...fabricLines(sceneOf()).values()];
  expect(lines.filter((line) => !bare.includes(line))).toEqual(["neigh replace 172.31.0.7 lladdr 0a:00:cc:01:00:03 dev wire nud permanent", "route replace 172.31.0.7/32 via 172.31.0.7 dev wire onlink table 254 proto 73"]);
  expect(overlayRules(scene)).toContain("\t\tip daddr { 172.31.0.5, 172.31.0.6, 172.31.16.9 } accept\n");
});

test("a packet within the VPC asks its subnet's table where a route bends its way", () => {
  const rules = (destination: string) => tableOf(sceneOf({ subnets: specification.subnets.map((subnet) => ({ ...subnet, routes: [{ destination, target: { kind: "interface", id: away.id } }] })) })).chains.get("choose_table")?.rules;
  expect([rules("172.31.32.0/20"), rules("172.0.0.0/8")].map((all) => all?.[0]?.startsWith("ip daddr !="))).toEqual([false, true]);
});

test("a VPC with IPv6 has these rules and routes besides, and one without has none", async () => {
  const [dual, plain] = [{ ipv6Cidr: "3fff:0:0:101::/64" }, { ipv6Cidr: "3fff:0:0:102::/64" }];
  const addresses = { [one.id]: ["3fff:0:0:101::a", "3fff:0:0:101::b"], [two.id]: ["3fff:0:0:102::c", "3fff:0:0:102:1::/80"], [away.id]: ["3fff:0:0:101::d", "3fff:0:0:101:2::/80"] };
  const out = [{ destination: "2001:db8::/32", target: { kind: "internet" } }, { destination: "::/0", target: { kind: "egress-only" } }] as const;
  const ipv6TableOf = (of: VpcScene) => vpcIpv6Rules(of, "fd00:ec2::1:1");
  const ipv6Rules = [{ id: "sgr-04", egress: false, traffic: { protocol: 58, icmp: { type: 128 } }, peer: { cidrs: ["2001:db8::/32", "2001:db8:1::/48"] } }];
  const scene = sceneOf({
    ipv6Cidrs: ["3fff:0:0:100::/56"],
    interfaces: interfaces.map((nic) => ({ ...nic, ipv6Addresses: addresses[nic.id] ?? [] })),
    subnets: specification.subnets.map((subnet) =>
      subnet.id === one.subnet.id
        ? { ...subnet, ...dual, routes: [...subnet.routes, ...out] }
        : { ...subnet, ...plain, routes: [...subnet.routes, { destination: "::/0", target: { kind: "interface", id: away.id } }] },
    ),
    groups: [{ id: openGroup, rules: [...rules, ...ipv6Rules] }],
  });
  await expect(wholeTable(ipv6TableOf(scene)) + overlayRules(scene)).toMatchFileSnapshot("golden/vpc-ipv6-rules.nft");
  await expect(ipv6Lines(scene, 0).map(([key, line]) => `${key}: ${line}\n`).join("")).toMatchFileSnapshot("golden/ipv6-lines.txt");
  const without = [...ipv6TableOf(sceneOf()).chains].filter(([, { hook }]) => hook === undefined);
  expect([ipv6Lines(sceneOf(), 0), without.map(([name]) => name)]).toEqual([[], ["metadata_reply"]]);
});

test("before the VPC's specification is known, nothing is allowed, translated or let out", () => {
  const { chains, sets } = tableOf(vpcScene(undefined, connected, here) ?? sceneOf());
  expect([...chains].filter(([name]) => /^(?:leave|arrive)_/.test(name)).flatMap(([, { rules }]) => rules)).toEqual([one, one, two, two].map(({ id }) => `counter drop comment "${id}"`));
  expect([sets.size, ...[...chains.values()].flatMap(({ rules }) => rules.filter((rule) => / map |oifname "uplink".* accept/.test(rule)))]).toEqual([0]);
});

test("a member more or a rule less changes only the group's set or chain", () => {
  const before = tableOf(sceneOf());
  const moreMembers = tableOf(sceneOf({ interfaces: [...interfaces, placed(interfaceSpecimen("4", "1", "172.31.0.8"), there)] }));
  expect(tableChanges(before, moreMembers)).toBe("add element ip hostelry members_sg_0dddddddddddddddd { 172.31.0.8 }\n");
  const fewerRules = tableOf(sceneOf({ groups: [{ id: openGroup, rules: rules.slice(0, 2) }] }));
  expect(tableChanges(before, fewerRules).split("\n").map((line) => line.replace(/add rule ip hostelry (\S+) .*/, "add rule $1"))).toEqual([
    "flush chain ip hostelry arrive_sg_0dddddddddddddddd",
    "delete set ip hostelry members_sg_0dddddddddddddddd",
    "add rule arrive_sg_0dddddddddddddddd",
    "",
  ]);
  expect(tableChanges(before, tableOf(sceneOf()))).toBe("");
});

test("a NAT gateway has these rules, and its interface passes no security group", async () => {
  await expect(natGatewayRules([two.privateAddress])).toMatchFileSnapshot("golden/nat-gateway.nft");
  await expect(natGatewayRules([two.privateAddress, "172.31.16.10"])).toMatchFileSnapshot("golden/nat-gateway-of-two-addresses.nft");
  const scene = vpcScene(specification, connected.map((known) => (known.nic === two ? { ...known, appliance: "natGateway" as const } : known)), here);
  const { chains } = tableOf(scene ?? sceneOf());
  expect([...chains].flatMap(([name, { rules }]) => (name === "leaving" || name === "arriving" ? rules.filter((rule) => rule.includes("vmap")) : []))).toEqual([
    'iifname vmap { "eniaaaaaaaaaa01" : goto leave_eniaaaaaaaaaa01, "eniaaaaaaaaaa02" : accept }',
    'oifname vmap { "eniaaaaaaaaaa01" : goto arrive_eniaaaaaaaaaa01, "eniaaaaaaaaaa02" : accept }',
  ]);
});
