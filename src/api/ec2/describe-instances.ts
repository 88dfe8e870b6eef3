import { requireInstances } from "../../compute/instance.ts";
import type { Call } from "../action.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { instanceFilters } from "./views/instance-filters.ts";
import { viewInstances, type ViewedInstance } from "./views/instance-parts.ts";
import { toKeptView, toReservations } from "./views/instance-view.ts";

/** The account's instances in this region, terminated ones for about an hour. */
export const DescribeInstances = defineDescribe({
  name: "DescribeInstances",
  supported: "whole",
  ids: ({ InstanceIds: ids }) => ids,
  list: listInstances,
  key: ({ row }) => row.id,
  filters: instanceFilters,
  page: { minimum: 5, maximum: 1000, idsParameter: "instancesSet" },
  output: (instances, nextToken) => ({
    Reservations: toReservations(instances, toKeptView),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  }),
});

/** A longer list is read anew each time: to keep it would cost more memory than it saves time. */
const keptInstances = 200;

/** Nothing here depends on the time or on who asks, so the list of an account and region is read once and kept until one of its tables is written. */
function listInstances(call: Call<{ InstanceIds?: string[] | undefined }>): Promise<readonly ViewedInstance[]> {
  const { input, caller, tx } = call;
  const key = JSON.stringify(["instances", caller.account, caller.region, input.InstanceIds]);
  return tx.recall(key, async (former) => viewInstances(tx, await listRows(call), former), ({ length }) => length <= keptInstances);
}

async function listRows({ input, caller, tx }: Call<{ InstanceIds?: string[] | undefined }>) {
  if (input.InstanceIds !== undefined && input.InstanceIds.length > 0) return requireInstances(tx, caller, input.InstanceIds);
  return tx.db.selectFrom("instances").selectAll().where("account", "=", caller.account).where("region", "=", caller.region).execute();
}
