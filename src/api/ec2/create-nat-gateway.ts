import { invalidParameterCombination, invalidValueOf, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { requireInSubnet } from "../../network/address.ts";
import { createNatGateway, requireRoomForNatGateway, type NatGatewayPlan } from "../../network/nat-gateway.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toNatGatewayView } from "./views/nat-gateway-view.ts";

type Input = ActionInput<"ec2", "CreateNatGateway">;

/** Makes a NAT gateway in a subnet: a public one with an Elastic IP address, or a private one. What it lacks is shown as its failure. */
export const CreateNatGateway = defineAction({
  name: "CreateNatGateway",
  supported: "zonal gateways with one address",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => ({ plan: await toPlan(tx, caller, input), tags: newTags(input, "natgateway") }),
  authorize: ({ plan: { subnet, elasticIp }, tags }, { caller }) => {
    const resource = ec2Arn(caller, "natgateway", "*");
    const touched = [resource, ec2Arn(caller, "subnet", subnet.id), ...(elasticIp === undefined ? [] : [ec2Arn(caller, "elastic-ip", elasticIp.id)])];
    return [...touched.map((each) => ({ action: "ec2:CreateNatGateway", resource: each })), ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const row = await createNatGateway(call.tx, plan, call.random, call.now);
    await tagNew(call, "natgateway", row.id, tags);
    const begun = { ...row, ended_at: null, failure_code: null, failure_message: null };
    return { NatGateway: toNatGatewayView(begun, tags), ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});

async function toPlan(tx: Tx, owner: Owner, input: Input): Promise<NatGatewayPlan> {
  refuseUnsupported(input);
  const { SubnetId: subnetId, ConnectivityType: connectivity = "public", AllocationId: allocationId, PrivateIpAddress: privateAddress } = input;
  if (connectivity !== "public" && connectivity !== "private") throw invalidValueOf("connectivityType", connectivity);
  if (subnetId === undefined) throw missingParameter("subnetId");
  if (connectivity === "private" && allocationId !== undefined) throw invalidParameterCombination("A private NAT gateway cannot have an AllocationId.");
  if (connectivity === "public" && allocationId === undefined) throw missingParameter("allocationId");
  const subnet = await requireOwnedRow(tx, "subnets", owner, subnetId);
  const elasticIp = allocationId === undefined ? undefined : await requireOwnedRow(tx, "elastic_ips", owner, allocationId);
  if (privateAddress !== undefined) requireInSubnet(subnet, privateAddress);
  await requireRoomForNatGateway(tx, subnet);
  return { subnet, elasticIp, privateAddress };
}

function refuseUnsupported(input: Input): void {
  if ((input.AvailabilityMode ?? "zonal") !== "zonal" || (input.VpcId ?? input.AvailabilityZoneAddresses?.[0]) !== undefined) throw unsupportedRequest("Regional NAT gateways are not supported yet.");
  const more = [...(input.SecondaryAllocationIds ?? []), ...(input.SecondaryPrivateIpAddresses ?? [])].length + (input.SecondaryPrivateIpAddressCount ?? 0);
  if (more > 0) throw unsupportedRequest("Secondary addresses of NAT gateways are not supported yet.");
}
