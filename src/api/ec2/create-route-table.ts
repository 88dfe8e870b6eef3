import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireRoomIn } from "../../network/network-limits.ts";
import { createRouteTable } from "../../network/route-table.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { viewRouteTables } from "./describe-route-tables.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";

/** Makes a route table that has the local routes only and that no subnet uses yet. */
export const CreateRouteTable = defineAction({
  name: "CreateRouteTable",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const tags = newTags(input, "route-table");
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    await requireRoomIn(tx, "route_tables", vpc.id);
    return { vpc, tags };
  },
  authorize: ({ vpc, tags }, { caller }) => {
    const resource = ec2Arn(caller, "route-table", "*");
    const vpcArn = ec2Arn(caller, "vpc", vpc.id);
    return [
      { action: "ec2:CreateRouteTable", resource, conditions: { "ec2:Vpc": vpcArn } },
      { action: "ec2:CreateRouteTable", resource: vpcArn },
      ...createTagsGrants(tags, [resource]),
    ];
  },
  apply: async ({ vpc, tags }, call) => {
    const table = await createRouteTable(call.tx, vpc, call.random);
    await tagNew(call, "route-table", table.id, tags);
    const [view] = await viewRouteTables(call.tx, call.caller, [table]);
    return { RouteTable: view, ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});
