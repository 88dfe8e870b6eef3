import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireDetachable, setGatewayVpc } from "../../network/internet-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes an internet gateway from a VPC in which no public address is in use. */
export const DetachInternetGateway = defineAction({
  name: "DetachInternetGateway",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const gateway = await requireOwnedRow(tx, "internet_gateways", caller, input.InternetGatewayId ?? "");
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    await requireDetachable(tx, gateway, vpc);
    return { gateway, vpc };
  },
  authorize: ({ gateway, vpc }, { caller }) => [
    { action: "ec2:DetachInternetGateway", resource: ec2Arn(caller, "internet-gateway", gateway.id) },
    { action: "ec2:DetachInternetGateway", resource: ec2Arn(caller, "vpc", vpc.id) },
  ],
  apply: async ({ gateway, vpc }, { tx, now }) => {
    await setGatewayVpc(tx, gateway, { vpc, attached: false }, now);
    return {};
  },
});
