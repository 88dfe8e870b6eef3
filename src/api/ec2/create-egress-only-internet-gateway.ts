import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { createEgressOnlyGateway } from "../../network/egress-only-gateway.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toEgressOnlyGatewayView } from "./views/egress-only-gateway-view.ts";

/** Makes a VPC's way out for IPv6 that nobody comes in by. */
export const CreateEgressOnlyInternetGateway = defineAction({
  name: "CreateEgressOnlyInternetGateway",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const tags = newTags(input, "egress-only-internet-gateway");
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    await requireRoomFor(tx, "egress_only_gateways", caller);
    return { vpc, tags };
  },
  authorize: ({ vpc, tags }, { caller }) => {
    const resource = ec2Arn(caller, "egress-only-internet-gateway", "*");
    const touched = [resource, ec2Arn(caller, "vpc", vpc.id)];
    return [...touched.map((each) => ({ action: "ec2:CreateEgressOnlyInternetGateway", resource: each })), ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ vpc, tags }, call) => {
    const gateway = await createEgressOnlyGateway(call.tx, call.caller, vpc.id, call.random);
    await tagNew(call, "egress-only-internet-gateway", gateway.id, tags);
    return { EgressOnlyInternetGateway: toEgressOnlyGatewayView(gateway, tags), ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});
