/**
 * What two guests of a VPC send each other, in turns with the same two over a bare path: their frames go from one's tap to the other's, between two hosts
 * by the wire of these (a pair of devices each, and the bridge between), and meet no router, rule, connection tracking or overlay.
 */
import type { InterfaceId } from "../../base/ids.ts";
import { loadRules } from "../../host/network/command.ts";
import { interfaceDevices, nodeNamespace, underlayDevice } from "../../host/network/names.ts";
import { findStatus } from "../control-client.ts";
import type { StatusReport } from "../status-report.ts";
import type { BenchGuests } from "./guests.ts";
import { describe, kinds, launchTiny, type Course, type Kind } from "./network-course.ts";
import { median } from "./report.ts";

const port = 7_100;
const fileMib = 48;
/** Round trips are taken in short turns, so that what else the machine does falls on both ways. */
const [pingTurns, pings] = [5, 20];
const cableTable = "hostelry_bench";

/** One guest as the measurements need it. */
interface Peer {
  readonly id: string;
  readonly host: string;
  readonly namespace: string;
  readonly address: string;
  readonly mac: string;
  readonly tap: string;
}

/** Of one way: what was measured, one after the other. */
interface Figures {
  readonly mbitPerSecond: number[];
  readonly roundTripMs: number[];
}

/** A row for each kind of guest and path. */
export async function measurePaths(course: Course): Promise<string[][]> {
  const rows: string[][] = [];
  for (const kind of kinds) rows.push(...(await measureKind(course, kind)));
  return rows;
}

/** Four guests of the kind, and the rows of what the first one measures. */
async function measureKind(course: Course, kind: Kind): Promise<string[][]> {
  const { guests, installation, runs, working } = course;
  working(`${kind.virtualization}: launching`);
  const ids = [await launchTiny(course, kind, "a"), await launchTiny(course, kind, "a"), await launchTiny(course, kind, "a"), await launchTiny(course, kind, "b")];
  await Promise.all(ids.map((id) => guests.untilSsh(id, prepareScript)));
  const status = await findStatus(installation);
  const { from, beside, across, abroad } = choosePairs(await Promise.all(ids.map((id) => findPeer(course, id, status))));
  const paths = [["one host", beside], ["two hosts", across], ["two zones", abroad]] as const;
  const taken = paths.map(([path, to]) => ({ path, to, bare: noFigures(), real: noFigures() }));
  for (let turn = 1; turn <= runs; turn++) {
    // In turns, so that whatever else the machine does falls on all alike.
    for (const { path, to, bare, real } of taken) {
      working(`${kind.virtualization}: ${path}, ${turn} of ${runs}`);
      const pair = [from, to] as const;
      bare.mbitPerSecond.push(await withCable(pair, () => measureSpeed(guests, pair)));
      real.mbitPerSecond.push(await measureSpeed(guests, pair));
      for (let pingTurn = 1; pingTurn <= pingTurns; pingTurn++) {
        bare.roundTripMs.push(...(await withCable(pair, () => measureRoundTrips(guests, pair))));
        real.roundTripMs.push(...(await measureRoundTrips(guests, pair)));
      }
    }
  }
  for (const id of ids) await guests.terminate(id);
  return taken.map(({ path, bare, real }) => row(kind.virtualization, path, bare, real));
}

const prepareScript = `sudo sh -c 'mkdir -p /run/bench; [ -e /run/bench/data ] || { dd if=/dev/zero of=/run/bench/data bs=1M count=${fileMib} 2>/dev/null; httpd -p ${port} -h /run/bench; }'`;

async function findPeer({ guests, installation }: Course, id: string, status: StatusReport | undefined): Promise<Peer> {
  const { PrivateIpAddress: address = "", NetworkInterfaces: [nic] = [] } = await describe(guests, id);
  const hosts = (status?.regions ?? []).flatMap((region) => region.zones).flatMap((zone) => zone.hosts);
  const host = hosts.find((each) => each.guests.some((guest) => guest.id === id))?.id ?? "";
  return { id, host, namespace: nodeNamespace(installation.id, host), address, mac: nic?.MacAddress ?? "", tap: interfaceDevices(nic?.NetworkInterfaceId as InterfaceId).tap }; // an id from an answer
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

/** For the host of `own`: packets to and from the other guest, by their addresses, go past everything, as frames to the other's hardware address. */
function cableRules(own: Peer, other: Peer): string {
  const wire = own.host === other.host ? other.tap : underlayDevice;
  const chain = (device: string, to: Peer, target: string) =>
    `chain ${device} {\ntype filter hook ingress device "${device}" priority filter - 10\nip daddr ${to.address} ether daddr set ${to.mac} fwd to "${target}"\n}\n`;
  return `table netdev ${cableTable} {\n${chain(own.tap, other, wire)}${chain(wire, own, own.tap)}}\n`;
}

async function withCable<T>([one, other]: readonly [Peer, Peer], work: () => Promise<T>): Promise<T> {
  const hosts = one.host === other.host ? [[one, other] as const] : ([[one, other], [other, one]] as const);
  for (const [own, far] of hosts) await loadRules(cableRules(own, far), own.namespace);
  try {
    return await work();
  } finally {
    for (const [own] of hosts) await loadRules(`delete table netdev ${cableTable}\n`, own.namespace);
  }
}

function noFigures(): Figures {
  return { mbitPerSecond: [], roundTripMs: [] };
}

async function measureSpeed(guests: BenchGuests, [from, to]: readonly [Peer, Peer]): Promise<number> {
  await ping(guests, from, to, 2); // addresses are found, and connections tracked
  const bytesPerSecond = Number(await guests.ssh(from.id, `curl -s -o /dev/null -w '%{speed_download}' http://${to.address}:${port}/data`, 120_000));
  return (bytesPerSecond * 8) / 1e6;
}

/** A packet every 20 ms: between two the way is forgotten by the processor's caches, as it is between packets that people wait for. */
async function measureRoundTrips(guests: BenchGuests, [from, to]: readonly [Peer, Peer]): Promise<readonly number[]> {
  await ping(guests, from, to, 2);
  return [...(await ping(guests, from, to, pings)).matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms));
}

function ping(guests: BenchGuests, from: Peer, to: Peer, count: number): Promise<string> {
  return guests.ssh(from.id, `sudo ping -c ${count} -i 0.02 ${to.address}`, 120_000);
}

function row(guests: string, path: string, bare: Figures, real: Figures): string[] {
  const [bareSpeed, speed] = [median(bare.mbitPerSecond), median(real.mbitPerSecond)];
  const [bareTime, time] = [median(bare.roundTripMs), median(real.roundTripMs)];
  const [inMbit, inMs] = [(value: number) => `${value.toFixed(0)} Mbit/s`, (value: number) => `${value.toFixed(2)} ms`];
  return [guests, path, inMbit(bareSpeed), inMbit(speed), `${Math.round((100 * speed) / bareSpeed)} %`, inMs(bareTime), inMs(time), (time / bareTime).toFixed(2)];
}
