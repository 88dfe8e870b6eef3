/** Placement groups as requests name and make them (facts §2.4). */
import {
  duplicatePlacementGroup,
  invalidParameterCombination,
  invalidParameterValue,
  invalidValueOf,
  limitExceeded,
  missingParameter,
  parametersExclude,
  placementGroupInUse,
  strategyNotSupported,
  unknownPlacementGroup,
} from "../base/api-error.ts";
import { groupLimit, listMembers, mostPartitions, type GroupPlan } from "../placement/placement-group.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { PlacementGroupRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { ownedRows, requireOwnedRow, type Owner } from "./owned-rows.ts";

export interface GroupRequest {
  readonly GroupName?: string | undefined;
  readonly Strategy?: string | undefined;
  readonly PartitionCount?: number | undefined;
  readonly SpreadLevel?: string | undefined;
}

const longestName = 255;
const defaultPartitions = 2;

export async function planPlacementGroup(tx: Tx, { account, region }: Owner, request: GroupRequest): Promise<GroupPlan> {
  const { GroupName: name, Strategy: strategy = "cluster", PartitionCount: partitions, SpreadLevel: level } = request;
  if (name === undefined || name === "") throw missingParameter("GroupName");
  if (name.length > longestName || !/^[\x20-\x7e]+$/.test(name)) throw invalidValueOf("groupName", name, `Expecting up to ${longestName} ASCII characters.`);
  if (strategy !== "cluster" && strategy !== "spread" && strategy !== "partition") throw invalidValueOf("strategy", strategy, "Expecting cluster, spread or partition.");
  if (partitions !== undefined && strategy !== "partition") throw invalidParameterCombination("PartitionCount can only be specified with the strategy 'partition'.");
  if (partitions !== undefined && (partitions < 1 || partitions > mostPartitions)) throw invalidValueOf("partitionCount", partitions, `Expecting 1 to ${mostPartitions}.`);
  if (level !== undefined && strategy !== "spread") throw invalidParameterCombination("SpreadLevel can only be specified with the strategy 'spread'.");
  if (level !== undefined && level !== "rack" && level !== "host") throw invalidValueOf("spreadLevel", level, "Expecting rack or host.");
  const rows = await ownedRows(tx, "placement_groups", { account, region });
  if (rows.some((row) => row.name === name)) throw duplicatePlacementGroup(name);
  if (rows.length >= groupLimit) throw limitExceeded("PlacementGroupLimitExceeded", `The maximum number of placement groups, ${groupLimit}, has been reached.`);
  return {
    account,
    region,
    name,
    strategy,
    partition_count: strategy === "partition" ? (partitions ?? defaultPartitions) : null,
    spread_level: strategy === "spread" ? (level ?? "rack") : null,
  };
}

export async function requireGroupOfName(tx: Tx, { account, region }: Owner, name: string): Promise<PlacementGroupRow> {
  const mine = tx.db.selectFrom("placement_groups").selectAll().where("account", "=", account).where("region", "=", region);
  const row = await mine.where("name", "=", name).executeTakeFirst();
  if (row === undefined) throw unknownPlacementGroup(name);
  return row;
}

/** The group that a request names by name or by id, if it does. */
export async function findRequestedGroup(tx: Tx, owner: Owner, { name, id }: { readonly name: string | undefined; readonly id: string | undefined }): Promise<PlacementGroupRow | undefined> {
  if (name !== undefined && name !== "" && id !== undefined) throw parametersExclude("Placement.GroupName", "Placement.GroupId");
  if (id !== undefined) return requireOwnedRow(tx, "placement_groups", owner, id);
  return name === undefined || name === "" ? undefined : requireGroupOfName(tx, owner, name);
}

/** A group is in use as long as an instance is in it, one that is stopped too. */
export async function requireUnused(tx: Tx, group: PlacementGroupRow): Promise<void> {
  const members = await listMembers(tx, group.id);
  if (members.some(({ want, host_id: host }) => want !== "terminated" || host !== null)) throw placementGroupInUse(group.name);
}

/** Fails where instances of this type and tenancy cannot be in the group, or not in this partition of it. */
export function requireGroupFit(group: PlacementGroupRow, type: InstanceType, tenancy: InstanceRow["tenancy"], partition: number | undefined): void {
  if (!type.placementStrategies.includes(group.strategy)) throw strategyNotSupported(group.strategy, type.name);
  if (group.strategy === "spread" && tenancy !== "default") throw invalidParameterCombination(`Instances of the tenancy '${tenancy}' cannot be in a placement group of the strategy 'spread'.`);
  if (group.strategy === "partition" && tenancy !== "default" && (group.partition_count ?? 0) > 2) {
    throw invalidParameterCombination(`A placement group with instances of the tenancy '${tenancy}' can have at most 2 partitions.`);
  }
  if (partition === undefined) return;
  if (group.strategy !== "partition") throw invalidParameterCombination("PartitionNumber can only be specified for a placement group of the strategy 'partition'.");
  if (partition < 1 || partition > (group.partition_count ?? 0)) throw invalidParameterValue(`Value (${partition}) for parameter partitionNumber is invalid. The placement group '${group.name}' has ${group.partition_count} partitions.`);
}
