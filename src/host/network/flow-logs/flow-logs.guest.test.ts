/** Flow logs of real packets between namespaces on two hosts, read from the files where they end up. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { manualClock } from "../../../base/clock.ts";
import { silentLog } from "../../../base/log.ts";
import { defaultFlowLogFields, type FlowLogField, type FlowLogSpecification } from "../../protocol/flow-log.ts";
import type { AclEntrySpecification, GroupRuleSpecification, VpcSpecification } from "../../protocol/specification.ts";
import { FabricBench, nics, type GuestName } from "../testing/fabric-bench.ts";
import { allowAll, anywhere, openGroup, openRules, vpcSpecimen } from "../testing/vpc-specimens.ts";
import { FlowLogger } from "./flow-logger.ts";

const guarded = "sg-0eeeeeeeeeeeeeeee";
const allowed = 7_010;
const [account, region] = ["123456789012", "us-east-1"];
const clock = manualClock(Date.UTC(2026, 0, 1, 12, 0, 30));
const seconds = () => Math.floor(clock.now() / 1_000);

let bench: FabricBench;
let directory: string;
let loggers: Record<"a" | "b", FlowLogger>;

beforeAll(async () => {
  bench = await FabricBench.open({ ipv6: true });
  directory = mkdtempSync(join(tmpdir(), "hostelry-flow-logs-"));
  loggers = { a: openLogger("a"), b: openLogger("b") };
  await bench.guests.b1.serve(allowed, "b1");
});
afterAll(async () => {
  await (bench as FabricBench | undefined)?.[Symbol.asyncDispose](); // undefined when it could not be opened
  rmSync(directory, { recursive: true, force: true });
});

function openLogger(hostId: "a" | "b"): FlowLogger {
  return new FlowLogger({ hostId, installation: bench.hosts.plan.installation, stateFile: join(directory, `${hostId}.json`), directory: join(directory, "logs"), clock, log: silentLog, everyMs: 0 });
}

function logOf(host: "a" | "b", change: Partial<FlowLogSpecification>): FlowLogSpecification {
  const names = (Object.keys(nics) as GuestName[]).filter((name) => name.startsWith(host)); // Object.keys widens to string[]
  const interfaces = names.map((name) => ({ id: nics[name].id, subnet: nics[name].subnet.id as `subnet-${string}`, zoneId: "use1-az1" }));
  return { id: "fl-00000000000000001", account, region, traffic: "ALL", intervalSeconds: 60, fields: defaultFlowLogFields, destination: { kind: "cloud-watch-logs", group: "vpc/all" }, interfaces, ...change };
}

const rejections = { id: "fl-00000000000000002", traffic: "REJECT", fields: ["version", "interface-id", "az-id", "dstport", "action"], destination: { kind: "s3", bucket: "flows", prefix: "here/" } } as const;

/** b1 lets in TCP at one port and pings; the ACL of its subnet denies datagrams from b2's. */
async function apply(): Promise<void> {
  const inbound = (id: string, traffic: GroupRuleSpecification["traffic"]): GroupRuleSpecification => ({ id, egress: false, traffic, peer: anywhere });
  const rules = [...openRules.filter(({ egress }) => egress), inbound("sgr-01", { protocol: 6, ports: { from: allowed, to: allowed } }), inbound("sgr-02", { protocol: 1 }), inbound("sgr-03", { protocol: 17 })];
  const denial: AclEntrySpecification = { number: 50, egress: false, allow: false, traffic: { protocol: 17 }, cidr: "172.31.16.0/20" };
  const change: Partial<VpcSpecification> = {
    interfaces: bench.placed({ b1: { groups: [guarded] } }),
    groups: [{ id: openGroup, rules: [...openRules, ...openRules.map((rule) => ({ ...rule, id: `${rule.id}6`, peer: { cidrs: ["::/0"] } }))] }, { id: guarded, rules }],
    subnets: bench.subnets({ acl: [denial, ...allowAll] }),
  };
  await bench.apply(change);
  for (const host of ["a", "b"] as const) await loggers[host].follow({ ...vpcSpecimen([nics.a1, nics.b1], [], change), flowLogs: [logOf(host, {}), logOf(host, rejections)] });
}

async function passMinute(): Promise<void> {
  for (const logger of Object.values(loggers)) await logger.collect();
  clock.advance(60_000);
  for (const logger of Object.values(loggers)) await logger.collect();
}

type Line = Partial<Record<FlowLogField, string>>;

/** The lines of the interface that are new since the last call. */
function newLines(name: GuestName): readonly Line[] {
  const file = join(directory, "logs", "cloud-watch-logs", region, account, "vpc/all", `${nics[name].id}-all`);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const fresh = lines.slice(read.get(name) ?? 0);
  read.set(name, lines.length);
  return fresh.map((line) => Object.fromEntries(line.split(" ").map((word, index) => [defaultFlowLogFields[index] ?? "", word])));
}
const read = new Map<GuestName, number>();

const between = (source: GuestName, destination: GuestName) => ({ srcaddr: nics[source].privateAddress, dstaddr: nics[destination].privateAddress });
const counted = (packets: number, bytes: number) => ({ packets: String(packets), bytes: String(bytes), "log-status": "OK" });
const ofProtocol = (lines: readonly Line[], protocol: string) => lines.filter((line) => line.protocol === protocol);
const datagram = (from: GuestName, to: GuestName, port: number) => bench.guests[from].run("bash", "-c", `echo -n 12345 > /dev/udp/${nics[to].privateAddress}/${port}`);

test("records have the packets and bytes that passed, both ways, at both ends; an interface without any says so", async () => {
  await apply();
  await passMinute();
  for (const name of ["a1", "a2", "b1"] as const) expect(newLines(name)).toMatchObject([{ srcaddr: "-", packets: "-", action: "-", "log-status": "NODATA" }]);
  const began = seconds();
  await bench.guests.a1.run("ping", "-n", "-q", "-c", "3", "-i", "0.2", "-s", "100", nics.b1.privateAddress);
  await passMinute();
  const common = { version: "2", "account-id": account, protocol: "1", srcport: "0", dstport: "0", action: "ACCEPT", ...counted(3, 3 * 128) };
  const records = [{ ...common, ...between("a1", "b1") }, { ...common, ...between("b1", "a1") }];
  for (const name of ["a1", "b1"] as const) {
    const lines = newLines(name);
    expect(lines.toSorted((one, other) => (one.srcaddr ?? "").localeCompare(other.srcaddr ?? ""))).toMatchObject(records.map((record) => ({ ...record, "interface-id": nics[name].id })));
    for (const line of lines) expect([Number(line.start) >= began - 60, Number(line.start) <= Number(line.end), Number(line.end) <= seconds()]).toEqual([true, true, true]);
  }
  expect(newLines("a2")).toMatchObject([{ "log-status": "NODATA" }]);
});

test("what a group or an ACL stops is rejected where it would have arrived, and accepted where it left", async () => {
  expect(await bench.guests.a1.connect(nics.b1.privateAddress, allowed + 1)).toBeUndefined();
  await datagram("b2", "b1", 53);
  await datagram("a1", "b1", 53);
  await passMinute();
  const [a1, b1, b2] = [newLines("a1"), newLines("b1"), newLines("b2")];
  const refused = ofProtocol(b1, "6");
  const left = ofProtocol(a1, "6");
  expect([refused.map(({ action }) => action), left.map(({ action }) => action), refused[0]?.packets]).toEqual([["REJECT"], ["ACCEPT"], left[0]?.packets]);
  expect(refused).toMatchObject([{ ...between("a1", "b1"), dstport: String(allowed + 1) }]);
  const ofUdp = { protocol: "17", dstport: "53", ...counted(1, 33) };
  expect(ofProtocol(b1, "17").toSorted((one, other) => (one.action ?? "").localeCompare(other.action ?? ""))).toMatchObject([{ ...ofUdp, ...between("a1", "b1"), action: "ACCEPT" }, { ...ofUdp, ...between("b2", "b1"), action: "REJECT" }]);
  expect(ofProtocol(b2, "17")).toMatchObject([{ ...ofUdp, ...between("b2", "b1"), action: "ACCEPT" }]);

  const [folder = ""] = readdirSync(join(directory, "logs", "s3", "flows", "here", "AWSLogs", account, "vpcflowlogs", region, "2026", "01"));
  const day = join(directory, "logs", "s3", "flows", "here", "AWSLogs", account, "vpcflowlogs", region, "2026", "01", folder);
  const ofB = readdirSync(day).filter((name) => name.endsWith("_b.log")).flatMap((name) => readFileSync(join(day, name), "utf8").trimEnd().split("\n"));
  expect([ofB[0], ofB.filter((line) => line.endsWith("REJECT")).toSorted()]).toEqual([rejections.fields.join(" "), [`4 ${nics.b1.id} use1-az1 53 REJECT`, `4 ${nics.b1.id} use1-az1 ${allowed + 1} REJECT`]]);
});

test("packets of IPv6 are recorded as those of IPv4, let through and rejected", async () => {
  await bench.hearRouters();
  const [mine, theirs] = [bench.ipv6Of("a1"), bench.ipv6Of("b1")];
  await bench.guests.a1.run("ping", "-6", "-n", "-q", "-c", "2", "-i", "0.2", "-s", "100", bench.ipv6Of("a2"));
  expect(await bench.guests.a1.connect(theirs, allowed)).toBeUndefined();
  await passMinute();
  const echo = { protocol: "58", srcport: "0", action: "ACCEPT", ...counted(2, 2 * 148) };
  expect(ofProtocol(newLines("a2"), "58").toSorted((one, other) => (one.srcaddr === mine ? -1 : Number(other.srcaddr === mine)))).toMatchObject([{ ...echo, srcaddr: mine }, { ...echo, dstaddr: mine }]);
  expect(ofProtocol(newLines("b1"), "6")).toMatchObject([{ srcaddr: mine, dstaddr: theirs, dstport: String(allowed), action: "REJECT" }]);
});

test("a logger that ends without notice, and the next one, lose no packet and repeat none", async () => {
  const open = await bench.guests.a1.connect(nics.b1.privateAddress, allowed);
  await datagram("a1", "b1", 54);
  await Promise.all(Object.values(loggers).map((logger) => logger.collect()));
  await datagram("a1", "b1", 54);
  loggers = { a: openLogger("a"), b: openLogger("b") };
  await datagram("a1", "b1", 54);
  await apply();
  await datagram("a1", "b1", 54);
  expect(await open?.echoes()).toBe(true);
  await passMinute();
  const one = { ...between("a1", "b1"), dstport: "54", ...counted(1, 33), action: "ACCEPT" };
  expect(ofProtocol(newLines("b1"), "17")).toMatchObject([one, one, one, one]);
  await passMinute();
  expect(newLines("b1").map((line) => line["log-status"])).toEqual(["NODATA"]);
});

test("names, DHCP and metadata are not recorded, and without a log nothing is counted", async () => {
  newLines("a1");
  await bench.guests.a1.fetch("http://169.254.169.254/latest/meta-data/instance-id");
  await bench.guests.a1.run("busybox", "nslookup", "-type=a", "ip-172-31-9-8.ec2.internal", "172.31.0.2");
  await passMinute();
  expect(newLines("a1").map((line) => line["log-status"])).toEqual(["NODATA"]);
  await loggers.a.follow(vpcSpecimen([nics.a1], []));
  expect(await bench.inVpc("a", "nft", "list", "tables")).not.toMatch(/hostelry_(seen|kept)/);
});
