/** What a data centre would lose with a part of it: nothing is removed from the topology as long as there is any. */
import { everyRegion } from "../base/regions.ts";
import type { Tx } from "../store/store.ts";
import { CommandError } from "./command-error.ts";
import { listNodes, type Topology } from "./topology.ts";

/** What one topology has and another has not, or has elsewhere. */
export interface Departure {
  /** Ids of hosts and storage nodes. */
  readonly nodes: readonly string[];
  readonly zones: readonly string[];
  readonly regions: readonly string[];
}

export function departuresOf(before: Topology, after: Topology): Departure {
  const gone = (list: (topology: Topology) => readonly string[]) => list(before).filter((each) => !list(after).includes(each));
  const places = gone((topology) => listNodes(topology).map(({ id, role, zone }) => `${id} ${role} ${zone}`));
  return {
    nodes: places.map((place) => place.slice(0, place.indexOf(" "))),
    zones: gone(({ regions }) => regions.flatMap((region) => region.zones.map((zone) => zone.name))),
    regions: gone(({ regions }) => regions.map((region) => region.name)),
  };
}

/** Fails with a `CommandError` that names everything for which what departs must stay. */
export async function refuseOrphans(tx: Tx, departure: Departure): Promise<void> {
  const found = (await listOrphans(tx, departure)).filter(({ ids }) => ids.length > 0);
  if (found.length === 0) return;
  const what = found.map(({ what: noun, ids }) => `${noun} ${named(ids)}`).join("; ");
  const part = departure.regions[0] ?? departure.zones[0] ?? departure.nodes[0] ?? "It";
  throw new CommandError(`${part} cannot go, because of what is there: ${what}.`, { remedy: "Terminate or delete these first; ./hostelry host drain NAME keeps new guests away meanwhile." });
}

const namedIds = 5;

function named(ids: readonly string[]): string {
  const rest = ids.length > namedIds ? ` and ${ids.length - namedIds} more` : "";
  return `${ids.slice(0, namedIds).join(", ")}${rest}`;
}

interface Orphans {
  readonly what: string;
  readonly ids: readonly string[];
}

async function listOrphans({ db }: Tx, { nodes, zones, regions }: Departure): Promise<readonly Orphans[]> {
  const found = async (what: string, rows: Promise<readonly { readonly id: string }[]>): Promise<Orphans> => ({ what, ids: [...new Set((await rows).map(({ id }) => id))] });
  const instances = db.selectFrom("instances").select("id").where("terminated_at", "is", null);
  return [
    await found("guests", instances.where(({ eb, or }) => or([eb("host_id", "in", nodes), eb("zone", "in", zones)])).execute()),
    await found("volumes", db.selectFrom("volumes").select("id").where(({ eb, or }) => or([eb("storage_node", "in", nodes), eb("zone", "in", zones)])).execute()),
    await found("snapshots", db.selectFrom("snapshots").select("id").where(({ eb, or, and }) => or([eb("region", "in", regions), and([eb("storage_node", "in", nodes), eb("observed_state", "in", ["ordered", "frozen"])])])).where("region", "!=", everyRegion).execute()),
    await found("images", db.selectFrom("images").select("id").where("region", "in", regions).execute()),
    await found("Dedicated Hosts", db.selectFrom("dedicated_hosts").select("id").where("host_id", "in", nodes).where("replaced_at", "is", null).execute()),
    await found("capacity reservations", db.selectFrom("capacity_slots").select("reservation_id as id").where("host_id", "in", nodes).execute()),
    await found("network interfaces", db.selectFrom("network_interfaces").select("id").where("zone", "in", zones).execute()),
    await found("machines that have joined", db.selectFrom("joined_hosts").innerJoin("hosts", "hosts.id", "joined_hosts.host_id").select("hosts.id").where("zone", "in", zones).where("hosts.id", "not in", nodes).execute()),
  ];
}
