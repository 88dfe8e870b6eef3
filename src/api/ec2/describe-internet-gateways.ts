import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toInternetGatewayView } from "./views/internet-gateway-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's internet gateways in this region. */
export const DescribeInternetGateways = defineDescribe({
  name: "DescribeInternetGateways",
  supported: "whole",
  ids: ({ InternetGatewayIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "internet-gateway");
    return (await ownedRows(tx, "internet_gateways", caller, input.InternetGatewayIds)).map((row) => toInternetGatewayView(row, tags.get(row.id)));
  },
  key: (gateway) => gateway.InternetGatewayId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "attachment.state": (gateway) => (gateway.Attachments ?? []).map((attachment) => attachment.State),
      "attachment.vpc-id": (gateway) => (gateway.Attachments ?? []).map((attachment) => attachment.VpcId),
      "internet-gateway-id": (gateway) => gateway.InternetGatewayId,
      "owner-id": (gateway) => gateway.OwnerId,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "internetGatewayIds" },
  output: (rows, nextToken) => ({ InternetGateways: [...rows], ...nextTokenField(nextToken) }),
});
