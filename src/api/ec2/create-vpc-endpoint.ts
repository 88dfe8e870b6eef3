import { endpointConditions } from "../../compute/resource-conditions.ts";
import { planEndpoint } from "../../compute/vpc-endpoint-request.ts";
import { createEndpoint } from "../../network/vpc-endpoint.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { viewEndpoints } from "./views/vpc-endpoint-view.ts";

/** Makes an endpoint in a VPC: interfaces by which its guests reach a service of this installation, or routes to one. */
export const CreateVpcEndpoint = defineAction({
  name: "CreateVpcEndpoint",
  supported: "interface endpoints for this installation's services, with IPv4; gateway endpoints for S3 and DynamoDB as records and routes, since these services do not exist here",
  tokenScope: () => "",
  load: async ({ input, caller, tx, random }) => ({ plan: await planEndpoint(tx, caller, input, random), tags: newTags(input, "vpc-endpoint") }),
  authorize: ({ plan: { vpc, service, tables, places, groupIds }, tags }, { caller }) => {
    const made = { action: "ec2:CreateVpcEndpoint", resource: ec2Arn(caller, "vpc-endpoint", "*"), conditions: endpointConditions(caller.region, service.name) };
    const touched = [
      ec2Arn(caller, "vpc", vpc.id),
      ...tables.map(({ id }) => ec2Arn(caller, "route-table", id)),
      ...places.map(({ subnet }) => ec2Arn(caller, "subnet", subnet.id)),
      ...groupIds.map((id) => ec2Arn(caller, "security-group", id)),
    ];
    return [made, ...touched.map((resource) => ({ action: made.action, resource })), ...createTagsGrants(tags, [made.resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const row = await createEndpoint(call.tx, plan, call.random, call.now);
    await tagNew(call, "vpc-endpoint", row.id, tags);
    const [VpcEndpoint] = await viewEndpoints(call.tx, call.caller, [row]);
    return { ...(VpcEndpoint === undefined ? {} : { VpcEndpoint }), ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});
