import { planConnectEndpoint } from "../../compute/connect/connect-endpoint-request.ts";
import { createConnectEndpoint } from "../../network/connect-endpoint.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { viewConnectEndpoints } from "./views/connect-endpoint-view.ts";

/** Makes an endpoint in a subnet, from which the service reaches guests of the VPC by their private addresses. */
export const CreateInstanceConnectEndpoint = defineAction({
  name: "CreateInstanceConnectEndpoint",
  supported: "with IPv4",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => ({ plan: await planConnectEndpoint(tx, caller, input), tags: newTags(input, "instance-connect-endpoint") }),
  authorize: ({ plan: { subnet, groupIds }, tags }, { caller }) => {
    const made = { action: "ec2:CreateInstanceConnectEndpoint", resource: ec2Arn(caller, "instance-connect-endpoint", "*"), conditions: { "ec2:SubnetID": subnet.id } };
    const touched = [ec2Arn(caller, "subnet", subnet.id), ...groupIds.map((id) => ec2Arn(caller, "security-group", id))];
    return [made, ...touched.map((resource) => ({ action: made.action, resource })), ...createTagsGrants(tags, [made.resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const row = await createConnectEndpoint(call.tx, plan, call.random, call.now);
    await tagNew(call, "instance-connect-endpoint", row.id, tags);
    const [endpoint] = await viewConnectEndpoints(call.tx, call.caller, [row]);
    return { ...(endpoint === undefined ? {} : { InstanceConnectEndpoint: endpoint }), ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});
