/** `hostelry reach` as it is called, over the control plane's socket, against rows that API calls have made. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { VpcId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { agentSocket, controlSocket } from "../../src/cli/control-client.ts";
import { controlListener } from "../../src/cli/control-listener.ts";
import { openTopologyDesk } from "../../src/cli/topology-desk.ts";
import { installationFile } from "../../src/cli/directories.ts";
import { run } from "../../src/cli/program.ts";
import type { ReachReport } from "../../src/cli/reach/reach-report.ts";
import { openAgentSocket } from "../../src/host/agent/agent-socket.ts";
import type { RuleCounter } from "../../src/host/protocol/counted-rule.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { recordReport } from "../../src/reconcile/hosts/record-report.ts";
import { giveIpv6 } from "../installation/ipv6.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer, secretKey, type TestServer } from "./test-server.ts";
import { look, makeReal } from "./told-hosts.ts";
import { makeSubnet, makeVpc } from "./vpc-parts.ts";

afterEach(() => void vi.restoreAllMocks());

interface ReachServer extends TestServer {
  /** What the command printed, and its exit code. */
  reach(...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }>;
  /** The report, whatever the exit code. */
  report(...words: readonly string[]): Promise<ReachReport>;
}

/** A test server that is the control plane of an installation. */
async function openReachServer(): Promise<ReachServer> {
  const server = await openTestServer();
  const { folder, store, snapshots } = server;
  const installation = { id: "abcdef", createdAt: "", simulated: true, runDirectory: folder, port: 0, openAccounts: true, underlay: "10.0.0.0/20", publicPool: "198.18.0.0/24", topology: { regions: [] } };
  writeFileSync(installationFile(folder), JSON.stringify(installation));
  const desk = openHostDesk(store, systemClock, secretKey);
  const parts = { store, desk, snapshots, clock: systemClock, log: silentLog, url: "", version: "test", dataDirectory: folder, simulated: true, topology: openTopologyDesk({ store, clock: systemClock, machine: { cpus: 1, memoryMib: 1024 }, save: () => {}, ...installation }), makeSignInLink: () => "" };
  const control = createServer(controlListener(parts));
  await new Promise<void>((resolve) => control.listen(controlSocket(folder), resolve));
  const reach = async (...words: readonly string[]) => {
    const output: string[] = [];
    for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, "write").mockImplementation((text) => output.push(String(text)) > 0);
    const code = await run(["reach", ...words, "--data", folder]);
    process.exitCode = undefined;
    vi.restoreAllMocks();
    return { code, text: output.join("") };
  };
  return {
    ...server,
    reach,
    report: async (...words) => JSON.parse((await reach(...words, "--json")).text) as ReachReport, // the command printed it
    async [Symbol.asyncDispose]() {
      desk.close();
      control.closeAllConnections();
      await new Promise((resolve) => control.close(resolve));
      await server[Symbol.asyncDispose]();
    },
  };
}

const inZone = (letter: string) => ({ Placement: { AvailabilityZone: `us-east-1${letter}` } });

/** A running client in zone a and a running server in zone b, whose group lets the clients' group in at port 80. */
async function launchPair(server: TestServer) {
  const ec2 = server.ec2();
  const { GroupId: clients = "" } = await ec2.createSecurityGroup({ GroupName: "clients", Description: "d" });
  const { GroupId: servers = "" } = await ec2.createSecurityGroup({ GroupName: "servers", Description: "d" });
  const fromClients = { IpProtocol: "tcp", FromPort: 80, ToPort: 80, UserIdGroupPairs: [{ GroupId: clients }] };
  const { SecurityGroupRules: [rule] = [] } = await ec2.authorizeSecurityGroupIngress({ GroupId: servers, IpPermissions: [fromClients] });
  const [from, to] = [await launchOne(server, { SecurityGroups: ["clients"], ...inZone("a") }), await launchOne(server, { SecurityGroups: ["servers"], ...inZone("b") })];
  await server.reportRunning(from.instance, to.instance);
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [to.networkInterface] });
  return { ec2, from, to, servers, rule: rule?.SecurityGroupRuleId ?? "", address: nic?.PrivateIpAddress ?? "", publicAddress: nic?.Association?.PublicIp ?? "" };
}

/** Both hosts say that they have done what they were told last. */
async function applyOnHosts({ store }: TestServer, id: string): Promise<void> {
  const told = await store.read((tx) => tx.db.selectFrom("specifications").select(["host_id", "generation"]).where("kind", "=", "vpc").execute());
  for (const { host_id: host, generation } of told) await store.write((tx) => recordReport(tx, host, { kind: "vpc", id: id as VpcId, generation, state: "applied" }, Date.now())); // an id from an answer
}

async function openDoor({ folder }: TestServer, host: string, counters: readonly RuleCounter[]): Promise<AsyncDisposable> {
  mkdirSync(join(folder, "hosts", host), { recursive: true });
  const status = { host, incarnation: 1, pid: 1, known: true, unsentReports: 0, streams: 0, machines: [], volumes: [] };
  return openAgentSocket(agentSocket(folder, host), { status: () => status, park: async () => undefined, describeVolume: async () => undefined, readCounters: async () => counters });
}

test("reach names the rules that let a packet through, with what the hosts have counted", async () => {
  await using server = await openReachServer();
  await makeReal(server);
  const { from, to, rule, servers } = await launchPair(server);
  expect((await server.report(from.instance, `${to.instance}:80`)).outcome).toBe("unknown");
  await look(server);
  await applyOnHosts(server, from.vpcId);
  await using _door = await openDoor(server, "host-b", [{ direction: "leave", rule, packets: 1, bytes: 60 }, { direction: "arrive", rule, packets: 7, bytes: 420 }]);
  const { outcome, hops } = await server.report(from.instance, `${to.instance}:80`);
  expect([outcome, hops.map(({ hop, verdict }) => `${hop} ${verdict}`)]).toEqual([
    "passes",
    ["sender passes", "security-group-out passes", "network-acl-out passes", "route passes", "host-path passes", "network-acl-in passes", "security-group-in passes", "answer passes", "port unknown"],
  ]);
  expect(hops.find(({ hop }) => hop === "security-group-in")).toMatchObject({ at: servers, rule, packets: 7 });
  expect(hops.find(({ hop }) => hop === "security-group-out")).toMatchObject({ uncounted: "the agent of host-a does not answer" });
  const { code, text } = await server.reach(from.instance, `${to.instance}:80`);
  expect([code, text]).toEqual([0, expect.stringMatching(new RegExp(`security group in +passes +${servers} +${rule} +7 +allows tcp 80 from sg-`))]);
  expect(text).toContain("No rule stops it. Not known: port, ");
});

test("reach ends with 1 and names the hop that stops the packet", async () => {
  await using server = await openReachServer();
  const { ec2, from, to, servers, rule, address } = await launchPair(server);
  const denied = await server.reach(from.networkInterface, `${address}:81`);
  expect([denied.code, denied.text]).toEqual([1, expect.stringContaining(`Stopped: security group in, ${servers}: no rule (of 1) allows tcp 81 from 172.31.`)]);
  await ec2.revokeSecurityGroupIngress({ GroupId: servers, SecurityGroupRuleIds: [rule] });
  const { hops, stoppedBy = -1 } = await server.report(from.instance, `${to.instance}:80`);
  expect(hops[stoppedBy]).toMatchObject({ hop: "security-group-in", uncounted: "host-b is simulated and has no packets" });
  const { NetworkAcl: acl } = await ec2.createNetworkAcl({ VpcId: from.vpcId });
  const { NetworkAcls: [standard] = [] } = await ec2.describeNetworkAcls({ Filters: [{ Name: "association.subnet-id", Values: [from.subnetId] }] });
  const AssociationId = standard?.Associations?.find(({ SubnetId }) => SubnetId === from.subnetId)?.NetworkAclAssociationId;
  await ec2.replaceNetworkAclAssociation({ AssociationId, NetworkAclId: acl?.NetworkAclId });
  expect((await server.reach(from.instance, to.instance)).text).toContain(`Stopped: network ACL out, ${acl?.NetworkAclId} *: denies icmp to ${address}`);
});

test("reach knows private, public and Elastic IP addresses, the internet, and what is stopped", async () => {
  await using server = await openReachServer();
  const { ec2, from, to, servers, publicAddress } = await launchPair(server);
  const stoppedAt = async (...words: readonly string[]) => {
    const { hops, outcome, stoppedBy = -1 } = await server.report(...words);
    return hops[stoppedBy]?.hop ?? outcome;
  };
  expect([await stoppedAt("internet", `${publicAddress}:22`), await stoppedAt(from.instance, `${publicAddress}:80`), await stoppedAt(from.instance, "internet:443")]).toEqual(["security-group-in", "security-group-in", "passes"]);
  await ec2.authorizeSecurityGroupIngress({ GroupId: servers, IpPermissions: [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "203.0.113.0/24" }] }] });
  expect([await stoppedAt("internet", `${to.instance}:22`), await stoppedAt("203.0.113.7", `${to.instance}:22`)]).toEqual(["security-group-in", "unknown"]);
  await ec2.stopInstances({ InstanceIds: [to.instance] });
  expect((await server.report(from.instance, `${to.networkInterface}:80`)).hops.find(({ hop }) => hop === "host-path")).toMatchObject({ verdict: "stops", at: to.instance, reason: "is stopping" });
  const { AllocationId, PublicIp = "" } = await ec2.allocateAddress({});
  await ec2.associateAddress({ AllocationId, NetworkInterfaceId: to.networkInterface });
  expect((await server.report("internet", `${PublicIp}:22`)).to).toMatchObject({ interface: to.networkInterface, publicAddress: PublicIp });
});

test("reach goes by IPv6 addresses when one is named or it is told to", async () => {
  await using server = await openReachServer();
  const { ec2, from, to, servers } = await launchPair(server);
  const refused = await server.reach(from.instance, `${to.instance}:80`, "--ipv6");
  expect([refused.code, refused.text]).toEqual([2, expect.stringContaining(`hostelry: ${from.instance} has no IPv6 address.`)]);
  const place = ({ vpcId: vpc, subnetId: subnet }: { readonly vpcId: string; readonly subnetId: string }) => ({ vpc, subnet, cidr: "" });
  const { leaveBy } = await giveIpv6(ec2, place(from), place(to));
  const { AssignedIpv6Addresses: [theirs = ""] = [] } = await ec2.assignIpv6Addresses({ NetworkInterfaceId: to.networkInterface, Ipv6AddressCount: 1 });
  const { AssignedIpv6Addresses: [mine = ""] = [] } = await ec2.assignIpv6Addresses({ NetworkInterfaceId: from.networkInterface, Ipv6AddressCount: 1 });
  const named = await server.report(from.instance, `[${theirs}]:80`);
  expect([named.from.address, named.to.address, named]).toEqual([mine, theirs, await server.report(from.instance, `${to.instance}:80`, "--ipv6")]);
  expect(named.hops.find(({ hop }) => hop === "security-group-in")).toMatchObject({ verdict: "passes", at: servers });
  const entrance = async () => (await server.report("internet", theirs)).hops[0];
  expect(await entrance()).toMatchObject({ hop: "gateway-in", verdict: "passes", rule: "::/0" });
  await leaveBy("egress-only");
  expect(await entrance()).toMatchObject({ hop: "gateway-in", verdict: "stops", rule: "::/0" });
});

test("reach keeps VPCs apart, and asks which interface is meant when several have the address", async () => {
  await using server = await openReachServer();
  const [mine, other] = [await makeVpc(server), await makeVpc(server)];
  const nic = async (SubnetId: string, PrivateIpAddress: string) => (await mine.ec2.createNetworkInterface({ SubnetId, PrivateIpAddress })).NetworkInterface?.NetworkInterfaceId ?? "";
  const far = await makeSubnet(mine.ec2, mine.vpcId, "10.0.1.0/24");
  const [a, b, c] = [await nic(mine.subnetId, "10.0.0.7"), await nic(far, "10.0.1.8"), await nic(other.subnetId, "10.0.0.7")];
  expect((await server.report("10.0.0.7", "10.0.1.8")).from.interface).toBe(a);
  expect((await server.report(c, b)).hops.at(-1)).toMatchObject({ hop: "host-path", verdict: "stops", reason: `${b} is in another VPC, ${mine.vpcId}` });
  const { code, text } = await server.reach("internet", "10.0.0.7:22");
  expect([code, text]).toEqual([2, expect.stringContaining("hostelry: Several interfaces have 10.0.0.7.\n  Name the interface: ")]);
});

test.each([
  [["i-0123456789abcdef0", "internet:80"], "There is no instance with an interface i-0123456789abcdef0."],
  [["internet", "eni-0123456789abcdef0"], "There is no interface eni-0123456789abcdef0."],
  [["internet", "somewhere:80"], "'somewhere' is nothing that packets come from or go to.\n  Name an instance (i-…), an interface (eni-…), an address, or internet."],
  [["internet", "203.0.113.9:80"], "Neither end is an interface of this installation."],
  [["internet", "169.254.169.254:80"], "169.254.169.254 is an address of the guest's own host."],
  [["internet", "internet:0"], "'0' is no port."],
  [["internet", "internet", "--protocol", "udp"], "udp needs a port.\n  Name it behind the receiver: internet:PORT"],
  [["internet", "internet:7", "--protocol", "icmp"], "ICMP has no ports."],
  [["internet", "[3fff:abc::1]:22"], "Neither end is an interface of this installation."],
  [["203.0.113.9", "[3fff:abc::1]:22"], "An IPv4 address does not go with IPv6."],
  [["internet", "[fd00:ec2::254]:80"], "fd00:ec2::254 is an address of the guest's own host."],
  [["internet:80", "internet"], "'internet:80' names a port, but a sender's port is its own choice."],
])("reach refuses %j with 2 and says why", async (words, message) => {
  await using server = await openReachServer();
  const { code, text } = await server.reach(...words);
  expect([code, text]).toEqual([2, expect.stringContaining(`hostelry: ${message}`)]);
});
