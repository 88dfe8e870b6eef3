/**
 * `bench network`: what guests of one VPC send each other on one host, across hosts and across zones, beside the same two guests over a bare path, in the
 * installation that runs. The bare path hands each frame from one guest's tap to the other's, without router, rules or anything else between.
 */
import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, DeleteSecurityGroupCommand, DescribeInstancesCommand, DescribeSubnetsCommand, type Instance } from "@aws-sdk/client-ec2";
import { imageNameOf, stableId } from "../../compute/image-registration.ts";
import type { InterfaceId } from "../../base/ids.ts";
import { loadRules } from "../../host/network/command.ts";
import { interfaceDevices, nodeNamespace } from "../../host/network/names.ts";
import { notRunning } from "../command-error.ts";
import { findStatus } from "../control-client.ts";
import { requireInstallation } from "../current-installation.ts";
import type { Installation } from "../installation.ts";
import type { StatusReport } from "../status-report.ts";
import { terminalProgress } from "../terminal.ts";
import { openBenchGuests, type BenchGuests } from "./guests.ts";
import { describeMachine, median, table } from "./report.ts";

const kinds = [
  { virtualization: "paravirtual", instanceType: "m1.small" },
  { virtualization: "hvm", instanceType: "t3.micro" },
] as const;
const zones = ["a", "b"] as const;
const port = 7_100;
const fileMib = 48;
const pings = 50;
const cableTable = "hostelry_bench";

export interface BenchNetworkOptions {
  readonly data?: string;
  readonly runs: number;
}

/** One guest as the measurements need it. */
interface Peer {
  readonly id: string;
  readonly host: string;
  readonly address: string;
  readonly nic: InterfaceId;
}

interface Figures {
  readonly mbitPerSecond: number;
  /** The least of several. */
  readonly roundTripMs: number;
}

export async function benchNetwork(options: BenchNetworkOptions): Promise<void> {
  const { dataDirectory, installation } = requireInstallation(options.data);
  if ((await findStatus(installation)) === undefined) throw notRunning(dataDirectory);
  await using guests = await openBenchGuests(dataDirectory);
  const progress = terminalProgress(process.stderr);
  const rows: string[][] = [];
  const group = await openGroup(guests, `${guests.profile.region}${zones[0]}`);
  try {
    for (const kind of kinds) rows.push(...(await measureKind(guests, kind, { group, installation, runs: options.runs, working: (text) => progress.working(text) })));
  } finally {
    progress.end();
    await guests.client.send(new DeleteSecurityGroupCommand({ GroupId: group })).catch(() => undefined); // guests that still run keep it
  }
  process.stdout.write(`${describeMachine()}\n\n${table(["guests", "path", "throughput", "of the bare path", "least round trip", "times the bare path"], rows)}\n`);
}

interface Course {
  readonly group: string;
  readonly installation: Installation;
  readonly runs: number;
  readonly working: (text: string) => void;
}

/** Four guests of the kind, and the rows of what the first one measures. */
async function measureKind(guests: BenchGuests, { virtualization, instanceType }: (typeof kinds)[number], { group, installation, runs, working }: Course): Promise<string[][]> {
  working(`${virtualization}: launching`);
  const ImageId = stableId("image", imageNameOf({ name: "tiny", architecture: "x86_64" }, virtualization));
  const launch = (zone: string) => guests.launch({ ImageId, InstanceType: instanceType, SecurityGroupIds: [group], Placement: { AvailabilityZone: `${guests.profile.region}${zone}` } });
  const ids = [await launch(zones[0]), await launch(zones[0]), await launch(zones[0]), await launch(zones[1])];
  await Promise.all(ids.map((id) => guests.untilSsh(id, prepareScript)));
  const status = await findStatus(installation);
  const { from, beside, across, abroad } = choosePairs(await Promise.all(ids.map(async (id) => toPeer(await describe(guests, id), status))));
  const cable = { host: nodeNamespace(installation.id, from.host), ends: [from, beside] } as const;
  const taken = new Map<string, Figures[]>();
  for (let turn = 1; turn <= runs; turn++) {
    // In turns, so that whatever else the machine does falls on all paths alike.
    for (const [path, to] of [["bare path", beside], ["one host", beside], ["two hosts", across], ["two zones", abroad]] as const) {
      working(`${virtualization}: ${path}, ${turn} of ${runs}`);
      const figures = path === "bare path" ? await withCable(guests, cable, () => measure(guests, from, to)) : await measure(guests, from, to);
      taken.set(path, [...(taken.get(path) ?? []), figures]);
    }
  }
  for (const id of ids) await guests.terminate(id);
  const medians = [...taken].map(([path, figures]) => [path, medianOf(figures)] as const);
  return medians.map(([path, figures]) => row(virtualization, path, figures, medians[0]?.[1] ?? figures));
}

const prepareScript = `sudo sh -c 'mkdir -p /run/bench; [ -e /run/bench/data ] || { dd if=/dev/zero of=/run/bench/data bs=1M count=${fileMib} 2>/dev/null; httpd -p ${port} -h /run/bench; }'`;

/** A group of the default VPC whose members reach each other and can be logged in to. */
async function openGroup({ client }: BenchGuests, zone: string): Promise<string> {
  const { Subnets: [subnet] = [] } = await client.send(new DescribeSubnetsCommand({ Filters: [{ Name: "availability-zone", Values: [zone] }, { Name: "default-for-az", Values: ["true"] }] }));
  const { GroupId = "" } = await client.send(new CreateSecurityGroupCommand({ GroupName: `bench-${process.pid}`, Description: "bench network", VpcId: subnet?.VpcId }));
  await client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] }));
  return GroupId;
}

async function describe({ client }: BenchGuests, id: string): Promise<Instance> {
  const { Reservations: [reservation] = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return reservation?.Instances?.[0] ?? {};
}

function toPeer({ InstanceId: id = "", PrivateIpAddress: address = "", NetworkInterfaces: [nic] = [] }: Instance, status: StatusReport | undefined): Peer {
  const hosts = (status?.regions ?? []).flatMap((region) => region.zones).flatMap((zone) => zone.hosts);
  const host = hosts.find(({ guests }) => guests.some((guest) => guest.id === id))?.id ?? "";
  return { id, host, address, nic: nic?.NetworkInterfaceId as InterfaceId }; // an id from an answer
}

/** Of three guests of one zone two are on one host where the zone has two hosts. */
function choosePairs(peers: readonly Peer[]): { from: Peer; beside: Peer; across: Peer; abroad: Peer } {
  const [one, two, three, abroad] = peers;
  if (one === undefined || two === undefined || three === undefined || abroad === undefined) throw new Error("four guests were launched");
  const pairs = [[one, two, three], [one, three, two], [two, three, one]] as const;
  const [from, beside, across] = pairs.find(([a, b, c]) => a.host === b.host && a.host !== c.host) ?? pairs[0];
  if (from.host !== beside.host || from.host === across.host) throw new Error("the zone needs two hosts with room for three guests");
  return { from, beside, across, abroad };
}

/** Frames between the two guests, by their addresses, go from tap to tap. */
function cableRules(one: Peer, other: Peer): string {
  const chain = (from: Peer, to: Peer) => {
    const [device, target] = [interfaceDevices(from.nic).tap, interfaceDevices(to.nic).tap];
    return `chain ${device} {\ntype filter hook ingress device "${device}" priority filter - 10\nip daddr ${to.address} fwd to "${target}"\narp daddr ip ${to.address} fwd to "${target}"\n}\n`;
  };
  return `table netdev ${cableTable} {\n${chain(one, other)}${chain(other, one)}}\n`;
}

interface Cable {
  /** The host's namespace. */
  readonly host: string;
  readonly ends: readonly [Peer, Peer];
}

/** On the bare path a guest's neighbour is the other guest itself, else the router: each asks anew. */
async function withCable<T>(guests: BenchGuests, { host, ends }: Cable, work: () => Promise<T>): Promise<T> {
  const forget = () => Promise.all(ends.map(({ id }) => guests.ssh(id, "sudo sh -c 'for device in /sys/class/net/*; do ip neigh flush dev ${device##*/}; done'")));
  await loadRules(cableRules(...ends), host);
  try {
    await forget();
    return await work();
  } finally {
    await loadRules(`delete table netdev ${cableTable}\n`, host);
    await forget();
  }
}

async function measure(guests: BenchGuests, from: Peer, to: Peer): Promise<Figures> {
  const ping = (count: number) => guests.ssh(from.id, `sudo ping -q -c ${count} -i 0.02 ${to.address} | tail -n 1`, 120_000);
  await ping(2); // addresses are found, and connections tracked
  const bytesPerSecond = Number(await guests.ssh(from.id, `curl -s -o /dev/null -w '%{speed_download}' http://${to.address}:${port}/data`, 120_000));
  return { mbitPerSecond: (bytesPerSecond * 8) / 1e6, roundTripMs: Number(/= ([\d.]+)\//.exec(await ping(pings))?.[1]) };
}

function medianOf(figures: readonly Figures[]): Figures {
  return { mbitPerSecond: median(figures.map((each) => each.mbitPerSecond)), roundTripMs: median(figures.map((each) => each.roundTripMs)) };
}

function row(guests: string, path: string, figures: Figures, bare: Figures): string[] {
  const share = `${Math.round((100 * figures.mbitPerSecond) / bare.mbitPerSecond)} %`;
  const times = (figures.roundTripMs / bare.roundTripMs).toFixed(2);
  return [guests, path, `${figures.mbitPerSecond.toFixed(0)} Mbit/s`, share, `${figures.roundTripMs.toFixed(2)} ms`, times];
}
