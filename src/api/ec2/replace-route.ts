import { putRoute, requireFitInVpc, requireReplaceable } from "../../network/route.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toRoute } from "./route-request.ts";

/** Gives a route that is there another target; packets follow at once. */
export const ReplaceRoute = defineAction({
  name: "ReplaceRoute",
  supported: "routes to internet gateways of both kinds, interfaces and instances, and of IPv4 to NAT gateways and peering connections",
  load: async ({ input, caller, tx }) => {
    const made = await toRoute(tx, caller, input);
    await requireReplaceable(tx, made.table, made.route);
    await requireFitInVpc(tx, made.table, made.route);
    return made;
  },
  authorize: ({ table }, { caller }) => [{ action: "ec2:ReplaceRoute", resource: ec2Arn(caller, "route-table", table.id) }],
  apply: async ({ table, route }, { tx, now }) => {
    await putRoute(tx, table, route, now);
    return {};
  },
});
