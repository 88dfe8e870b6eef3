import { putRoute, requireFitInVpc, requireNewRoute } from "../../network/route.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toRoute } from "./route-request.ts";

/** Sends packets to a block of addresses through a gateway or to an interface. */
export const CreateRoute = defineAction({
  name: "CreateRoute",
  supported: "routes to internet gateways of both kinds, interfaces and instances, and of IPv4 to NAT gateways and peering connections",
  load: async ({ input, caller, tx }) => {
    const made = await toRoute(tx, caller, input);
    await requireNewRoute(tx, made.route);
    await requireFitInVpc(tx, made.table, made.route);
    return made;
  },
  authorize: ({ table }, { caller }) => [{ action: "ec2:CreateRoute", resource: ec2Arn(caller, "route-table", table.id) }],
  apply: async ({ table, route }, { tx, now }) => {
    await putRoute(tx, table, route, now);
    return { Return: true };
  },
});
