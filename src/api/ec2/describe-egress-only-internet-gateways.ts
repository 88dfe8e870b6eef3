import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toEgressOnlyGatewayView } from "./views/egress-only-gateway-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's egress-only internet gateways in this region. */
export const DescribeEgressOnlyInternetGateways = defineDescribe({
  name: "DescribeEgressOnlyInternetGateways",
  supported: "whole",
  ids: ({ EgressOnlyInternetGatewayIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "egress-only-internet-gateway");
    return (await ownedRows(tx, "egress_only_gateways", caller, input.EgressOnlyInternetGatewayIds)).map((row) => toEgressOnlyGatewayView(row, tags.get(row.id)));
  },
  key: (gateway) => gateway.EgressOnlyInternetGatewayId ?? "",
  filters: { tags: tagsOfView, fields: {} },
  page: { minimum: 5, maximum: 255, idsParameter: "egressOnlyInternetGatewayIds" },
  output: (rows, nextToken) => ({ EgressOnlyInternetGateways: [...rows], ...nextTokenField(nextToken) }),
});
