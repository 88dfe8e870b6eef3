/** Egress-only internet gateways as EC2 shows them. */
import type { EgressOnlyInternetGateway } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { EgressOnlyGatewayRow } from "../../../network/egress-only-gateway.ts";
import { toTagViews } from "./tag-view.ts";

export function toEgressOnlyGatewayView(row: EgressOnlyGatewayRow, tags: readonly Tag[] | undefined): EgressOnlyInternetGateway {
  return { EgressOnlyInternetGatewayId: row.id, Attachments: [{ State: "attached", VpcId: row.vpc_id }], Tags: toTagViews(tags) };
}
