import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireAttachable, setGatewayVpc } from "../../network/internet-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives a VPC its way to the internet. */
export const AttachInternetGateway = defineAction({
  name: "AttachInternetGateway",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const gateway = await requireOwnedRow(tx, "internet_gateways", caller, input.InternetGatewayId ?? "");
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    await requireAttachable(tx, gateway, vpc);
    return { gateway, vpc };
  },
  authorize: ({ gateway, vpc }, { caller }) => [
    { action: "ec2:AttachInternetGateway", resource: ec2Arn(caller, "internet-gateway", gateway.id) },
    { action: "ec2:AttachInternetGateway", resource: ec2Arn(caller, "vpc", vpc.id) },
  ],
  apply: async ({ gateway, vpc }, { tx, now }) => {
    await setGatewayVpc(tx, gateway, { vpc, attached: true }, now);
    return {};
  },
});
