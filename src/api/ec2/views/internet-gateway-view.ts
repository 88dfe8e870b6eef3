/** Internet gateways as EC2 shows them. */
import type { InternetGateway } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { InternetGatewayRow } from "../../../network/internet-gateway.ts";
import { toTagViews } from "./tag-view.ts";

export function toInternetGatewayView(row: InternetGatewayRow, tags: readonly Tag[] | undefined): InternetGateway {
  return {
    InternetGatewayId: row.id,
    OwnerId: row.account,
    // EC2's model lists the states of other attachments; a gateway's is `available`.
    Attachments: row.vpc_id === null ? [] : [{ State: "available" as "attached", VpcId: row.vpc_id }],
    Tags: toTagViews(tags),
  };
}
