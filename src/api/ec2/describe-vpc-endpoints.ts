import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView } from "./views/tag-view.ts";
import { viewEndpoints } from "./views/vpc-endpoint-view.ts";

/** The account's VPC endpoints in this region, those too that are being deleted. */
export const DescribeVpcEndpoints = defineDescribe({
  name: "DescribeVpcEndpoints",
  supported: "whole",
  ids: ({ VpcEndpointIds: ids }) => ids,
  list: async ({ input, caller, tx }) => viewEndpoints(tx, caller, await ownedRows(tx, "vpc_endpoints", caller, input.VpcEndpointIds)),
  key: (endpoint) => endpoint.VpcEndpointId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "ip-address-type": (endpoint) => endpoint.IpAddressType,
      "service-name": (endpoint) => endpoint.ServiceName,
      "service-region": (endpoint) => endpoint.ServiceRegion,
      "vpc-endpoint-id": (endpoint) => endpoint.VpcEndpointId,
      "vpc-endpoint-state": (endpoint) => endpoint.State,
      "vpc-endpoint-type": (endpoint) => endpoint.VpcEndpointType,
      "vpc-id": (endpoint) => endpoint.VpcId,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "vpcEndpointIds" },
  output: (rows, nextToken) => ({ VpcEndpoints: [...rows], ...nextTokenField(nextToken) }),
});
