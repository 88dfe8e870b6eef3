import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { viewConnectEndpoints } from "./views/connect-endpoint-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's Instance Connect Endpoints in this region, those too that are being deleted. */
export const DescribeInstanceConnectEndpoints = defineDescribe({
  name: "DescribeInstanceConnectEndpoints",
  supported: "whole",
  ids: ({ InstanceConnectEndpointIds: ids }) => ids,
  list: async ({ input, caller, tx }) => viewConnectEndpoints(tx, caller, await ownedRows(tx, "instance_connect_endpoints", caller, input.InstanceConnectEndpointIds)),
  key: (endpoint) => endpoint.InstanceConnectEndpointId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "instance-connect-endpoint-id": (endpoint) => endpoint.InstanceConnectEndpointId,
      state: (endpoint) => endpoint.State,
      "subnet-id": (endpoint) => endpoint.SubnetId,
      "vpc-id": (endpoint) => endpoint.VpcId,
    },
  },
  page: { minimum: 1, maximum: 50, idsParameter: "instanceConnectEndpointIds" },
  output: (rows, nextToken) => ({ InstanceConnectEndpoints: [...rows], ...nextTokenField(nextToken) }),
});
