import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { otherAccount } from "./test-server.ts";
import { makeVpc } from "./vpc-parts.ts";

const DhcpConfigurations = [
  { Key: "domain-name", Values: ["example.com"] },
  { Key: "domain-name-servers", Values: ["10.0.0.5", "10.0.0.6"] },
];

test("A VPC has another set of DHCP options, whose domain its guests are told, or none", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId: VpcId, subnetId: SubnetId } = await makeVpc(server);
  const { instance } = await launchOne(server, { SubnetId });
  const { DhcpOptions: made } = await ec2.createDhcpOptions({ DhcpConfigurations, TagSpecifications: [{ ResourceType: "dhcp-options", Tags: [{ Key: "Name", Value: "mine" }] }] });
  const DhcpOptionsId = made?.DhcpOptionsId ?? "";
  const toView = ({ Key, Values }: { Key: string; Values: string[] }) => ({ Key, Values: Values.map((Value) => ({ Value })) });
  expect([made?.DhcpConfigurations, made?.Tags]).toEqual([DhcpConfigurations.map(toView), [{ Key: "Name", Value: "mine" }]]);
  await ec2.associateDhcpOptions({ DhcpOptionsId, VpcId });
  await server.hosts.settle();
  const body = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("id", "=", instance).executeTakeFirstOrThrow());
  expect([JSON.parse(body.body).interfaces[0].domain, (await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs?.[0]?.DhcpOptionsId]).toEqual(["example.com", DhcpOptionsId]);
  await expectRefusals(server, [
    [() => ec2.deleteDhcpOptions({ DhcpOptionsId }), "DependencyViolation"],
    [() => ec2.associateDhcpOptions({ DhcpOptionsId: "dopt-0123456789abcdef0", VpcId }), "InvalidDhcpOptionID.NotFound"],
    [() => ec2.associateDhcpOptions({ DhcpOptionsId, VpcId: "vpc-0123456789abcdef0" }), "InvalidVpcID.NotFound"],
    [() => ec2.associateDhcpOptions({ DhcpOptionsId, VpcId, DryRun: true }), "DryRunOperation"],
  ]);
  await ec2.associateDhcpOptions({ DhcpOptionsId: "default", VpcId });
  expect((await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs?.[0]?.DhcpOptionsId).toBe("default");
  await expectRefusals(server, [[() => server.ec2(otherAccount).deleteDhcpOptions({ DhcpOptionsId }), "InvalidDhcpOptionID.NotFound"]]);
  await ec2.deleteDhcpOptions({ DhcpOptionsId });
});

test("Wrong DHCP options are refused and change nothing", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  await ec2.describeVpcs({});
  const make = (...options: (readonly [string, ...string[]])[]) => () => ec2.createDhcpOptions({ DhcpConfigurations: options.map(([Key, ...Values]) => ({ Key, Values })) });
  const wrong = [
    make(["colour", "red"]),
    make(["domain-name"]),
    make(["domain-name", "a b"]),
    make(["domain-name", "a.example"], ["domain-name", "b.example"]),
    make(["domain-name-servers", "1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]),
    make(["domain-name-servers", "AmazonProvidedDNS", "1.1.1.1"]),
    make(["ntp-servers", "time"]),
    make(["netbios-node-type", "3"]),
  ];
  await expectRefusals(server, wrong.map((call) => [call, "InvalidParameterValue"]));
  await expectRefusals(server, [[make(), "MissingParameter"]]);
  await expectRefusals(server, [[() => ec2.createDhcpOptions({ DhcpConfigurations, DryRun: true }), "DryRunOperation"]]);
});
