import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteEgressOnlyGateway } from "../../network/egress-only-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes an egress-only internet gateway; routes to it lead nowhere from then on. */
export const DeleteEgressOnlyInternetGateway = defineAction({
  name: "DeleteEgressOnlyInternetGateway",
  supported: "whole",
  load: ({ input, caller, tx }) => requireOwnedRow(tx, "egress_only_gateways", caller, input.EgressOnlyInternetGatewayId ?? ""),
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteEgressOnlyInternetGateway", resource: ec2Arn(caller, "egress-only-internet-gateway", id) }],
  apply: async (gateway, { tx, now }) => {
    await deleteEgressOnlyGateway(tx, gateway, now);
    return { ReturnCode: true };
  },
});
