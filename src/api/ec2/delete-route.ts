import { removeRoute, requireRemovable } from "../../network/route.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireTableAndDestination } from "./route-request.ts";

/** Takes a route that is not the VPC's own out of its table. */
export const DeleteRoute = defineAction({
  name: "DeleteRoute",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const { table, destination } = await requireTableAndDestination(tx, caller, input);
    return { table, route: await requireRemovable(tx, table, destination) };
  },
  authorize: ({ table }, { caller }) => [{ action: "ec2:DeleteRoute", resource: ec2Arn(caller, "route-table", table.id) }],
  apply: async ({ table, route }, { tx, now }) => {
    await removeRoute(tx, table, route, now);
    return {};
  },
});
