import { invalidParameterCombination, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireAssignable, setAssignIpv6 } from "../../network/subnet-ipv6-block.ts";
import { setMapPublicAddress } from "../../network/subnet.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Changes which addresses new interfaces in the subnet get without being asked: a public one at launch, an IPv6 one. */
export const ModifySubnetAttribute = defineAction({
  name: "ModifySubnetAttribute",
  supported: "MapPublicIpOnLaunch, AssignIpv6AddressOnCreation; the others only with what they are already",
  load: async ({ input, caller, tx }) => {
    const subnet = await requireOwnedRow(tx, "subnets", caller, input.SubnetId ?? "");
    requireOneAttribute(input);
    const [mapPublicAddress, assignIpv6] = [input.MapPublicIpOnLaunch?.Value, input.AssignIpv6AddressOnCreation?.Value];
    requireAssignable(subnet, assignIpv6 === true);
    return { subnet, mapPublicAddress, assignIpv6 };
  },
  authorize: ({ subnet }, { caller }) => [{ action: "ec2:ModifySubnetAttribute", resource: ec2Arn(caller, "subnet", subnet.id) }],
  apply: async ({ subnet, mapPublicAddress, assignIpv6 }, { tx }) => {
    if (mapPublicAddress !== undefined) await setMapPublicAddress(tx, subnet.id, mapPublicAddress);
    if (assignIpv6 !== undefined) await setAssignIpv6(tx, subnet.id, assignIpv6);
    return {};
  },
});

const changeable: readonly string[] = ["MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation"];

/** One attribute a call; those of what is not built yet can only stay off. */
function requireOneAttribute({ SubnetId: _id, PrivateDnsHostnameTypeOnLaunch: hostname, ...input }: ActionInput<"ec2", "ModifySubnetAttribute">): void {
  const given = Object.entries(input).filter(([name, value]) => value !== undefined && name !== "DryRun");
  const count = given.length + (hostname === undefined ? 0 : 1);
  if (count !== 1) throw invalidParameterCombination(count === 0 ? "No attributes specified." : "Fields for multiple attribute types specified");
  const isOff = given.every(([name, value]) => changeable.includes(name) || (typeof value === "object" && value.Value !== true));
  if (!isOff || (hostname !== undefined && hostname !== "ip-name")) throw unsupportedRequest("This subnet attribute is not supported yet.");
}
