/** VPC peering connections as EC2 shows them. */
import type { VpcPeeringConnection, VpcPeeringConnectionStateReason, VpcPeeringConnectionVpcInfo } from "@aws-sdk/client-ec2";
import type { VpcId } from "../../../base/ids.ts";
import type { Tag } from "../../../compute/tags.ts";
import { listVpcCidrs } from "../../../network/vpc-cidrs.ts";
import { expiresAt, toPeeringState, type PeeringState } from "../../../network/vpc-peering.ts";
import type { VpcPeeringRow } from "../../../store/network-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { toTagViews } from "./tag-view.ts";

export async function toPeeringView(tx: Tx, row: VpcPeeringRow, tags: readonly Tag[] | undefined, now: number): Promise<VpcPeeringConnection> {
  const state = toPeeringState(row, now);
  const isActive = state === "active";
  return {
    VpcPeeringConnectionId: row.id,
    RequesterVpcInfo: {
      ...{ OwnerId: row.requester_account, VpcId: row.requester_vpc_id, Region: row.requester_region },
      ...(await toBlocks(tx, row.requester_vpc_id)),
      ...(isActive ? { PeeringOptions: toOptionsView(row.requester_dns) } : {}),
    },
    AccepterVpcInfo: {
      ...{ OwnerId: row.accepter_account, VpcId: row.accepter_vpc_id, Region: row.accepter_region },
      ...(isActive ? { ...(await toBlocks(tx, row.accepter_vpc_id)), PeeringOptions: toOptionsView(row.accepter_dns) } : {}),
    },
    Status: toStatus(row, state),
    ...(state === "pending-acceptance" ? { ExpirationTime: new Date(expiresAt(row)) } : {}),
    Tags: toTagViews(tags),
  };
}

const messages: Readonly<Record<PeeringState, string>> = {
  "pending-acceptance": "Pending Acceptance by",
  active: "Active",
  rejected: "Rejected by",
  deleted: "Deleted",
  expired: "Expired",
  failed: "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range",
};

function toStatus(row: VpcPeeringRow, state: PeeringState): VpcPeeringConnectionStateReason {
  const who = state === "pending-acceptance" || state === "rejected" ? ` ${row.accepter_account}` : "";
  return { Code: state, Message: `${messages[state]}${who}` };
}

export function toOptionsView(dns: number): NonNullable<VpcPeeringConnectionVpcInfo["PeeringOptions"]> {
  return { AllowDnsResolutionFromRemoteVpc: dns === 1, AllowEgressFromLocalClassicLinkToRemoteVpc: false, AllowEgressFromLocalVpcToRemoteClassicLink: false };
}

/** Nothing of a VPC that is gone. */
async function toBlocks(tx: Tx, id: VpcId): Promise<Pick<VpcPeeringConnectionVpcInfo, "CidrBlock" | "CidrBlockSet">> {
  const vpc = await tx.db.selectFrom("vpcs").select(["id", "cidr"]).where("id", "=", id).executeTakeFirst();
  if (vpc === undefined) return {};
  return { CidrBlock: vpc.cidr, CidrBlockSet: (await listVpcCidrs(tx, vpc)).map((CidrBlock) => ({ CidrBlock })) };
}
