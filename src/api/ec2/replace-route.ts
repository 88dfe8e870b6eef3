import { putRoute, requireFitInVpc, requireReplaceable } from "../../network/route.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toRoute } from "./route-request.ts";

/** Gives a route that is there another target; packets follow at once. */
export const ReplaceRoute = defineAction({
  name: "ReplaceRoute",
  supported: "IPv4 blocks and prefix lists; to internet gateways, NAT gateways, peering connections, interfaces and instances",
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
