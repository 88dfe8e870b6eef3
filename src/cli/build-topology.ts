/**
 * Fills in a planned topology: ids, capacities from the machine, addresses on the underlay network. The same plan, machine and
 * network always give the same topology, so that hosts are found again.
 */
import { cidrSize, formatIpv4, type Cidr } from "../base/ipv4.ts";
import { findRegion, regions, type RegionFacts } from "../base/regions.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { defaultOvercommit, type PlannedHost, type PlannedZone, type Topology, type TopologyPlan, type TopologyZone } from "./topology.ts";

/** The processors and memory that all hosts on one machine share. */
export interface MachineSize {
  readonly cpus: number;
  readonly memoryMib: number;
}

/** What is left of the machine's memory for the host processes and everything else on it. */
const guestShareOfMemory = 0.8;

export const defaultPlan: TopologyPlan = {
  regions: [{ name: "us-east-1", zones: ["a", "b", "c"].map((letter) => ({ name: `us-east-1${letter}`, hosts: twoHosts() })) }],
};

function twoHosts(): readonly PlannedHost[] {
  return [{ overcommit: defaultOvercommit }, { overcommit: defaultOvercommit }];
}

/** A host in every zone of every public region, each large enough that only records are ever its limit. */
export function simulatedPlan(): TopologyPlan {
  const host: PlannedHost = { vcpus: 65_536, memoryMib: 65_536 * 4096, overcommit: { vcpus: 1, memory: 1 } };
  return {
    regions: regions.map(({ name, zones }) => ({ name, zones: zones.map((letter) => ({ name: name + letter, hosts: [host] })) })),
  };
}

/** `underlay` is the block of the underlay network; its first address belongs to the machine itself. */
export function buildTopology(plan: TopologyPlan, machine: MachineSize, underlay: Cidr): Topology {
  const zones = plan.regions.flatMap((region) => region.zones);
  const hostCount = zones.reduce((sum, zone) => sum + zone.hosts.length, 0);
  if (hostCount + zones.length + 3 > cidrSize(underlay)) {
    throw new CommandError(`The topology has ${hostCount + zones.length} nodes, more than the underlay network has addresses.`, { exitCode: exitCodes.usage });
  }
  const share: MachineSize = { cpus: machine.cpus, memoryMib: (machine.memoryMib * guestShareOfMemory) / hostCount };
  const taken = new Set(zones.flatMap((zone) => [zone.storageNodeId, ...zone.hosts.map((host) => host.id)]));
  let last = underlay.base + 1;
  const nextAddress = () => formatIpv4((last += 1));
  return {
    regions: plan.regions.map((region, index) => ({
      name: region.name,
      zones: region.zones.map((zone) => buildZone(zone, idPrefix(requireFacts(region.name), zone.name, index), share, taken, nextAddress)),
    })),
  };
}

function buildZone(zone: PlannedZone, prefix: string, share: MachineSize, taken: Set<string | undefined>, nextAddress: () => string): TopologyZone {
  const freeId = (candidates: Iterable<string>): string => {
    for (const id of candidates) if (!taken.has(id)) return taken.add(id) && id;
    throw new Error("the candidates never end");
  };
  const hosts = zone.hosts.map((host) => ({
    id: host.id ?? freeId(numbered(prefix)),
    vcpus: Math.floor((host.vcpus ?? share.cpus) * host.overcommit.vcpus),
    memoryMib: Math.floor((host.memoryMib ?? share.memoryMib) * host.overcommit.memory),
    underlayAddress: nextAddress(),
  }));
  const storageNode = { id: zone.storageNodeId ?? freeId(storageNames(prefix)), underlayAddress: nextAddress() };
  return { name: zone.name, hosts, storageNode };
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
