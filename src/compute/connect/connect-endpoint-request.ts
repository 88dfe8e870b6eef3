/** What CreateInstanceConnectEndpoint and ModifyInstanceConnectEndpoint ask for, checked (facts §9.4). */
import { connectEndpointLeaving, invalidValueOf, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireNoConnectEndpoint, type ConnectEndpointChange, type ConnectEndpointPlan } from "../../network/connect-endpoint.ts";
import type { ConnectEndpointRow } from "../../store/connect-endpoint-table.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { chooseGroups } from "../launch-network.ts";
import { requireOwnedRow, type Owner } from "../owned-rows.ts";

type CreateRequest = ActionInput<"ec2", "CreateInstanceConnectEndpoint">;
type ModifyRequest = ActionInput<"ec2", "ModifyInstanceConnectEndpoint">;

export async function planConnectEndpoint(tx: Tx, owner: Owner, request: CreateRequest): Promise<ConnectEndpointPlan> {
  refuseUnsupported(request);
  if (request.SubnetId === undefined) throw missingParameter("subnetId");
  const subnet = await requireOwnedRow(tx, "subnets", owner, request.SubnetId);
  const groupIds = await chooseGroups(tx, subnet.vpc_id, request.SecurityGroupIds ?? [], []);
  await requireNoConnectEndpoint(tx, subnet.vpc_id);
  return { subnet, groupIds, preservesClientIp: request.PreserveClientIp === true };
}

export async function planConnectEndpointChange(tx: Tx, row: ConnectEndpointRow, request: ModifyRequest): Promise<ConnectEndpointChange> {
  refuseUnsupported(request);
  if (row.want === "deleted") throw connectEndpointLeaving(row.id);
  const { SecurityGroupIds: ids = [], PreserveClientIp: preservesClientIp } = request;
  return { ...(ids.length === 0 ? {} : { groupIds: await chooseGroups(tx, row.vpc_id, ids, []) }), ...(preservesClientIp === undefined ? {} : { preservesClientIp }) };
}

function refuseUnsupported({ IpAddressType: family = "ipv4" }: Pick<CreateRequest, "IpAddressType">): void {
  if (family !== "ipv4" && family !== "ipv6" && family !== "dualstack") throw invalidValueOf("ipAddressType", family);
  if (family !== "ipv4") throw unsupportedRequest("Instance Connect Endpoints have IPv4 addresses only, so far.");
}
