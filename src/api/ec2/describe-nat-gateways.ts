import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView } from "./views/tag-view.ts";
import { viewNatGateway } from "./views/nat-gateway-view.ts";

/** The account's NAT gateways in this region, deleted and failed ones for an hour. */
export const DescribeNatGateways = defineDescribe({
  name: "DescribeNatGateways",
  supported: "whole",
  ids: ({ NatGatewayIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "natgateway");
    const rows = await ownedRows(tx, "nat_gateways", caller, input.NatGatewayIds);
    return Promise.all(rows.map((row) => viewNatGateway(tx, row, tags.get(row.id))));
  },
  key: (gateway) => gateway.NatGatewayId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "nat-gateway-id": (gateway) => gateway.NatGatewayId,
      state: (gateway) => gateway.State,
      "subnet-id": (gateway) => gateway.SubnetId,
      "vpc-id": (gateway) => gateway.VpcId,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "natGatewayIds" },
  output: (rows, nextToken) => ({ NatGateways: [...rows], ...nextTokenField(nextToken) }),
});
