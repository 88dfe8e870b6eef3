/** Instance Connect Endpoints as resources: their states, their interface, who may make them and what stands in the way (facts §9.4). */
import { expect, test } from "vitest";
import { createUser } from "./identity-steps.ts";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, otherAccount } from "./test-server.ts";
import { launchOne } from "./launch-one.ts";
import { makeSubnet, makeVpc, type VpcParts } from "./vpc-parts.ts";

const unknown = "eice-0123456789abcdef0";

interface Furnished extends VpcParts {
  readonly group: string;
}

/** A VPC with a guest, whose host must hear of what comes. */
async function furnish(server: StaffedServer): Promise<Furnished> {
  const vpc = await makeVpc(server);
  const { ec2, vpcId: VpcId, subnetId: SubnetId } = vpc;
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  await launchOne(server, { SubnetId });
  await server.hosts.settle();
  return { ...vpc, group: group?.GroupId ?? "" };
}

const stateOf = async ({ ec2 }: VpcParts, id: string) => (await ec2.describeInstanceConnectEndpoints({ InstanceConnectEndpointIds: [id] })).InstanceConnectEndpoints?.[0]?.State;

test("An endpoint has an interface of its own in its subnet, is complete when hosts have it, changed and gone when they have done so", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId: VpcId, subnetId: SubnetId, group } = vpc;
  const Tags = [{ Key: "Name", Value: "door" }];
  const input = { SubnetId, ClientToken: "once", TagSpecifications: [{ ResourceType: "instance-connect-endpoint" as const, Tags }] };
  const { InstanceConnectEndpoint: made, ClientToken } = await ec2.createInstanceConnectEndpoint(input);
  const id = made?.InstanceConnectEndpointId ?? "";
  const again = await ec2.createInstanceConnectEndpoint(input);
  expect([made?.State, ClientToken, again.InstanceConnectEndpoint?.InstanceConnectEndpointId]).toEqual(["create-in-progress", "once", id]);
  await server.hosts.settle();
  const { InstanceConnectEndpoints: [found] = [] } = await ec2.describeInstanceConnectEndpoints({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  const DnsName = `${id}.${id.slice(-8)}.ec2-instance-connect-endpoint.us-east-1.amazonaws.com`;
  const InstanceConnectEndpointArn = `arn:aws:ec2:us-east-1:${account}:instance-connect-endpoint/${id}`;
  expect(found).toMatchObject({ OwnerId: account, InstanceConnectEndpointArn, State: "create-complete", DnsName, VpcId, SubnetId, PreserveClientIp: false, SecurityGroupIds: [group], IpAddressType: "ipv4", Tags });
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: found?.NetworkInterfaceIds ?? [] });
  expect(nic).toMatchObject({ InterfaceType: "ec2_instance_connect_endpoint", RequesterManaged: true, Status: "in-use", SubnetId, Description: `EC2 Instance Connect Endpoint ${id}`, Groups: [{ GroupId: group }] });

  const { GroupId: other = "" } = await ec2.createSecurityGroup({ VpcId, GroupName: "door", Description: "door" });
  expect((await ec2.modifyInstanceConnectEndpoint({ InstanceConnectEndpointId: id, SecurityGroupIds: [other] })).Return).toBe(true);
  expect(await stateOf(vpc, id)).toBe("update-in-progress");
  await server.hosts.settle();
  expect(await stateOf(vpc, id)).toBe("update-complete");
  await ec2.modifyInstanceConnectEndpoint({ InstanceConnectEndpointId: id, PreserveClientIp: true });
  await server.hosts.settle();
  const { InstanceConnectEndpoints: [preserving] = [] } = await ec2.describeInstanceConnectEndpoints({ InstanceConnectEndpointIds: [id] });
  expect(preserving).toMatchObject({ State: "update-complete", PreserveClientIp: true, SecurityGroupIds: [other] });
  await expectRefusals(server, [
    [() => ec2.deleteNetworkInterface({ NetworkInterfaceId: nic?.NetworkInterfaceId }), "InvalidParameterValue"],
    [() => ec2.deleteSecurityGroup({ GroupId: other }), "DependencyViolation"],
    [() => ec2.deleteSubnet({ SubnetId }), "DependencyViolation"],
  ]);

  expect((await ec2.deleteInstanceConnectEndpoint({ InstanceConnectEndpointId: id })).InstanceConnectEndpoint?.State).toBe("delete-in-progress");
  expect(await stateOf(vpc, id)).toBe("delete-in-progress");
  await server.hosts.settle();
  await expectRefusals(server, [[() => stateOf(vpc, id), "InvalidInstanceConnectEndpointId.NotFound"]]);
  await ec2.deleteSecurityGroup({ GroupId: other });
  expect((await ec2.describeTags({ Filters: [{ Name: "resource-id", Values: [id] }] })).Tags).toEqual([]);
});

test("What no endpoint can be is refused with EC2's codes, and changes nothing", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId: VpcId, subnetId: SubnetId } = await furnish(server);
  const { InstanceConnectEndpoint: made } = await ec2.createInstanceConnectEndpoint({ SubnetId });
  const own = { InstanceConnectEndpointId: made?.InstanceConnectEndpointId };
  const second = await makeSubnet(ec2, VpcId, "10.0.1.0/24");
  const { Subnets: [elsewhere] = [] } = await ec2.describeSubnets({ Filters: [{ Name: "default-for-az", Values: ["true"] }] });
  const { SecurityGroups: [foreign] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [elsewhere?.VpcId ?? ""] }] });
  const groups = [foreign?.GroupId ?? ""];
  await expectRefusals(server, [
    [() => ec2.createInstanceConnectEndpoint({ SubnetId: second }), "InstanceConnectEndpointLimitExceeded"],
    [() => ec2.createInstanceConnectEndpoint({ SubnetId: "subnet-0123456789abcdef0" }), "InvalidSubnetID.NotFound"],
    [() => ec2.createInstanceConnectEndpoint({ SubnetId: elsewhere?.SubnetId, IpAddressType: "ipv6" }), "UnsupportedOperation"],
    [() => ec2.modifyInstanceConnectEndpoint({ ...own, SecurityGroupIds: groups }), "InvalidGroup.NotFound"],
    [() => ec2.modifyInstanceConnectEndpoint({ InstanceConnectEndpointId: unknown }), "InvalidInstanceConnectEndpointId.NotFound"],
    [() => ec2.deleteInstanceConnectEndpoint({ InstanceConnectEndpointId: "eice-1" }), "InvalidInstanceConnectEndpointId.Malformed"],
    [() => server.ec2(otherAccount).deleteInstanceConnectEndpoint(own), "InvalidInstanceConnectEndpointId.NotFound"],
    [() => ec2.deleteInstanceConnectEndpoint({ ...own, DryRun: true }), "DryRunOperation"],
    [() => ec2.describeInstanceConnectEndpoints({ MaxResults: 51 }), "InvalidParameterValue"],
  ]);
});

test("A user makes endpoints as the policies allow, by their subnet and their tags", async () => {
  await using server = await openStaffedServer();
  const { subnetId: SubnetId, ec2 } = await furnish(server);
  const ann = server.ec2(await createUser(server, "ann", { Action: "ec2:CreateInstanceConnectEndpoint", Condition: { StringEqualsIfExists: { "ec2:SubnetID": SubnetId } } }));
  const tagged = { SubnetId, TagSpecifications: [{ ResourceType: "instance-connect-endpoint" as const, Tags: [{ Key: "a", Value: "b" }] }] };
  const { Subnets: [other] = [] } = await ec2.describeSubnets({ Filters: [{ Name: "default-for-az", Values: ["true"] }] });
  await expectRefusals(server, [
    [() => ann.createInstanceConnectEndpoint({ SubnetId: other?.SubnetId }), "UnauthorizedOperation"],
    [() => ann.createInstanceConnectEndpoint(tagged), "UnauthorizedOperation"],
    [() => ann.createInstanceConnectEndpoint({ SubnetId, DryRun: true }), "DryRunOperation"],
  ]);
});
