import { planConnectEndpointChange } from "../../compute/connect/connect-endpoint-request.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { changeConnectEndpoint } from "../../network/connect-endpoint.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Changes an endpoint's security groups, and whether guests see its clients' own addresses. */
export const ModifyInstanceConnectEndpoint = defineAction({
  name: "ModifyInstanceConnectEndpoint",
  supported: "with IPv4",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnedRow(tx, "instance_connect_endpoints", caller, input.InstanceConnectEndpointId ?? "");
    return { row, change: await planConnectEndpointChange(tx, row, input) };
  },
  authorize: ({ row, change: { groupIds = [] } }, { caller }) => {
    const touched = [ec2Arn(caller, "instance-connect-endpoint", row.id), ...groupIds.map((id) => ec2Arn(caller, "security-group", id))];
    return touched.map((resource) => ({ action: "ec2:ModifyInstanceConnectEndpoint", resource }));
  },
  apply: async ({ row, change }, { tx, now }) => {
    await changeConnectEndpoint(tx, row, change, now);
    return { Return: true };
  },
});
