import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteConnectEndpoint } from "../../network/connect-endpoint.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { viewConnectEndpoints } from "./views/connect-endpoint-view.ts";

/** Takes an endpoint away; it is shown until no host has its interface. */
export const DeleteInstanceConnectEndpoint = defineAction({
  name: "DeleteInstanceConnectEndpoint",
  supported: "whole",
  load: ({ input, caller, tx }) => requireOwnedRow(tx, "instance_connect_endpoints", caller, input.InstanceConnectEndpointId ?? ""),
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteInstanceConnectEndpoint", resource: ec2Arn(caller, "instance-connect-endpoint", id) }],
  apply: async (row, { caller, tx, now }) => {
    const [endpoint] = await viewConnectEndpoints(tx, caller, [await deleteConnectEndpoint(tx, row, now)]);
    return endpoint === undefined ? {} : { InstanceConnectEndpoint: endpoint };
  },
});
