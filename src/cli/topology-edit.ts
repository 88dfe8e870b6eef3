/**
 * Changes of a data centre's topology while it runs. Pure: what is added gets free ids and addresses, and everything else stays as it is, but that hosts
 * without a size of their own have smaller or larger parts of the machine's memory.
 */
import { regions } from "../base/regions.ts";
import { extendTopology, shareMachine, type MachineSize, type TopologyRoom } from "./build-topology.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { listHosts, parseTopology, type Topology, type TopologyPlan } from "./topology.ts";

export const topologyParts = ["region", "zone", "host", "storage-node"] as const;
export type TopologyPart = (typeof topologyParts)[number];

export type TopologyEdit =
  /** The plan names what is added, inside of what there is already. */
  | { readonly add: TopologyPart; readonly plan: TopologyPlan }
  | { readonly remove: TopologyPart; readonly name: string };

/** An edit as a command sends it; fails with a `CommandError` for one that makes no sense in any data centre. */
export function parseTopologyEdit(value: unknown): TopologyEdit {
  const { add, remove, name, plan } = value as Partial<Record<"add" | "remove" | "name" | "plan", unknown>>; // checked next
  const part = topologyParts.find((each) => each === (add ?? remove));
  if (part !== undefined && add === undefined && typeof name === "string") return { remove: part, name };
  if (part === undefined || remove !== undefined) throw usage("An edit of the topology adds or removes a region, a zone, a host or a storage node.");
  try {
    return { add: part, plan: parseTopology(JSON.stringify(plan ?? {}), "edit") }; // JSON is YAML
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown;
    throw usage(sentence(thrown.message.replace(/^edit:\d+: /, "")), thrown.remedy);
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function usage(message: string, remedy?: string): CommandError {
  return new CommandError(message, { exitCode: exitCodes.usage, ...(remedy === undefined ? {} : { remedy }) });
}

/** Fails with a `CommandError` when the topology has what is added, or does not have what is removed or added to. */
export function editTopology(topology: Topology, edit: TopologyEdit, room: TopologyRoom): Topology {
  return "add" in edit ? add(topology, edit, room) : remove(topology, edit, room.machine);
}

function add(topology: Topology, { add: part, plan }: Extract<TopologyEdit, { add: TopologyPart }>, room: TopologyRoom): Topology {
  for (const { name, zones } of plan.regions) {
    const region = topology.regions.find((each) => each.name === name);
    if (part === "region" && region !== undefined) throw usage(`The region ${name} is there already.`, "./hostelry zone add makes it larger.");
    if (part !== "region" && region === undefined) throw usage(`There is no region ${name} in this data centre.`, `Make it first: ./hostelry region add ${name}`);
    for (const zone of zones) {
      const isThere = region?.zones.some((each) => each.name === zone.name) === true;
      if (part === "zone" && isThere) throw usage(`The zone ${zone.name} is there already.`, "./hostelry host add makes it larger.");
      if (part !== "region" && part !== "zone" && !isThere) throw usage(`There is no zone ${zone.name} in this data centre.`, `Make it first: ./hostelry zone add ${zone.name}`);
      for (const id of [...(zone.storageNodes ?? []), ...zone.hosts.map((host) => host.id)]) if (id !== undefined && room.ids.includes(id)) throw usage(`There is a host or a storage node ${id} already.`);
    }
  }
  refuseSharedDevices(topology, plan);
  return extendTopology(topology, plan, room);
}

/** A card or an accelerator of the machine is one host's; those of an emulated host are its own. */
function refuseSharedDevices(topology: Topology, plan: TopologyPlan): void {
  const planned = plan.regions.flatMap(({ zones }) => zones.flatMap(({ hosts }) => hosts)).filter((host) => host.emulated === undefined);
  for (const device of planned.flatMap(({ cards = [], accelerators = [] }) => [...cards, ...accelerators])) {
    const owner = listHosts(topology).find(({ emulated, cards = [], accelerators = [] }) => emulated === undefined && [...cards, ...accelerators].includes(device));
    if (owner !== undefined) throw usage(`${device} is the host ${owner.id}'s.`, `./hostelry host remove ${owner.id} gives it back.`);
  }
}

function remove(topology: Topology, { remove: part, name }: Extract<TopologyEdit, { remove: TopologyPart }>, machine: MachineSize): Topology {
  const left = without(topology, part, name);
  if (JSON.stringify(left) === JSON.stringify(topology)) {
    throw usage(`There is no ${part.replace("-", " ")} ${name} in this data centre.`, `./hostelry ${part} list shows what there is.`);
  }
  if (left.regions.length === 0) throw usage(`${name} is the last region of this data centre.`, "./hostelry down ends all of it.");
  const empty = left.regions.find((region) => region.zones.length === 0);
  if (empty !== undefined) throw usage(`${name} is the last zone of ${empty.name}.`, `Remove the region: ./hostelry region remove ${empty.name}`);
  const bare = left.regions.flatMap((region) => region.zones).find((zone) => zone.storageNodes.length === 0);
  if (bare !== undefined) throw usage(`${name} is the last storage node of ${bare.name}.`, `Give it another first: ./hostelry storage-node add --zone ${bare.name}`);
  return shareMachine(left, machine);
}

function without({ regions: standing }: Topology, part: TopologyPart, name: string): Topology {
  const keep = (at: TopologyPart, id: string) => part !== at || id !== name;
  return {
    regions: standing
      .filter((region) => keep("region", region.name))
      .map((region) => ({
        ...region,
        zones: region.zones
          .filter((zone) => keep("zone", zone.name))
          .map((zone) => ({ ...zone, hosts: zone.hosts.filter(({ id }) => keep("host", id)), storageNodes: zone.storageNodes.filter(({ id }) => keep("storage-node", id)) })),
      })),
  };
}

/** The region that a zone of this name is in, whether the data centre has it or not. */
export function regionOfZone(zone: string): string {
  const region = regions.find(({ name, zones }) => zones.some((letter) => name + letter === zone));
  if (region === undefined) throw usage(`There is no zone ${zone} in any region.`, "A zone's name is its region's and a letter, such as us-east-1d.");
  return region.name;
}
