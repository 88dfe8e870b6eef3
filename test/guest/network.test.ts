/**
 * What guests of one VPC, on hosts of two zones, can send each other as groups and network ACLs change, and that a second VPC with the same addresses is another world. Each
 * guest answers at one port with its name, and then says what it is told.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EC2, waitUntilNatGatewayAvailable, waitUntilNatGatewayDeleted, waitUntilNetworkInterfaceAvailable, type IpPermission, type NetworkAclEntry } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CountedHop } from "../../src/cli/reach/reach-report.ts";
import { loadRules } from "../../src/host/network/command.ts";
import { switchNamespace, switchPort } from "../../src/host/network/names.ts";
import { describeInstance } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";
import { answerPort, echoes, everywhere, VpcGuests, type Place } from "../installation/vpc-guests.ts";

const port = answerPort;
const logins: IpPermission = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everywhere }] };
const soon = { interval: 100 };

let installation: TestInstallation;
let guests: VpcGuests;
let ec2: EC2;
let [client, server] = ["", ""];
let [clients, servers] = ["", ""];
let clientPlace: Place;
let serverPlace: Place;
let serverAddress = "";

beforeAll(async () => {
  installation = await bringUp({ withSsh: false });
  guests = await VpcGuests.open(installation);
  ({ ec2 } = guests);
  [clientPlace, serverPlace] = [await guests.defaultSubnet("us-east-1b"), await guests.defaultSubnet("us-east-1a")];
  [clients, servers] = [await guests.createGroup("clients", serverPlace.vpc, logins), await guests.createGroup("servers", serverPlace.vpc, logins)];
  client = await guests.launch("client", "hvm", { SubnetId: clientPlace.subnet, SecurityGroupIds: [clients] });
  server = await guests.launch("server", "paravirtual", { SubnetId: serverPlace.subnet, SecurityGroupIds: [servers] });
  serverAddress = await guests.privateAddress(server);
  await ec2.createFlowLogs({ ResourceIds: [serverPlace.vpc], ResourceType: "VPC", TrafficType: "ALL", MaxAggregationInterval: 60, LogGroupName: "network", DeliverLogsPermissionArn: "arn:aws:iam::123456789012:role/logs" });
  await guests.untilAnswering([client, server]);
});

afterAll(async () => {
  guests?.[Symbol.dispose]();
  await installation?.[Symbol.asyncDispose]();
});

test("a group lets in what its rules name, by protocol, port and the other's group, and nothing else", async () => {
  expect([await guests.whoAnswers(client, serverAddress), await guests.pings(client, serverAddress)]).toEqual(["", false]);
  expect([await guests.whatStops(client, `${server}:${port}`), await guests.whatStops(client, server)]).toMatchObject([atServers(), atServers()]);
  await ec2.authorizeSecurityGroupIngress({ GroupId: servers, IpPermissions: [fromClients("tcp", port)] });
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("server");
  await expect.poll(() => guests.whoAnswers(client, serverAddress, 22), soon).toMatch("SSH");
  expect(await guests.pings(client, serverAddress)).toBe(false);
  await ec2.authorizeSecurityGroupIngress({ GroupId: servers, IpPermissions: [fromClients("icmp", -1)] });
  await expect.poll(() => guests.pings(client, serverAddress), soon).toBe(true);
  expect(await guests.whoAnswers(server, await guests.privateAddress(client))).toBe("");
  expect(await guests.whatStops(server, `${client}:${port}`)).toMatchObject({ hop: "security-group-in", at: clients });
});

test("a guest that leaves the group is not let in any more, and one that enters is", async () => {
  const members = (...Groups: string[]) => ec2.modifyInstanceAttribute({ InstanceId: client, Groups });
  await members(await guests.createGroup("others", serverPlace.vpc, logins));
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("");
  expect(await guests.whatStops(client, `${server}:${port}`)).toMatchObject(atServers());
  await members(clients);
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("server");
});

test("a rule that is revoked keeps the open connection and lets no new one in", async () => {
  await using open = await guests.connect(client, serverAddress, "server");
  await ec2.revokeSecurityGroupIngress({ GroupId: servers, IpPermissions: [fromClients("tcp", port)] });
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("");
  expect(await echoes(open, "after the revocation")).toBe(true);
  expect(await guests.whatStops(client, `${server}:${port}`)).toMatchObject(atServers());
  await ec2.authorizeSecurityGroupIngress({ GroupId: servers, IpPermissions: [fromClients("tcp", port)] });
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("server");
});

test("reach counts what guests send, names the group that stops it, and sees a port that this machine may ask for", async () => {
  const allowed = async () => (await guests.reach(client, `${server}:${port}`)).hops.find(({ hop }) => hop === "security-group-in");
  const denied = () => guests.whatStops(client, `${server}:${port + 1}`);
  const [{ outcome, hops }, passed, dropped] = [await guests.reach(client, `${server}:${port}`), await allowed(), await denied()];
  expect([outcome, hops.map(({ hop }) => hop)]).toEqual(["passes", ["sender", "security-group-out", "network-acl-out", "route", "host-path", "network-acl-in", "security-group-in", "answer", "port"]]);
  expect(passed).toMatchObject({ at: servers, rule: expect.stringMatching(/^sgr-/), packets: expect.any(Number) });
  expect(dropped).toMatchObject({ ...atServers(), packets: expect.any(Number) });

  await expect.poll(async () => [await guests.whoAnswers(client, serverAddress), await guests.whoAnswers(client, serverAddress, port + 1)], soon).toEqual(["server", ""]);
  expect((await allowed())?.packets).toBeGreaterThan(passed?.packets ?? 0);
  expect((await denied())?.packets).toBeGreaterThan(dropped?.packets ?? 0);

  expect((await guests.reach("internet", `${server}:22`)).hops.at(-1)).toMatchObject({ hop: "port", verdict: "passes" });
  expect(await guests.whatStops("internet", `${server}:${port}`)).toMatchObject(atServers());
});

test("reach names the group that lets nothing out, and the route that leads nowhere", async () => {
  const everything = { GroupId: clients, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: everywhere }] }] };
  await ec2.revokeSecurityGroupEgress(everything);
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("");
  expect(await guests.whatStops(client, `${server}:${port}`)).toMatchObject({ hop: "security-group-out", at: clients });
  await ec2.authorizeSecurityGroupEgress(everything);
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("server");

  const publicAddress = await guests.publicAddress(server);
  await expect.poll(() => guests.whoAnswers(client, publicAddress, 22), soon).toMatch("SSH");
  const { NetworkInterface: nobody } = await ec2.createNetworkInterface({ SubnetId: clientPlace.subnet });
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [serverPlace.vpc] }] });
  const route = { RouteTableId: table?.RouteTableId, DestinationCidrBlock: `${publicAddress}/32` };
  await ec2.createRoute({ ...route, NetworkInterfaceId: nobody?.NetworkInterfaceId });
  await expect.poll(() => guests.whoAnswers(client, publicAddress, 22), soon).toBe("");
  expect(await guests.whatStops(client, `${publicAddress}:22`)).toMatchObject({ hop: "route", at: route.RouteTableId, rule: route.DestinationCidrBlock });
  await ec2.deleteRoute(route);
});

test("a network ACL's denial beats the group, stops open connections too, and answers need an entry of their own", async () => {
  const { NetworkAcl: acl } = await ec2.createNetworkAcl({ VpcId: serverPlace.vpc });
  const entry = { NetworkAclId: acl?.NetworkAclId, Protocol: "-1", CidrBlock: everywhere } as const;
  const fromThem = { ...entry, Protocol: "6", CidrBlock: clientPlace.cidr, RuleAction: "deny" } as const satisfies NetworkAclEntry;
  for (const Egress of [false, true]) await ec2.createNetworkAclEntry({ ...entry, Egress, RuleNumber: 100, RuleAction: "allow" });
  await ec2.createNetworkAclEntry({ ...fromThem, Egress: false, RuleNumber: 90, PortRange: { From: port, To: port } });
  await using open = await guests.connect(client, serverAddress, "server");
  const before = await associate(entry.NetworkAclId);
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("");
  expect(await echoes(open, "after the denial", 2_000)).toBe(false);
  await expect.poll(() => guests.pings(client, serverAddress), soon).toBe(true);
  const denial = await guests.whatStops(client, `${server}:${port}`);
  expect([denial, (denial?.packets ?? 0) > 0]).toMatchObject([{ hop: "network-acl-in", at: entry.NetworkAclId, rule: "90" }, true]);

  await ec2.deleteNetworkAclEntry({ ...entry, Egress: false, RuleNumber: 90 });
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("server");
  await ec2.createNetworkAclEntry({ ...fromThem, Egress: true, RuleNumber: 90, PortRange: { From: 1024, To: 65_535 } });
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("");
  expect(await guests.whatStops(client, `${server}:${port}`)).toMatchObject({ hop: "answer", at: entry.NetworkAclId, rule: "90" });
  await ec2.createNetworkAclEntry({ ...fromThem, Egress: true, RuleNumber: 80, PortRange: { From: 22, To: 22 } });
  const clientAddress = await guests.privateAddress(client);
  await expect.poll(() => guests.whoAnswers(server, clientAddress, 22), soon).toBe("");
  expect(await guests.whatStops(server, `${client}:22`)).toMatchObject({ hop: "network-acl-out", at: entry.NetworkAclId, rule: "80" });
  await associate(before);
  await expect.poll(() => guests.whoAnswers(client, serverAddress), soon).toBe("server");
});

test("a guest without a public address reaches out through a NAT gateway in another zone, as the gateway's Elastic IP address, until that is deleted", async () => {
  const { AllocationId, PublicIp } = await ec2.allocateAddress({});
  const { NatGatewayId = "" } = (await ec2.createNatGateway({ SubnetId: clientPlace.subnet, AllocationId })).NatGateway ?? {};
  const waiting = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
  await waitUntilNatGatewayAvailable(waiting, { NatGatewayIds: [NatGatewayId] });
  const { SubnetId = "" } = (await ec2.createSubnet({ VpcId: serverPlace.vpc, CidrBlock: "172.31.240.0/24", AvailabilityZone: "us-east-1a" })).Subnet ?? {};
  const { RouteTableId = "" } = (await ec2.createRouteTable({ VpcId: serverPlace.vpc })).RouteTable ?? {};
  await ec2.associateRouteTable({ RouteTableId, SubnetId });
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: everywhere, NatGatewayId });
  await ec2.authorizeSecurityGroupIngress({ GroupId: servers, IpPermissions: [{ IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: `${PublicIp}/32` }] }] });
  const group = await guests.createGroup("hidden", serverPlace.vpc, fromClients("tcp", port));
  const outside = await guests.publicAddress(server);
  const hidden = await guests.launchAnswering(`echo hidden heard $(nc -w 1 ${outside} ${port} < /dev/null | head -n 1)`, "paravirtual", { SubnetId, SecurityGroupIds: [group] });
  const hiddenAddress = await guests.privateAddress(hidden);
  await expect.poll(() => guests.whoAnswers(client, hiddenAddress), { interval: 500 }).toBe("hidden heard server");
  await ec2.deleteNatGateway({ NatGatewayId });
  await waitUntilNatGatewayDeleted(waiting, { NatGatewayIds: [NatGatewayId] });
  expect(await guests.whoAnswers(client, hiddenAddress)).not.toContain("server");
});

test("guests of two VPCs with equal addresses never meet, and each VPC finds its own", async () => {
  const { VpcId = "" } = (await ec2.createVpc({ CidrBlock: "172.31.0.0/16" })).Vpc ?? {};
  const near = await guests.createPublicSubnet(VpcId, serverPlace.cidr, "us-east-1b");
  const all = { IpProtocol: "-1", IpRanges: [{ CidrIp: everywhere }] };
  await ec2.authorizeSecurityGroupIngress({ GroupId: clients, IpPermissions: [{ IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: everywhere }] }] });
  const group = await guests.createGroup("open", VpcId, all);
  const stranger = await guests.launch("stranger", "paravirtual", { SubnetId: near, SecurityGroupIds: [group], PrivateIpAddress: serverAddress });
  await guests.untilAnswering([stranger]);
  const clientAddress = await guests.privateAddress(client);
  await expect.poll(() => guests.whoAnswers(server, clientAddress), soon).toBe("client");
  expect(await guests.whoAnswers(stranger, clientAddress)).toBe("");
  expect(await guests.whatStops(stranger, `${clientAddress}:${port}`)).toMatchObject({ hop: "host-path", at: VpcId });
  for (const [from, own] of [[client, "server"], [stranger, "stranger"]] as const) await expect.poll(() => guests.whoAnswers(from, serverAddress), soon).toBe(own);
});

describe("guests that all may reach,", () => {
  let [everyone, standby, standbyAddress] = ["", "", ""];
  const interfaceOf = async (id: string) => (await describeInstance(installation, id)).NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "";

  beforeAll(async () => {
    everyone = await guests.createGroup("everyone", serverPlace.vpc, { IpProtocol: "-1", IpRanges: [{ CidrIp: everywhere }] });
    for (const InstanceId of [client, server]) await ec2.modifyInstanceAttribute({ InstanceId, Groups: [everyone] });
    standby = await guests.launch("standby", "paravirtual", { SubnetId: serverPlace.subnet, SecurityGroupIds: [everyone] });
    standbyAddress = await guests.privateAddress(standby);
    await guests.untilAnswering([standby]);
  });

  test("send nothing from an address or a hardware address that is not theirs", async () => {
    const before = await guests.arrived(standby, "icmp");
    for (const [id, device] of [[client, "eth0"], [server, "vec0"]] as const) {
      const other = id === client ? serverAddress : clientPlace.cidr.replace(/\d+\/.*/, "77");
      const pretend = `ip address add ${other}/32 dev ${device}; ping -q -c 1 -W 1 -I ${other} ${standbyAddress}; ip address del ${other}/32 dev ${device}`;
      expect(await guests.run(id, `sudo sh -c '${pretend}' | grep transmitted`)).toContain("1 packets transmitted, 0 packets received");
    }
    const mac = `$(cat /sys/class/net/eth0/address)`;
    const pretend = `own=${mac}; ip link set eth0 address 06:00:00:77:77:77; ping -q -c 1 -W 1 ${standbyAddress}; ip link set eth0 address $own`;
    expect(await guests.run(client, `sudo sh -c '${pretend}' | grep transmitted`)).toContain("1 packets transmitted, 0 packets received");
    for (const id of [client, server]) expect(await guests.pings(id, standbyAddress, "-W 20")).toBe(true); // another ping would be counted too
    expect(await guests.arrived(standby, "icmp")).toBe(before + 2);
  });

  test("get datagrams from another zone, and from another host of their own, when a rule allows them", async () => {
    const datagrams = (cidr: string): IpPermission => ({ IpProtocol: "udp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: `${cidr}/32` }] });
    const narrow = await guests.createGroup("narrow", serverPlace.vpc, logins, datagrams(await guests.privateAddress(client)));
    await ec2.modifyInstanceAttribute({ InstanceId: standby, Groups: [narrow] });
    await expect.poll(() => guests.pings(client, standbyAddress), soon).toBe(false);
    const before = await guests.arrived(standby, "udp");
    await guests.sendDatagrams(server, standbyAddress, port, 5);
    await guests.sendDatagrams(client, standbyAddress, port + 1, 5);
    await guests.sendDatagrams(client, standbyAddress, port, 5);
    await expect.poll(() => guests.arrived(standby, "udp"), soon).toBe(before + 5);
    await ec2.authorizeSecurityGroupIngress({ GroupId: narrow, IpPermissions: [datagrams(serverAddress)] });
    await expect.poll(() => guests.sendDatagrams(server, standbyAddress, port, 1).then(() => guests.arrived(standby, "udp")), soon).toBeGreaterThan(before + 5);
    await ec2.modifyInstanceAttribute({ InstanceId: standby, Groups: [everyone] });
    await expect.poll(() => guests.pings(client, standbyAddress), soon).toBe(true);
  });

  test.each(["hvm", "paravirtual"])("bring up an interface that is attached while they run, and miss it when it is detached again: %s", async (kind) => {
    const [id, { subnet }] = kind === "hvm" ? [client, clientPlace] : [server, serverPlace];
    const { NetworkInterfaceId = "", PrivateIpAddress: address = "" } = (await ec2.createNetworkInterface({ SubnetId: subnet, Groups: [everyone] })).NetworkInterface ?? {};
    const { AttachmentId } = await ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId: id, DeviceIndex: 1 });
    const device = () => guests.run(id, `/sbin/ip -4 -o address | grep -F ' ${address}/' | tr -s ' ' | cut -d ' ' -f 2`);
    await expect.poll(device, soon).not.toBe("");
    const name = await device();
    await expect.poll(async () => [name.slice(-1), await guests.pings(id, standbyAddress, `-I ${name}`)], soon).toEqual(["1", true]);
    if (kind === "paravirtual") await guests.run(id, `sudo ip link set ${name} down`); // its kernel gives back no device that is in use
    await ec2.detachNetworkInterface({ AttachmentId });
    await expect.poll(() => guests.run(id, "ls /sys/class/net"), soon).not.toContain(name);
    await waitUntilNetworkInterfaceAvailable({ client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { NetworkInterfaceIds: [NetworkInterfaceId] });
    await ec2.deleteNetworkInterface({ NetworkInterfaceId });
  });

  test("are followed by packets when a secondary address, an Elastic IP address or a route moves to them", async () => {
    const [clientNic, serverNic, standbyNic] = [await interfaceOf(client), await interfaceOf(server), await interfaceOf(standby)];
    const assign = async (NetworkInterfaceId: string) => {
      const { AssignedPrivateIpAddresses: [own] = [] } = await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 });
      return own?.PrivateIpAddress ?? "";
    };
    const [secondary, ofClient, virtual] = [await assign(serverNic), await assign(clientNic), "10.9.0.1"];
    for (const id of [server, standby]) await guests.run(id, `sudo ip address add ${secondary}/32 dev vec0; sudo ip address add ${virtual}/32 dev lo`);
    await guests.run(client, `sudo ip address add ${ofClient}/32 dev eth0`);
    const toStandby = () => ec2.assignPrivateIpAddresses({ NetworkInterfaceId: standbyNic, PrivateIpAddresses: [secondary], AllowReassignment: true });
    await guests.untilAnswers(client, secondary, ["server", "standby"], toStandby);

    const { AllocationId, PublicIp = "" } = await ec2.allocateAddress({});
    const elastic = (NetworkInterfaceId: string, PrivateIpAddress: string) => ec2.associateAddress({ AllocationId, NetworkInterfaceId, PrivateIpAddress });
    await elastic(clientNic, ofClient);
    await guests.untilAnswers(server, PublicIp, ["client", "standby"], () => elastic(standbyNic, secondary));

    for (const NetworkInterfaceId of [serverNic, standbyNic]) await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: { Value: false } });
    const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [serverPlace.vpc] }, { Name: "association.main", Values: ["true"] }] });
    const route = { RouteTableId: table?.RouteTableId, DestinationCidrBlock: `${virtual}/32` };
    await ec2.createRoute({ ...route, NetworkInterfaceId: serverNic });
    await guests.untilAnswers(client, virtual, ["server", "standby"], () => ec2.replaceRoute({ ...route, NetworkInterfaceId: standbyNic }));
  });

  test("reach each other while another zone is cut off, and that zone too once it is connected again", async () => {
    const zone = (await installation.status()).regions.flatMap(({ zones }) => zones).find(({ name }) => name === "us-east-1b");
    const ports = `{ ${[...(zone?.hosts ?? []), ...(zone?.storageNodes ?? [])].map((node) => `"${switchPort(node?.id ?? "")}"`).join(", ")} }`;
    const underlay = switchNamespace(installation.id);
    const clientAddress = await guests.privateAddress(client);
    await loadRules(`table bridge cut {\nchain between {\ntype filter hook forward priority 0\niifname ${ports} oifname != ${ports} drop\niifname != ${ports} oifname ${ports} drop\n}\n}\n`, underlay);
    expect(await guests.pings(server, clientAddress)).toBe(false);
    await expect.poll(() => guests.whoAnswers(server, standbyAddress), soon).toBe("standby");
    await ec2.modifyInstanceAttribute({ InstanceId: standby, Groups: [await guests.createGroup("closed", serverPlace.vpc, logins)] });
    await expect.poll(() => guests.whoAnswers(server, standbyAddress), soon).toBe("");
    await loadRules("delete table bridge cut\n", underlay);
    await expect.poll(() => guests.whoAnswers(server, clientAddress), soon).toBe("client");
    expect(await guests.whoAnswers(client, standbyAddress)).toBe("");
  });
});

test("the VPC's flow log has what the first test sent, let through and rejected", async () => {
  const { NetworkInterfaces: [nic] = [] } = await describeInstance(installation, server);
  const file = join(installation.dataDirectory, "flow-logs", "cloud-watch-logs", installation.profile.region, nic?.OwnerId ?? "", "network", `${nic?.NetworkInterfaceId}-all`);
  const clientAddress = await guests.privateAddress(client);
  /** Protocol, action and status of what the client sent to the port. */
  const sent = async (at: number) => {
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").map((line) => line.split(" "));
    return new Set(lines.filter((words) => words[3] === clientAddress && words[4] === serverAddress && words[6] === String(at)).map((words) => [words[7], words[12], words[13]].join(" ")));
  };
  await expect.poll(async () => [await sent(port), await sent(port + 1)]).toEqual([new Set(["6 REJECT OK", "6 ACCEPT OK"]), new Set(["6 REJECT OK"])]);
});

function fromClients(IpProtocol: string, at: number): IpPermission {
  return { IpProtocol, FromPort: at, ToPort: at, UserIdGroupPairs: [{ GroupId: clients }] };
}

/** Puts the server's subnet under the ACL; resolves to the one that it had before. */
async function associate(NetworkAclId: string | undefined): Promise<string | undefined> {
  const { NetworkAcls: [acl] = [] } = await ec2.describeNetworkAcls({ Filters: [{ Name: "association.subnet-id", Values: [serverPlace.subnet] }] });
  const AssociationId = acl?.Associations?.find(({ SubnetId }) => SubnetId === serverPlace.subnet)?.NetworkAclAssociationId;
  await ec2.replaceNetworkAclAssociation({ AssociationId, NetworkAclId });
  return acl?.NetworkAclId;
}

/** The server's group does not let it in. */
function atServers(): Partial<CountedHop> {
  return { hop: "security-group-in", at: servers };
}
