/** Placement groups as rows, and where their machines are (facts §2.4). */
import { newId, type InstanceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { PlacementGroupRow } from "../store/placement-tables.ts";
import { prepare, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { Company } from "./place.ts";

export const groupLimit = 500;
export const mostPartitions = 7;
/** Instances of a group that is spread over racks, in one zone. */
export const mostSpread = 7;

export type GroupPlan = Pick<PlacementGroupRow, "account" | "region" | "name" | "strategy" | "partition_count" | "spread_level">;

export async function createPlacementGroup(tx: Tx, plan: GroupPlan, random: Random, now: number): Promise<PlacementGroupRow> {
  const row: PlacementGroupRow = { id: newId("placementGroup", random), ...plan, created_at: now };
  await tx.db.insertInto("placement_groups").values(row).execute();
  return row;
}

type GroupId = PlacementGroupRow["id"];

export async function findPlacementGroup(tx: Tx, id: GroupId): Promise<Readonly<PlacementGroupRow> | undefined> {
  const [row] = await selectGroup(tx, { id });
  return row;
}

const selectGroup = prepareKept((db, { id }: { id: GroupId }) => db.selectFrom("placement_groups").selectAll().where("id", "=", id));

/** An instance of a group; a terminated one is in it until its machine is gone. */
export type Member = Pick<InstanceRow, "id" | "zone" | "host_id" | "want" | "partition_number">;

export function listMembers(tx: Tx, groupId: GroupId): Promise<Member[]> {
  return selectMembers(tx, { groupId });
}

const selectMembers = prepare((db, { groupId }: { groupId: GroupId }) =>
  db.selectFrom("instances").select(["id", "zone", "host_id", "want", "partition_number"]).where("placement_group_id", "=", groupId).where("terminated_at", "is", null),
);

/** The group's machines in the zone but this instance's own; `partition`: the one asked for. */
export function toCompany(group: PlacementGroupRow, members: readonly Member[], zone: string, partition: number | null, except?: InstanceId): Company {
  const here = members.filter((member) => member.zone === zone && member.id !== except);
  const machines = here.flatMap(({ host_id: hostId, partition_number: number }) => (hostId === null ? [] : [{ hostId, partition: number ?? undefined }]));
  const partitions = partition === null ? Array.from({ length: group.partition_count ?? 0 }, (_, index) => index + 1) : [partition];
  const isBounded = group.strategy === "spread" && group.spread_level === "rack";
  return { strategy: group.strategy, room: isBounded ? Math.max(0, mostSpread - machines.length) : Number.POSITIVE_INFINITY, machines, partitions };
}

/** The company after some of its machines were placed. */
export function withPlacements(company: Company, placements: readonly { readonly host: { readonly id: string }; readonly partition: number | undefined }[]): Company {
  const added = placements.map(({ host, partition }) => ({ hostId: host.id, partition }));
  return { ...company, room: company.room - added.length, machines: [...company.machines, ...added] };
}
