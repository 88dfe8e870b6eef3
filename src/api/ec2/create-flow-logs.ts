import type { UnsuccessfulItem } from "@aws-sdk/client-ec2";
import { isApiError, type ApiError } from "../../base/api-error.ts";
import { findLoggedResources, parseFlowLogRequest } from "../../compute/flow-log-request.ts";
import { createFlowLog } from "../../network/flow-log.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";

/** Has the packets of VPCs, subnets or interfaces recorded; a resource for which that cannot be is named, and the others go on. */
export const CreateFlowLogs = defineAction({
  name: "CreateFlowLogs",
  supported: "IPv4; VPCs, subnets and interfaces, to folders of the installation that stand for log groups and buckets; fields of versions 2 to 5 but for TCP flags and services' names",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => ({ common: parseFlowLogRequest(input, caller), resources: await findLoggedResources(tx, caller, input), tags: newTags(input, "vpc-flow-log") }),
  authorize: ({ resources, tags }, { caller }) => {
    const resource = ec2Arn(caller, "vpc-flow-log", "*");
    const touched = [resource, ...resources.found.map(({ type, resource_id: id }) => ec2Arn(caller, type, id))];
    return [...touched.map((each) => ({ action: "ec2:CreateFlowLogs", resource: each })), ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ common, resources, tags }, call) => {
    const { caller, tx, random, now, input } = call;
    const ids: string[] = [];
    const refused = [...resources.missing];
    for (const { resource_id, vpc_id } of resources.found) {
      try {
        const { id } = await createFlowLog(tx, { account: caller.account, region: caller.region, resource_id, vpc_id, ...common }, random, now);
        await tagNew(call, "vpc-flow-log", id, tags);
        ids.push(id);
      } catch (thrown) {
        if (!isApiError(thrown)) throw thrown;
        refused.push({ id: resource_id, error: thrown });
      }
    }
    return { FlowLogIds: ids, Unsuccessful: refused.map(toUnsuccessful), ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }) };
  },
});

function toUnsuccessful({ id, error: { code, message } }: { readonly id: string; readonly error: ApiError }): UnsuccessfulItem {
  return { ResourceId: id, Error: { Code: code, Message: message } };
}
