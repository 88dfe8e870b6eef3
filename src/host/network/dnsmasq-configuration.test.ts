import { expect, test } from "vitest";
import { dnsmasqFiles, type ResolverKnowledge } from "./dnsmasq-configuration.ts";
import { dnsmasqPaths } from "./dnsmasq.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";

const first = interfaceSpecimen("1", "1", "172.31.0.5", "198.18.4.10");
const second = { ...interfaceSpecimen("2", "1", "172.31.16.9"), subnet: { ...first.subnet, id: "subnet-0999" as const, cidr: "172.31.16.0/20" } };

const nothing: ResolverKnowledge = { upstream: [], names: [], serviceAddress: undefined };

test("dnsmasq is told this of a VPC with two subnets, one public address and a resolver to ask", async () => {
  const files = dnsmasqFiles([first, second], { ...nothing, upstream: ["192.0.2.53"] }, 9_001, dnsmasqPaths("/run/vpc"));
  const text = Object.entries(files).map(([name, content]) => `== ${name}\n${content}`).join("\n");
  await expect(text).toMatchFileSnapshot("golden/dnsmasq.txt");
});

test("dnsmasq is told this besides of a subnet with IPv6", async () => {
  const dual = { ...first, subnet: { ...first.subnet, ipv6Cidr: "3fff:0:0:101::/64" }, ipv6Addresses: ["3fff:0:0:101::a", "3fff:0:0:101::b"] };
  const [before, files] = [first, dual].map((nic) => Object.values(dnsmasqFiles([nic, second], nothing, 9_001, dnsmasqPaths("/run/vpc"))).join("").split("\n"));
  expect(files?.filter((line) => before?.includes(line) !== true)).toEqual([
    "enable-ra",
    "ra-param=eni*,60,1800",
    "dhcp-duid=32473,02:ec:2a:00:00:01",
    "dhcp-option=tag:known,option6:dns-server,[fd00:ec2::253]",
    "dhcp-range=3fff:0:0:101::,static,off-link,64,3600",
    "06:00:00:00:00:01,172.31.0.5,[3fff:0:0:101::a],ip-172-31-0-5,3600",
  ]);
});

test("without resolvers to ask no name outside the VPC exists", () => {
  const files = dnsmasqFiles([first], nothing, 9_001, dnsmasqPaths("/run/vpc"));
  expect(files.configuration.split("\n").filter((line) => /^(?:local|server)=/.test(line))).toEqual(["local=/#/", "local=/ec2.internal/"]);
});

test("the services' public names lead to their public address, but for those that an endpoint of the VPC has, and nobody else is asked about them", () => {
  const names = [
    { name: "vpce-0a-0a.ec2.us-east-1.vpce.amazonaws.com", addresses: ["172.31.0.20", "172.31.16.20"] },
    { name: "ec2.us-east-1.amazonaws.com", addresses: ["172.31.0.20", "172.31.16.20"] },
  ];
  const { hosts, configuration } = dnsmasqFiles([first], { upstream: ["192.0.2.53"], names, serviceAddress: "198.18.4.3" }, 9_001, dnsmasqPaths("/run/vpc"));
  const addressesOf = (name: string) => hosts.split("\n").flatMap((line) => (line.endsWith(` ${name}`) ? (line.split(" ")[0] ?? []) : []));
  expect(["ec2.us-east-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com", "sts.amazonaws.com"].map(addressesOf)).toEqual([["172.31.0.20", "172.31.16.20"], ["198.18.4.3"], ["198.18.4.3"]]);
  expect(configuration.split("\n")).toEqual(expect.arrayContaining(["local=/ec2.us-east-1.amazonaws.com/", "local=/sts.amazonaws.com/", "local=/vpce.amazonaws.com/"]));
});
