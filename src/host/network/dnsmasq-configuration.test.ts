import { expect, test } from "vitest";
import { dnsmasqFiles } from "./dnsmasq-configuration.ts";
import { dnsmasqPaths } from "./dnsmasq.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";

const first = interfaceSpecimen("1", "1", "172.31.0.5", "198.18.4.10");
const second = { ...interfaceSpecimen("2", "1", "172.31.16.9"), subnet: { ...first.subnet, id: "subnet-0999" as const, cidr: "172.31.16.0/20" } };

test("dnsmasq is told this of a VPC with two subnets, one public address and a resolver to ask", async () => {
  const files = dnsmasqFiles([first, second], ["192.0.2.53"], 9_001, dnsmasqPaths("/run/vpc"));
  const text = Object.entries(files).map(([name, content]) => `== ${name}\n${content}`).join("\n");
  await expect(text).toMatchFileSnapshot("golden/dnsmasq.txt");
});

test("without resolvers to ask no name outside the VPC exists, and one subnet's options are listed once", () => {
  const files = dnsmasqFiles([first, { ...second, subnet: first.subnet }], [], 9_001, dnsmasqPaths("/run/vpc"));
  expect({ local: files.configuration.split("\n").filter((line) => /^(?:local|server)=/.test(line)), options: files.options.split("\n").length }).toEqual({
    local: ["local=/#/", "local=/ec2.internal/"],
    options: 7,
  });
});
