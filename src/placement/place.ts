/**
 * Which hosts take the machines of one launch or start: a pure function over what hosts have, what is promised already, and where the machines of the same
 * placement group are. All machines need the same; each goes to the best host that is left:
 *
 *   without a group   the emptiest one, as EC2 spreads over hardware on its own
 *   cluster           near: one that has machines of the group, else as above
 *   spread            one that has no machine of the group
 *   partition         one that no other partition of the group uses, rather one that this partition uses already; where no partition is asked for,
 *                     that with the fewest machines takes the next
 *
 * Facts §2.4. How empty a host is says the smaller of the free shares of its vCPUs and of its memory. One that has to be taken whole for dedicated instances comes after those
 * that are taken already.
 */
import type { Virtualization } from "../host/protocol/specification.ts";
import type { Claim } from "./claim.ts";

export interface HostOffer {
  readonly id: string;
  readonly zone: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly reservedVcpus: number;
  readonly reservedMemoryMib: number;
  /** The kinds of virtualization that its probe found working. */
  readonly virtualizations: readonly Virtualization[];
  /** The same for machines of arm64; absent: none. */
  readonly arm64?: readonly Virtualization[];
  /** Of what its local disks and its network may be promised, the rest; absent: no limit is known. */
  readonly freeDiskGib?: number;
  readonly freeNetworkMbps?: number;
  /** Devices that are promised to nobody; absent: none. */
  readonly freeAccelerators?: number;
  /** Virtual functions of its network cards that are promised to nobody; absent: none, or nobody asked. */
  readonly freeFunctions?: number;
  /** Who alone may be there (`host_rooms.holder`). */
  readonly holder: string;
  /** Whoever gets a machine there has it alone from then on. */
  readonly isUntaken?: boolean;
}

export interface Need extends Claim {
  /** Any of these will do; the first that a host has is taken. */
  readonly virtualizations: readonly Virtualization[];
  /** Of the machine's processor; absent: x86_64. */
  readonly architecture?: "arm64";
  /** Virtual functions of network cards, all on one host; absent: none. */
  readonly functions?: number;
}

/** The placement group that the machines go to, as it is in one zone. */
export interface Company {
  readonly strategy: "cluster" | "spread" | "partition";
  /** How many more machines the zone may have. */
  readonly room: number;
  /** The machines that are there. */
  readonly machines: readonly { readonly hostId: string; readonly partition: number | undefined }[];
  /** Those that may be used, one or all; empty for other strategies. */
  readonly partitions: readonly number[];
}

export interface Placement {
  readonly host: HostOffer;
  readonly virtualization: Virtualization;
  readonly partition: number | undefined;
}

/** A host while machines are being placed. */
interface Seat {
  readonly host: HostOffer;
  readonly virtualization: Virtualization;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  networkMbps: number;
  accelerators: number;
  functions: number;
  isUntaken: boolean;
  /** Machines of the same group. */
  machines: number;
  /** The partition that uses it. */
  partition: number | undefined;
}

/** Hosts for up to `count` machines, as many as there is room for, in the order in which they were found. */
export function placeMachines(offers: readonly HostOffer[], need: Need, count: number, company?: Company): Placement[] {
  const seats = offers.flatMap((host) => toSeat(host, need, company) ?? []);
  const sizes = new Map(company?.partitions.map((partition) => [partition, company.machines.filter((each) => each.partition === partition).length]));
  const placements: Placement[] = [];
  while (placements.length < Math.min(count, company?.room ?? count)) {
    const found = findSeat(seats, need, company?.strategy, sizes);
    if (found === undefined) break;
    const { seat, partition } = found;
    placements.push({ host: seat.host, virtualization: seat.virtualization, partition });
    takeRoom(seat, need);
    seat.isUntaken = false;
    seat.machines++;
    seat.partition = partition;
    if (partition !== undefined) sizes.set(partition, (sizes.get(partition) ?? 0) + 1);
  }
  return placements;
}

/** How the host would run such a machine; undefined: not at all. */
export function findVirtualization({ virtualizations, arm64 = [] }: HostOffer, need: Need): Virtualization | undefined {
  const working = need.architecture === "arm64" ? arm64 : virtualizations;
  return need.virtualizations.find((kind) => working.includes(kind));
}

function toSeat(host: HostOffer, need: Need, company: Company | undefined): Seat | undefined {
  const virtualization = findVirtualization(host, need);
  if (virtualization === undefined) return undefined;
  const here = company?.machines.filter((machine) => machine.hostId === host.id) ?? [];
  const { freeDiskGib: diskGib = Infinity, freeNetworkMbps: networkMbps = Infinity, freeAccelerators: accelerators = 0, freeFunctions: functions = 0 } = host;
  const [vcpus, memoryMib] = [host.vcpus - host.reservedVcpus, host.memoryMib - host.reservedMemoryMib];
  const room = { vcpus, memoryMib, diskGib, networkMbps, accelerators, functions };
  return { host, virtualization, ...room, isUntaken: host.isUntaken ?? false, machines: here.length, partition: here[0]?.partition };
}

function findSeat(
  seats: readonly Seat[],
  need: Need,
  strategy: Company["strategy"] | undefined,
  sizes: ReadonlyMap<number, number>,
): { readonly seat: Seat; readonly partition: number | undefined } | undefined {
  const partitions = strategy === "partition" ? [...sizes].toSorted(([a, some], [b, others]) => some - others || a - b).map(([partition]) => partition) : [undefined];
  for (const partition of partitions) {
    let best: Seat | undefined;
    for (const seat of seats) {
      if (!hasRoom(seat, need) || !isAllowed(seat, strategy, partition)) continue;
      if (best === undefined || isBetter(seat, best, strategy)) best = seat;
    }
    if (best !== undefined) return { seat: best, partition };
  }
  return undefined;
}

function hasRoom(seat: Seat, { vcpus, memoryMib, diskGib = 0, networkMbps = 0, accelerators = 0, functions = 0 }: Need): boolean {
  const hasLocal = seat.diskGib >= diskGib && seat.networkMbps >= networkMbps && seat.accelerators >= accelerators && seat.functions >= functions;
  return seat.vcpus >= vcpus && seat.memoryMib >= memoryMib && hasLocal;
}

function takeRoom(seat: Seat, { vcpus, memoryMib, diskGib = 0, networkMbps = 0, accelerators = 0, functions = 0 }: Need): void {
  seat.vcpus -= vcpus;
  seat.memoryMib -= memoryMib;
  seat.diskGib -= diskGib;
  seat.networkMbps -= networkMbps;
  seat.accelerators -= accelerators;
  seat.functions -= functions;
}

function isAllowed(seat: Seat, strategy: Company["strategy"] | undefined, partition: number | undefined): boolean {
  if (strategy === "spread") return seat.machines === 0;
  return strategy !== "partition" || seat.machines === 0 || seat.partition === partition;
}

/** Of two hosts that are both allowed. */
function isBetter(a: Seat, b: Seat, strategy: Company["strategy"] | undefined): boolean {
  const isNear = (seat: Seat) => strategy !== undefined && seat.machines > 0;
  if (isNear(a) !== isNear(b)) return isNear(a);
  if (a.isUntaken !== b.isUntaken) return b.isUntaken;
  const difference = freeShare(a) - freeShare(b);
  return difference === 0 ? a.host.id < b.host.id : difference > 0;
}

function freeShare({ host, vcpus, memoryMib }: Seat): number {
  return Math.min(vcpus / host.vcpus, memoryMib / host.memoryMib);
}
