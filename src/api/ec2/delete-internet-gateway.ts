import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteInternetGateway, requireDetached } from "../../network/internet-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes an internet gateway that no VPC has. */
export const DeleteInternetGateway = defineAction({
  name: "DeleteInternetGateway",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const gateway = await requireOwnedRow(tx, "internet_gateways", caller, input.InternetGatewayId ?? "");
    requireDetached(gateway);
    return gateway;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteInternetGateway", resource: ec2Arn(caller, "internet-gateway", id) }],
  apply: async (gateway, { tx }) => {
    await deleteInternetGateway(tx, gateway);
    return {};
  },
});
