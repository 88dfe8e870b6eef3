import type { CreateFlowLogsCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { account, openTestServer, otherAccount, type TestServer } from "./test-server.ts";
import { look, makeReal } from "./told-hosts.ts";
import { makeVpc } from "./vpc-parts.ts";

const unknown = "fl-0123456789abcdef0";
const role = "arn:aws:iam::123456789012:role/flow-logs";
const toGroup = { LogGroupName: "/vpc/flows", DeliverLogsPermissionArn: role } as const;

/** A request for the VPC's log, which is to be whole but for the change. */
function ofVpc(vpcId: string, change: Partial<CreateFlowLogsCommandInput> = {}): CreateFlowLogsCommandInput {
  return { ResourceIds: [vpcId], ResourceType: "VPC", TrafficType: "ALL", ...toGroup, ...change };
}

async function toldLogs({ store }: TestServer): Promise<Record<string, VpcSpecification["flowLogs"]>> {
  const rows = await store.read((tx) => tx.db.selectFrom("specifications").selectAll().where("kind", "=", "vpc").execute());
  return Object.fromEntries(rows.map((row) => [row.host_id, (JSON.parse(row.body) as VpcSpecification).flowLogs])); // written by publish
}

test("A flow log of a VPC is shown as it was asked for, once for a token, and gone when it is deleted", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const Tags = [{ Key: "Name", Value: "all" }];
  const request = ofVpc(vpcId, { ClientToken: "once", MaxAggregationInterval: 60, TagSpecifications: [{ ResourceType: "vpc-flow-log", Tags }] });
  const { FlowLogIds: [id = ""] = [], Unsuccessful: refused, ClientToken: token } = await ec2.createFlowLogs(request);
  expect([(await ec2.createFlowLogs(request)).FlowLogIds, refused, token]).toEqual([[id], [], "once"]);
  const whole = {
    FlowLogId: expect.stringMatching(/^fl-0[0-9a-f]{16}$/),
    FlowLogStatus: "ACTIVE",
    ResourceId: vpcId,
    TrafficType: "ALL",
    LogDestinationType: "cloud-watch-logs",
    LogGroupName: "/vpc/flows",
    DeliverLogsPermissionArn: role,
    DeliverLogsStatus: "SUCCESS",
    LogFormat: "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
    MaxAggregationInterval: 60,
    CreationTime: expect.any(Date),
    Tags,
  };
  expect((await ec2.describeFlowLogs({ FlowLogIds: [id] })).FlowLogs).toEqual([whole]);
  expect((await ec2.describeFlowLogs({ Filter: [{ Name: "resource-id", Values: [vpcId] }, { Name: "traffic-type", Values: ["ALL"] }] })).FlowLogs).toHaveLength(1);
  expect((await ec2.deleteFlowLogs({ FlowLogIds: [id] })).Unsuccessful).toEqual([]);
  expect((await ec2.describeFlowLogs({})).FlowLogs).toEqual([]);
});

test("What cannot be logged is named with its reason, and the rest is logged; a log goes with its resource", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const request = { ResourceIds: [subnetId, "subnet-0123456789abcdef0"], ResourceType: "Subnet", TrafficType: "REJECT", LogDestinationType: "s3", LogDestination: "arn:aws:s3:::flows/here/" } satisfies CreateFlowLogsCommandInput;
  const { FlowLogIds: made = [], Unsuccessful: [missing] = [] } = await ec2.createFlowLogs(request);
  expect([made.length, missing]).toEqual([1, { ResourceId: "subnet-0123456789abcdef0", Error: { Code: "InvalidSubnetID.NotFound", Message: expect.any(String) } }]);
  const codes = async (change: object) => (await ec2.createFlowLogs({ ...request, ...change })).Unsuccessful?.map(({ Error: error }) => error?.Code);
  expect(await codes({})).toEqual(["InvalidSubnetID.NotFound", "FlowLogAlreadyExists"]);
  expect([await codes({ TrafficType: "ACCEPT", ResourceIds: [subnetId] }), await codes({ TrafficType: "ALL", ResourceIds: [subnetId] })]).toEqual([[], ["FlowLogsLimitExceeded"]]);
  await ec2.createFlowLogs(ofVpc(vpcId));
  await ec2.deleteSubnet({ SubnetId: subnetId });
  expect((await ec2.describeFlowLogs({})).FlowLogs?.map((log) => log.ResourceId)).toEqual([vpcId]);
  await ec2.deleteVpc({ VpcId: vpcId });
  expect((await ec2.describeFlowLogs({})).FlowLogs).toEqual([]);
});

test("A request that is not whole or names what is not there is refused and changes nothing", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const { FlowLogIds: [mine = ""] = [] } = await ec2.createFlowLogs(ofVpc(vpcId));
  const create = (change: object) => () => ec2.createFlowLogs(ofVpc(vpcId, { TrafficType: "ACCEPT", ...change }));
  const toBucket = { LogGroupName: undefined, DeliverLogsPermissionArn: undefined, LogDestinationType: "s3" };
  await expectRefusals(server, [
    [create({ TrafficType: undefined }), "MissingParameter"],
    [create({ TrafficType: "SOME" }), "InvalidParameterValue"],
    [create({ ResourceType: "Instance" }), "InvalidParameterValue"],
    [create({ ResourceType: "TransitGateway" }), "UnsupportedOperation"],
    [create({ ResourceIds: [] }), "MissingParameter"],
    [create({ MaxAggregationInterval: 61 }), "InvalidParameter"],
    [create({ LogFormat: "${version} ${nothing}" }), "InvalidParameter"],
    [create({ LogFormat: "version" }), "InvalidParameter"],
    [create({ LogGroupName: undefined }), "InvalidParameter"],
    [create({ DeliverLogsPermissionArn: undefined }), "InvalidParameter"],
    [create({ LogDestinationType: "s3" }), "InvalidParameter"],
    [create({ LogDestinationType: "kinesis-data-firehose" }), "UnsupportedOperation"],
    [create({ LogDestinationType: "paper" }), "InvalidParameterValue"],
    [create({ LogGroupName: "../../etc" }), "LogDestinationNotFound"],
    [create({ LogGroupName: undefined, LogDestination: `arn:aws:logs:us-east-1:${otherAccount}:log-group:flows` }), "LogDestinationPermissionIssue"],
    [create({ LogGroupName: undefined, LogDestination: `arn:aws:logs:eu-west-1:${account}:log-group:flows` }), "LogDestinationPermissionIssue"],
    [create({ ...toBucket }), "InvalidParameter"],
    [create({ ...toBucket, LogDestination: "flows" }), "InvalidParameter"],
    [create({ ...toBucket, LogDestination: "arn:aws:s3:::flows/../.." }), "LogDestinationNotFound"],
    [create({ DryRun: true }), "DryRunOperation"],
    [() => ec2.deleteFlowLogs({ FlowLogIds: [unknown] }), "InvalidFlowLogId.NotFound"],
    [() => ec2.deleteFlowLogs({ FlowLogIds: ["fl-1"] }), "InvalidParameterValue"],
    [() => ec2.deleteFlowLogs({ FlowLogIds: [] }), "MissingParameter"],
    [() => server.ec2(otherAccount).deleteFlowLogs({ FlowLogIds: [mine] }), "InvalidFlowLogId.NotFound"],
    [() => ec2.describeFlowLogs({ FlowLogIds: [unknown] }), "InvalidFlowLogId.NotFound"],
  ]);
});

test("A host is told the logs of the interfaces that it has, and when there are none any more", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const ec2 = server.ec2();
  const [here, there] = [await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } }), await launchOne(server, { Placement: { AvailabilityZone: "us-east-1b" } })];
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [here.networkInterface] });
  const LogFormat = "${interface-id} ${flow-direction}";
  const { FlowLogIds: [id = ""] = [] } = await ec2.createFlowLogs({ ResourceIds: [nic?.SubnetId ?? ""], ResourceType: "Subnet", TrafficType: "ALL", LogFormat, LogDestinationType: "s3", LogDestination: "arn:aws:s3:::flows/a/b" });
  await look(server);
  const logs = Object.values(await toldLogs(server)).filter((told) => (told ?? []).length > 0);
  expect(logs).toEqual([
    [
      {
        id,
        account: nic?.OwnerId,
        region: "us-east-1",
        traffic: "ALL",
        intervalSeconds: 600,
        fields: ["interface-id", "flow-direction"],
        destination: { kind: "s3", bucket: "flows", prefix: "a/b/" },
        interfaces: [{ id: here.networkInterface, subnet: nic?.SubnetId, zoneId: "use1-az1", instance: here.instance }],
      },
    ],
  ]);
  expect(there.networkInterface).not.toBe(here.networkInterface);
  await ec2.deleteFlowLogs({ FlowLogIds: [id] });
  await look(server);
  expect(Object.values(await toldLogs(server))).toEqual([undefined, undefined]);
});
