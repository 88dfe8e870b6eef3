import { invalidParameterCombination, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { setMapPublicAddress } from "../../network/subnet.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Changes whether new interfaces of launches in the subnet get a public address. */
export const ModifySubnetAttribute = defineAction({
  name: "ModifySubnetAttribute",
  supported: "MapPublicIpOnLaunch; the others only with what they are already",
  load: async ({ input, caller, tx }) => {
    const subnet = await requireOwnedRow(tx, "subnets", caller, input.SubnetId ?? "");
    requireOneAttribute(input);
    return { subnet, mapPublicAddress: input.MapPublicIpOnLaunch?.Value };
  },
  authorize: ({ subnet }, { caller }) => [{ action: "ec2:ModifySubnetAttribute", resource: ec2Arn(caller, "subnet", subnet.id) }],
  apply: async ({ subnet, mapPublicAddress }, { tx }) => {
    if (mapPublicAddress !== undefined) await setMapPublicAddress(tx, subnet.id, mapPublicAddress);
    return {};
  },
});

/** One attribute a call; those of what is not built yet can only stay off. */
function requireOneAttribute({ SubnetId: _id, MapPublicIpOnLaunch: map, PrivateDnsHostnameTypeOnLaunch: hostname, ...input }: ActionInput<"ec2", "ModifySubnetAttribute">): void {
  const others = Object.entries(input).filter(([name, value]) => value !== undefined && name !== "DryRun");
  const count = others.length + (map === undefined ? 0 : 1) + (hostname === undefined ? 0 : 1);
  if (count !== 1) throw invalidParameterCombination(count === 0 ? "No attributes specified." : "Fields for multiple attribute types specified");
  const isOff = others.every(([, value]) => typeof value === "object" && value.Value !== true);
  if (!isOff || (hostname !== undefined && hostname !== "ip-name")) throw unsupportedRequest("This subnet attribute is not supported yet.");
}
