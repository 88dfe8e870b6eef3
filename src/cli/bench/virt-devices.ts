/**
 * The second part of `bench virt`: guests of one image and type that differ in their network device alone: a card whose registers the hypervisor
 * plays (e1000), queues in shared memory (virtio), and a virtual function of the host's own card, as far as a host has such. Hardware-assisted where there is a host
 * for it, preferably one with a card; else emulated.
 *
 * What is fair: a round trip is one packet to the guest and its kernel's own answer, with no process of the guest in it, a connection that is refused; and it
 * is measured from this machine, by one clock, since a guest's clock and its processes suffer from what is to be compared. The way to the guest's host is the same
 * for all and part of every figure. The guests run at the same time and are asked in turns, so that whatever else the machine does falls on all alike; of
 * many the median counts. Exits are counted around short series of the same requests, with no login meanwhile.
 */
import type { _InstanceType } from "@aws-sdk/client-ec2";
import type { Virtualization } from "../../host/protocol/specification.ts";
import { isStorageCard } from "../../host/virtual-function/card-names.ts";
import type { CurrentInstallation } from "../current-installation.ts";
import type { HostStatus, StatusReport } from "../status-report.ts";
import { inspectGuest, openExitCounter, type ExitCounter } from "./exit-counter.ts";
import { fetchFor, refusalTime, serveFile } from "./guest-network.ts";
import { imageOf, type BenchGuests } from "./guests.ts";
import type { BenchGroup } from "./network-course.ts";
import { median, table } from "./report.ts";

/** As the launch tag has them. */
const devices = {
  e1000: { name: "e1000", shows: "registers of a card, played" },
  tap: { name: "virtio", shows: "queues in shared memory" },
  vf: { name: "virtual function", shows: "the host's card itself" },
} as const;
type Networking = keyof typeof devices;

/** With enhanced networking, and so small that an emulated host has room for one of each. */
const [image, type] = ["tiny-vf", "t3.nano" satisfies _InstanceType] as const;
const [turns, requestsInTurn] = [5, 40] as const;

export interface DevicesMeasured {
  readonly virtualization: Virtualization;
  readonly rows: readonly DeviceMeasured[];
  /** Why no guest had a virtual function. */
  readonly withoutFunction?: string;
}

export interface DeviceMeasured {
  readonly networking: Networking;
  readonly host: string;
  readonly roundTripMs: readonly number[];
  readonly mbitPerSecond: readonly number[];
  /** For one round trip and for one MiB, of each turn of a hardware-assisted guest; else none. */
  readonly exitsOfRoundTrip: readonly number[];
  readonly registersOfRoundTrip: readonly number[];
  readonly exitsOfMib: readonly number[];
}

interface Place {
  readonly guests: BenchGuests;
  readonly group: BenchGroup;
  readonly current: CurrentInstallation;
  /** Of each transfer. */
  readonly seconds: number;
}

export async function measureDevices(place: Place, status: StatusReport, working: (text: string) => void): Promise<DevicesMeasured> {
  const { virtualization, zone, withoutFunction } = chooseSpot(status);
  const wanted: readonly Networking[] = withoutFunction === undefined ? ["e1000", "tap", "vf"] : ["e1000", "tap"];
  const subjects: Subject[] = [];
  for (const networking of wanted) {
    working(`launching one with ${devices[networking].name}`);
    subjects.push(await open(place, zone, virtualization, networking));
  }
  for (let turn = 1; turn <= turns; turn++) {
    working(`round trips, ${turn} of ${turns}`);
    for (const subject of subjects) await measureRoundTrips(subject);
  }
  for (let turn = 1; turn <= turns; turn++) {
    working(`transfers, ${turn} of ${turns}`);
    for (const subject of subjects) await measureTransfer(subject, place.seconds);
  }
  for (const { id } of subjects) await place.guests.terminate(id);
  return { virtualization, rows: subjects.map(({ measured }) => measured), ...(withoutFunction === undefined ? {} : { withoutFunction }) };
}

interface Spot {
  readonly virtualization: Virtualization;
  /** Absent: wherever there is room. */
  readonly zone?: string;
  readonly withoutFunction?: string;
}

/** Preferably a host that can give all of them. */
export function chooseSpot({ regions }: Pick<StatusReport, "regions">): Spot {
  const places = regions.flatMap(({ zones }) => zones.flatMap(({ name, hosts }) => hosts.map((host) => ({ zone: name, host }))));
  const assisted = places.filter(({ host }) => host.engines?.hardware.works === true);
  const withCard = assisted.find(({ host }) => networkCards(host).some(({ functions }) => functions > 0));
  if (withCard !== undefined) return { virtualization: "hardware", zone: withCard.zone };
  const [first] = assisted;
  if (first === undefined) return { virtualization: "emulated", withoutFunction: "no host runs hardware-assisted guests" };
  const [reason = "no such host has a card that splits itself"] = assisted.flatMap(({ host }) => networkCards(host).flatMap((card) => card.reason ?? []));
  return { virtualization: "hardware", zone: first.zone, withoutFunction: reason };
}

function networkCards({ cards = [] }: HostStatus): NonNullable<HostStatus["cards"]> {
  return cards.filter(({ device }) => !isStorageCard(device));
}

function launch({ guests, group }: Place, zone: string | undefined, virtualization: Virtualization, networking: Networking): Promise<string> {
  const Tags = [{ Key: "hostelry:virtualization", Value: virtualization }, { Key: "hostelry:networking", Value: networking }];
  return guests.launch({
    ImageId: imageOf(image, "hvm"),
    InstanceType: type,
    SecurityGroupIds: [group.id],
    ...(zone === undefined ? {} : { Placement: { AvailabilityZone: zone } }),
    TagSpecifications: [{ ResourceType: "instance", Tags }],
  });
}

interface Subject {
  readonly id: string;
  readonly address: string;
  readonly counter: ExitCounter | undefined;
  readonly measured: { readonly [Figure in keyof DeviceMeasured]: DeviceMeasured[Figure] extends readonly number[] ? number[] : DeviceMeasured[Figure] };
}

async function open(place: Place, zone: string | undefined, virtualization: Virtualization, networking: Networking): Promise<Subject> {
  const { guests, current } = place;
  const id = await launch(place, zone, virtualization, networking);
  await guests.untilSsh(id, "true");
  const address = await serveFile(guests, id);
  const { host } = await inspectGuest(current, id, 0);
  await refusalTime(address); // addresses are found
  const counter = virtualization === "hardware" ? openExitCounter(current, id) : undefined;
  return { id, address, counter, measured: { networking, host, roundTripMs: [], mbitPerSecond: [], exitsOfRoundTrip: [], registersOfRoundTrip: [], exitsOfMib: [] } };
}

async function measureRoundTrips({ address, counter, measured: { roundTripMs, exitsOfRoundTrip, registersOfRoundTrip } }: Subject): Promise<void> {
  await counter?.begin();
  for (let request = 0; request < requestsInTurn; request++) roundTripMs.push(await refusalTime(address));
  if (counter === undefined) return;
  const exits = await counter.sinceThen();
  exitsOfRoundTrip.push(exits.all / requestsInTurn);
  registersOfRoundTrip.push(exits.registers / requestsInTurn);
}

async function measureTransfer({ address, counter, measured: { mbitPerSecond, exitsOfMib } }: Subject, seconds: number): Promise<void> {
  await counter?.begin();
  const came = await fetchFor(address, seconds);
  mbitPerSecond.push(came.mbitPerSecond);
  if (counter !== undefined) exitsOfMib.push((await counter.sinceThen()).all / came.mib);
}

export function reportDevices({ virtualization, rows, withoutFunction }: DevicesMeasured): string {
  const counts = rows.some(({ exitsOfMib }) => exitsOfMib.length > 0);
  const headings = [`network device, ${virtualization}`, "what it is", "host", "round trip", "Mbit/s out of it", ...(counts ? ["exits for a round trip", "of them for registers", "exits for a MiB"] : [])];
  const measured = rows.map(({ networking, host, roundTripMs, mbitPerSecond, exitsOfRoundTrip, registersOfRoundTrip, exitsOfMib }) => {
    const { name, shows } = devices[networking];
    const counted = counts ? [median(exitsOfRoundTrip).toFixed(1), median(registersOfRoundTrip).toFixed(1), median(exitsOfMib).toFixed(0)] : [];
    return [name, shows, host, `${median(roundTripMs).toFixed(2)} ms`, median(mbitPerSecond).toFixed(1), ...counted];
  });
  const absent = withoutFunction === undefined ? [] : [[devices.vf.name, `absent: ${withoutFunction}`]];
  return table(headings, [...measured, ...absent]);
}
