import type { VpcPeeringConnection, VpcPeeringConnectionVpcInfo } from "@aws-sdk/client-ec2";
import { inRequestedOrder, requireWellFormed } from "../../compute/resources.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { listPeerings } from "../../network/vpc-peering.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView } from "./views/tag-view.ts";
import { toPeeringView } from "./views/vpc-peering-view.ts";

/** The same names for both sides. */
function sideFilters(side: string, infoOf: (connection: VpcPeeringConnection) => VpcPeeringConnectionVpcInfo | undefined): FilterTable<VpcPeeringConnection>["fields"] {
  return {
    [`${side}-vpc-info.cidr-block`]: (connection) => infoOf(connection)?.CidrBlockSet?.map(({ CidrBlock: cidr }) => cidr),
    [`${side}-vpc-info.owner-id`]: (connection) => infoOf(connection)?.OwnerId,
    [`${side}-vpc-info.vpc-id`]: (connection) => infoOf(connection)?.VpcId,
  };
}

/** The peering connections that the account has asked for or is asked for in this region; ended ones for some hours or days. */
export const DescribeVpcPeeringConnections = defineDescribe({
  name: "DescribeVpcPeeringConnections",
  supported: "whole",
  ids: ({ VpcPeeringConnectionIds: ids }) => ids,
  list: async ({ input, caller, tx, now }) => {
    const ids = input.VpcPeeringConnectionIds ?? [];
    requireWellFormed("vpcPeeringConnection", ids);
    const all = await listPeerings(tx, caller, now);
    const tags = await listTagsOfType(tx, caller, "vpc-peering-connection");
    const asked = ids.length === 0 ? all : inRequestedOrder("vpcPeeringConnection", ids, all);
    return Promise.all(asked.map((row) => toPeeringView(tx, row, tags.get(row.id), now)));
  },
  key: (connection) => connection.VpcPeeringConnectionId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      ...sideFilters("accepter", (connection) => connection.AccepterVpcInfo),
      ...sideFilters("requester", (connection) => connection.RequesterVpcInfo),
      "expiration-time": (connection) => connection.ExpirationTime?.toISOString(),
      "status-code": (connection) => connection.Status?.Code,
      "status-message": (connection) => connection.Status?.Message,
      "vpc-peering-connection-id": (connection) => connection.VpcPeeringConnectionId,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "vpcPeeringConnectionIds" },
  output: (rows, nextToken) => ({ VpcPeeringConnections: [...rows], ...nextTokenField(nextToken) }),
});
