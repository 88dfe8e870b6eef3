/** Flow logs: what is recorded of the packets of a VPC, a subnet or an interface (facts §7.12). Hosts read of them in the VPC's specification. */
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { flowLogExists, flowLogLimitExceeded } from "../base/api-error.ts";
import type { FlowLogRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { touchVpc } from "./vpc-specification.ts";

/** Of one VPC, subnet or interface. */
const flowLogLimit = 2;

export type FlowLogPlan = Omit<FlowLogRow, "id" | "created_at">;

/** Fails when the resource has the same one already, or as many as it may have. */
export async function createFlowLog(tx: Tx, plan: FlowLogPlan, random: Random, now: number): Promise<FlowLogRow> {
  const standing = await tx.db.selectFrom("flow_logs").selectAll().where("resource_id", "=", plan.resource_id).execute();
  if (standing.some((row) => isSame(row, plan))) throw flowLogExists();
  if (standing.length >= flowLogLimit) throw flowLogLimitExceeded(plan.resource_id, flowLogLimit);
  const row: FlowLogRow = { id: newId("flowLog", random), ...plan, created_at: now };
  await tx.db.insertInto("flow_logs").values(row).execute();
  await touchVpc(tx, plan.vpc_id, now);
  return row;
}

function isSame(row: FlowLogRow, plan: FlowLogPlan): boolean {
  return row.traffic === plan.traffic && row.destination_type === plan.destination_type && row.destination === plan.destination && row.log_group === plan.log_group;
}

export async function deleteFlowLog(tx: Tx, { id, vpc_id: vpcId }: FlowLogRow, now: number): Promise<void> {
  await tx.db.deleteFrom("flow_logs").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}

/** The resource goes, and its flow logs with it. */
export async function deleteFlowLogsOf(tx: Tx, resourceId: FlowLogRow["resource_id"]): Promise<void> {
  const mine = tx.db.selectFrom("flow_logs").select("id").where("resource_id", "=", resourceId);
  await tx.db.deleteFrom("tags").where("resource_id", "in", mine).execute();
  await tx.db.deleteFrom("flow_logs").where("resource_id", "=", resourceId).execute();
}
