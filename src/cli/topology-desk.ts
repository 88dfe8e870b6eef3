/**
 * The topology of a running data centre, and its changes, one after the other. The installation's file says what there is, and the rows follow it. What is
 * added is in the file before it is in the rows, and what goes is gone from the rows first: whatever is cut short, no guest is ever given to a host that the
 * next start would not know, and the next start makes the rows agree.
 */
import type { Clock } from "../base/clock.ts";
import { parseCidr } from "../base/ipv4.ts";
import { syncRooms } from "../placement/sync-rooms.ts";
import { wake } from "../store/due.ts";
import type { Store, Tx } from "../store/store.ts";
import type { MachineSize } from "./build-topology.ts";
import { listNodes, type Topology } from "./topology.ts";
import { editTopology, type TopologyEdit } from "./topology-edit.ts";
import { departuresOf, refuseOrphans } from "./topology-orphans.ts";
import { syncTopology, topologyTopic } from "./topology-rows.ts";

export interface TopologyDesk {
  current(): Topology;
  /** The ids of the nodes that came and went. Fails with a `CommandError`, and changes nothing then. */
  edit(edit: TopologyEdit): Promise<TopologyChange>;
}

export interface TopologyChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** What was removed is a machine that had joined, and that still runs what it ran. */
  readonly elsewhere?: true;
}

export interface TopologyDeskParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly machine: MachineSize;
  /** The block of the underlay network. */
  readonly underlay: string;
  readonly topology: Topology;
  /** Puts the topology into the installation's file. */
  readonly save: (topology: Topology) => void;
}

export function openTopologyDesk({ store, clock, machine, underlay, topology, save }: TopologyDeskParts): TopologyDesk {
  const block = parseCidr(underlay);
  if (block === undefined) throw new Error(`${underlay} is no CIDR block`);
  let current = topology;
  let last: Promise<unknown> = Promise.resolve();
  const carryOut = async (edit: TopologyEdit): Promise<TopologyChange> => {
    if ("remove" in edit && edit.remove === "host" && listNodes(current).every(({ id }) => id !== edit.name)) {
      if (await store.write((tx) => removeJoinedHost(tx, edit.name, clock.now()))) return { added: [], removed: [edit.name], elsewhere: true };
    }
    const nodes = await store.read((tx) => tx.db.selectFrom("hosts").select(["id", "underlay_address"]).execute());
    const next = editTopology(current, edit, { machine, underlay: block, ids: nodes.map(({ id }) => id), addresses: nodes.map((node) => node.underlay_address) });
    const departure = departuresOf(current, next);
    if (departure.nodes.length > 0) {
      await store.write(async (tx) => {
        await refuseOrphans(tx, departure);
        await forgetNodes(tx, departure.nodes, clock.now());
      });
    }
    save(next);
    const before = listNodes(current);
    current = next;
    await store.write((tx) => syncTopology(tx, next, clock.now()));
    return { added: listNodes(next).flatMap(({ id }) => (before.some((node) => node.id === id) ? [] : id)), removed: departure.nodes };
  };
  return {
    current: () => current,
    edit: (edit) => {
      const turn = last.then(() => carryOut(edit));
      last = turn.catch(() => {});
      return turn;
    },
  };
}

/** A machine that has joined is turned away from then on, and its id may be another machine's. Returns whether there was one; fails with a `CommandError` that says what is in the way. */
async function removeJoinedHost(tx: Tx, id: string, now: number): Promise<boolean> {
  const joined = await tx.db.selectFrom("joined_hosts").select("host_id").where("host_id", "=", id).executeTakeFirst();
  if (joined === undefined) return false;
  await refuseOrphans(tx, { nodes: [id], zones: [], regions: [] });
  await forgetNodes(tx, [id], now);
  return true;
}

/** With all that was asked of them. NAT gateways that were there look for another host at once. */
async function forgetNodes(tx: Tx, ids: readonly string[], now: number): Promise<void> {
  for (const { id } of await tx.db.selectFrom("nat_gateways").select("id").where("host_id", "in", ids).execute()) await wake(tx, { kind: "nat-gateway", key: id }, now);
  for (const table of ["specifications", "vpc_hosts", "joined_hosts", "join_tokens"] as const) await tx.db.deleteFrom(table).where("host_id", "in", ids).execute();
  await tx.db.deleteFrom("hosts").where("id", "in", ids).execute();
  await syncRooms(tx);
  tx.touch(topologyTopic);
}
