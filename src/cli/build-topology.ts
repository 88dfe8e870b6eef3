/**
 * Fills in a planned topology: ids, capacities from the machine, addresses on the underlay network. The same plan, machine and
 * network always give the same topology, so that hosts are found again; what is added to one gets what is free.
 */
import { cidrSize, formatIpv4, type Cidr } from "../base/ipv4.ts";
import { findRegion, regions, type RegionFacts } from "../base/regions.ts";
import type { HostRow } from "../store/tables.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { defaultOvercommit, emulatedCards, listHosts, type Overcommit, type PlannedHost, type PlannedZone, type Topology, type TopologyHost, type TopologyPlan, type TopologyZone } from "./topology.ts";

/** What all hosts on one machine share, as far as it is known before their agents run. */
export interface MachineSize {
  readonly cpus: number;
  readonly memoryMib: number;
}

/** What is left of the machine's memory for the host processes and everything else on it. */
const guestShareOfMemory = 0.8;

export const defaultPlan: TopologyPlan = {
  regions: [{ name: "us-east-1", zones: ["a", "b", "c"].map((letter) => ({ name: `us-east-1${letter}`, hosts: twoHosts() })) }],
};

/** The topologies that have names. */
export const namedPlans: Readonly<Record<string, TopologyPlan>> = {
  /** An ordinary host, and one on which hardware assistance works on any machine. */
  "emulated-rack": {
    regions: [
      {
        name: "us-east-1",
        zones: [
          { name: "us-east-1a", hosts: [{ overcommit: defaultOvercommit }] },
          { name: "us-east-1b", hosts: [{ emulated: true, memoryMib: 6144, cards: emulatedCards, overcommit: defaultOvercommit }] },
        ],
      },
    ],
  },
};

function twoHosts(): readonly PlannedHost[] {
  return [{ overcommit: defaultOvercommit }, { overcommit: defaultOvercommit }];
}

/** A host in every zone of every public region, each large enough that only records are ever its limit. */
export function simulatedPlan(): TopologyPlan {
  const host: PlannedHost = { vcpus: 65_536, memoryMib: 65_536 * 4096, overcommit: { vcpus: 1, memory: 1, disk: 1, network: 1 } };
  return {
    regions: regions.map(({ name, zones }) => ({ name, zones: zones.map((letter) => ({ name: name + letter, hosts: [host] })) })),
  };
}

/** `underlay` is the block of the underlay network; its first address belongs to the machine itself. */
export function buildTopology(plan: TopologyPlan, machine: MachineSize, underlay: Cidr): Topology {
  return extendTopology({ regions: [] }, plan, { machine, underlay, ids: [], addresses: [] });
}

export interface TopologyRoom {
  readonly machine: MachineSize;
  readonly underlay: Cidr;
  /** Of all nodes that there are, those that have joined too. */
  readonly ids: readonly string[];
  readonly addresses: readonly string[];
}

/** The topology and what the plan adds to it: regions, zones in its regions, hosts and storage nodes in its zones. What is there keeps its ids and addresses. */
export function extendTopology(standing: Topology, plan: TopologyPlan, { machine, underlay, ids, addresses }: TopologyRoom): Topology {
  const planned = plan.regions.flatMap((region) => region.zones);
  const taken = new Set([...ids, ...planned.flatMap((zone) => [...(zone.storageNodes ?? []), ...zone.hosts.map((host) => host.id)])]);
  const nextAddress = addressGiver(underlay, addresses);
  const regions = mergeByName(standing.regions, plan.regions, (region, { name, zones }, index) => ({
    name,
    zones: mergeByName(region?.zones ?? [], zones, (zone, more) => extendZone(zone, more, { prefix: idPrefix(requireFacts(name), more.name, index), machine, taken, nextAddress })),
  }));
  return shareMachine({ regions }, machine);
}

interface Named {
  readonly name: string;
}

function mergeByName<T extends Named, P extends Named>(standing: readonly T[], planned: readonly P[], merge: (standing: T | undefined, planned: P, index: number) => T): readonly T[] {
  const added = planned.filter(({ name }) => standing.every((each) => each.name !== name));
  const kept = standing.map((each, index) => {
    const more = planned.find(({ name }) => name === each.name);
    return more === undefined ? each : merge(each, more, index);
  });
  return [...kept, ...added.map((each, index) => merge(undefined, each, standing.length + index))];
}

function addressGiver(underlay: Cidr, addresses: readonly string[]): () => string {
  const taken = new Set(addresses);
  let last = underlay.base + 1;
  return () => {
    do last += 1;
    while (taken.has(formatIpv4(last)));
    if (last >= underlay.base + cidrSize(underlay) - 1) throw new CommandError("The topology has more nodes than the underlay network has addresses.", { exitCode: exitCodes.usage });
    return formatIpv4(last);
  };
}

/** Hosts without a size of their own have equal parts of the machine's memory, emulated ones none. */
export function shareMachine(topology: Topology, machine: MachineSize): Topology {
  const memoryMib = (machine.memoryMib * guestShareOfMemory) / countSharing(topology);
  const resize = (host: TopologyHost): TopologyHost => (host.sharesMemory === true ? { ...host, memoryMib: Math.floor(memoryMib * (host.overcommit?.memory ?? 1)) } : host);
  return changeHosts(topology, resize);
}

/**
 * Deals these accelerators, and no others, out among the hosts for which the file names none, each to the one with the fewest, the first of several. Who has one
 * of them keeps it, since a guest may have it. Fails with a `CommandError` when there is no such host.
 */
export function dealAccelerators(topology: Topology, addresses: readonly string[]): Topology {
  const players = listHosts(topology).filter((host) => host.emulated === undefined && host.namesAccelerators === undefined);
  const hands = new Map(players.map(({ id, accelerators = [] }) => [id, accelerators.filter((each) => addresses.includes(each))]));
  const named = listHosts(topology).flatMap((host) => (host.namesAccelerators === true ? (host.accelerators ?? []) : []));
  const taken = new Set([...named, ...[...hands.values()].flat()]);
  for (const address of addresses.filter((each) => !taken.has(each))) {
    const [fewest] = [...hands.values()].toSorted((a, b) => a.length - b.length);
    if (fewest === undefined) throw new CommandError(`No host of this machine can be given ${address}: the topology says for each what it has.`, { exitCode: exitCodes.usage });
    fewest.push(address);
  }
  return changeHosts(topology, (host) => {
    const hand = hands.get(host.id);
    if (hand === undefined) return host;
    const { accelerators: _before, ...rest } = host;
    return hand.length === 0 ? rest : { ...rest, accelerators: hand };
  });
}

function changeHosts({ regions }: Topology, change: (host: TopologyHost) => TopologyHost): Topology {
  return { regions: regions.map((region) => ({ ...region, zones: region.zones.map((zone) => ({ ...zone, hosts: zone.hosts.map(change) })) })) };
}

/** What placement may promise of a machine that is one host alone. */
export function capacityOf({ cpus, memoryMib }: MachineSize): Pick<HostRow, "vcpus" | "memory_mib" | "disk_percent" | "network_percent"> {
  return { vcpus: cpus * defaultOvercommit.vcpus, memory_mib: Math.floor(memoryMib * guestShareOfMemory * defaultOvercommit.memory), ...partsOf(defaultOvercommit, 1) };
}

/** What placement may promise of the disk and the network that the agents of so many hosts find on their machine. */
export function partsOf({ disk, network }: Overcommit, sharing: number): Pick<HostRow, "disk_percent" | "network_percent"> {
  const percentOf = (factor: number) => Math.floor((100 * factor) / sharing);
  return { disk_percent: percentOf(disk), network_percent: percentOf(network) };
}

/** The hosts that share this machine; emulated ones are machines of their own. At least one. */
export function countSharing(topology: Topology): number {
  return Math.max(1, listHosts(topology).filter((host) => host.emulated === undefined).length);
}

interface ZoneRoom {
  readonly prefix: string;
  readonly machine: MachineSize;
  readonly taken: Set<string | undefined>;
  readonly nextAddress: () => string;
}

function extendZone(standing: TopologyZone | undefined, plan: PlannedZone, { prefix, machine, taken, nextAddress }: ZoneRoom): TopologyZone {
  const freeId = (candidates: Iterable<string>): string => {
    for (const id of candidates) if (!taken.has(id)) return taken.add(id) && id;
    throw new Error("the candidates never end");
  };
  const hosts = plan.hosts.map((host) => ({
    id: host.id ?? freeId(numbered(prefix)),
    ...(host.emulated === true ? emulatedSize(host) : sizeOf(host, machine)),
    underlayAddress: nextAddress(),
    ...(host.cards === undefined ? {} : { cards: host.cards }),
    ...(host.accelerators === undefined ? {} : { accelerators: host.accelerators, namesAccelerators: true as const }),
  }));
  const storageNodes = (plan.storageNodes ?? (standing === undefined ? [undefined] : [])).map((id) => ({ id: id ?? freeId(storageNames(prefix)), underlayAddress: nextAddress() }));
  return { name: plan.name, hosts: [...(standing?.hosts ?? []), ...hosts], storageNodes: [...(standing?.storageNodes ?? []), ...storageNodes] };
}

function sizeOf({ vcpus, memoryMib, overcommit }: PlannedHost, machine: MachineSize): Pick<TopologyHost, "vcpus" | "memoryMib" | "overcommit" | "sharesMemory"> {
  const memory = memoryMib === undefined ? { memoryMib: 0, sharesMemory: true as const } : { memoryMib: Math.floor(memoryMib * overcommit.memory) };
  return { overcommit, vcpus: Math.floor((vcpus ?? machine.cpus) * overcommit.vcpus), ...memory };
}

const emulatedDefaults: MachineSize = { cpus: 2, memoryMib: 2560 };
/** Of an emulated host's memory, for its own system and agent. */
const emulatedOwnMib = 768;

/** Its memory is promised once: it has nothing to swap to. */
function emulatedSize({ vcpus, memoryMib, overcommit }: PlannedHost): Pick<TopologyHost, "vcpus" | "memoryMib" | "overcommit" | "emulated"> {
  const emulated: MachineSize = { cpus: vcpus ?? emulatedDefaults.cpus, memoryMib: memoryMib ?? emulatedDefaults.memoryMib };
  return { emulated, overcommit: { ...overcommit, memory: 1 }, vcpus: Math.floor(emulated.cpus * overcommit.vcpus), memoryMib: Math.max(0, emulated.memoryMib - emulatedOwnMib) };
}

function* numbered(prefix: string): Iterable<string> {
  for (let number = 1; ; number += 1) yield `${prefix}${number}`;
}

function* storageNames(prefix: string): Iterable<string> {
  yield `${prefix}s`;
  yield* numbered(`${prefix}s`);
}

/** `a` in the first region, so that the usual names are short; `euw1a` in the others. */
function idPrefix(facts: RegionFacts, zoneName: string, regionIndex: number): string {
  return (regionIndex === 0 ? "" : facts.short) + zoneName.slice(-1);
}

function requireFacts(regionName: string): RegionFacts {
  const facts = findRegion(regionName);
  if (facts === undefined) throw new Error(`the plan names the unknown region ${regionName}`);
  return facts;
}
