import { invalidParameterCombination, invalidValueOf, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import type { Random } from "../../base/random.ts";
import { requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { choosePrivateAddress, requireInSubnet } from "../../network/address.ts";
import { createNatGateway, requireRoomForNatGateway, type NatGatewayPlan } from "../../network/nat-gateway.ts";
import { addAddresses, requireAddable, requireInterfaceOf, type FurtherAddresses } from "../../network/nat-gateway-addresses.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toFurtherAddresses } from "./nat-gateway-addresses-request.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { viewNatGateway } from "./views/nat-gateway-view.ts";

type Input = ActionInput<"ec2", "CreateNatGateway">;

/** Makes a NAT gateway in a subnet: a public one with an Elastic IP address, or a private one. What it lacks is shown as its failure. */
export const CreateNatGateway = defineAction({
  name: "CreateNatGateway",
  supported: "zonal gateways",
  tokenScope: () => "",
  load: async ({ input, caller, tx, random }) => {
    const plan = await toPlan(tx, caller, input, random);
    return { plan, further: await toFurther(tx, caller, plan, input), tags: newTags(input, "natgateway") };
  },
  authorize: ({ plan: { subnet, elasticIp }, further, tags }, { caller }) => {
    const resource = ec2Arn(caller, "natgateway", "*");
    const touched = [resource, ec2Arn(caller, "subnet", subnet.id), ...[...(elasticIp === undefined ? [] : [elasticIp]), ...further.elasticIps].map(({ id }) => ec2Arn(caller, "elastic-ip", id))];
    return [...touched.map((each) => ({ action: "ec2:CreateNatGateway", resource: each })), ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, further, tags }, call) => {
    const row = await createNatGateway(call.tx, plan, call.random, call.now);
    if (row.failure_code === null) await addAddresses(call.tx, await requireInterfaceOf(call.tx, row, row.connectivity), plan.subnet, further, call.random, call.now);
    await tagNew(call, "natgateway", row.id, tags);
    const begun = { ...row, ended_at: null, failure_code: null, failure_message: null };
    return { NatGateway: await viewNatGateway(call.tx, begun, tags), ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});

async function toPlan(tx: Tx, owner: Owner, input: Input, random: Random): Promise<NatGatewayPlan> {
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
  const named = input.SecondaryPrivateIpAddresses ?? []; // the first address, if it is any, is none of these
  return { subnet, elasticIp, privateAddress: privateAddress ?? (named.length === 0 ? undefined : await choosePrivateAddress(tx, subnet, undefined, random, named)) };
}

function refuseUnsupported(input: Input): void {
  if ((input.AvailabilityMode ?? "zonal") !== "zonal" || (input.VpcId ?? input.AvailabilityZoneAddresses?.[0]) !== undefined) throw unsupportedRequest("Regional NAT gateways are not supported yet.");
}

async function toFurther(tx: Tx, owner: Owner, { subnet, elasticIp, privateAddress }: NatGatewayPlan, input: Input): Promise<FurtherAddresses> {
  const { SecondaryAllocationIds: allocations, SecondaryPrivateIpAddresses: addresses, SecondaryPrivateIpAddressCount: count } = input;
  const further = await toFurtherAddresses(tx, owner, { AllocationIds: allocations, PrivateIpAddresses: addresses, PrivateIpAddressCount: count });
  const connectivity = elasticIp === undefined ? "private" : "public";
  if (connectivity === "private" && further.elasticIps.length > 0) throw invalidParameterCombination("A private NAT gateway cannot have SecondaryAllocationIds.");
  if (connectivity === "public" && further.count > 0) throw invalidParameterCombination("SecondaryPrivateIpAddressCount is for private NAT gateways.");
  if (privateAddress !== undefined && further.addresses.includes(privateAddress)) throw invalidParameterCombination("A private address was specified more than once.");
  if (further.elasticIps.some(({ id }) => id === elasticIp?.id)) throw invalidParameterCombination("An Elastic IP address was specified more than once.");
  await requireAddable(tx, connectivity, 1, subnet, further);
  return further;
}
