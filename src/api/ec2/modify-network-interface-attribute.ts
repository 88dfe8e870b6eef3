import { invalidParameterCombination, missingParameter, notFound, unsupportedRequest } from "../../base/api-error.ts";
import { requireGroups } from "../../compute/instance-attribute.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { changeInterface, type InterfaceChange } from "../../network/interface-attribute.ts";
import { requireManageable } from "../../network/network-interface.ts";
import type { NetworkInterfaceRow } from "../../store/network-tables.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Changes one attribute of an interface, whether or not an instance has it. */
export const ModifyNetworkInterfaceAttribute = defineAction({
  name: "ModifyNetworkInterfaceAttribute",
  supported: "groups, description, source/destination check, deletion on termination",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    const change = toChange(nic, input);
    if (change.kind === "groups") await requireGroups(tx, nic, change.groupIds);
    return { nic, change };
  },
  authorize: ({ nic, change }, { caller }) =>
    [ec2Arn(caller, "network-interface", nic.id), ...(change.kind === "groups" ? change.groupIds.map((id) => ec2Arn(caller, "security-group", id)) : [])].map(
      (resource) => ({ action: "ec2:ModifyNetworkInterfaceAttribute", resource }),
    ),
  apply: async ({ nic, change }, { tx, now }) => {
    await changeInterface(tx, nic, change, now);
    return {};
  },
});

function toChange(nic: NetworkInterfaceRow, input: ActionInput<"ec2", "ModifyNetworkInterfaceAttribute">): InterfaceChange {
  const { Groups: groups = [], Description: description, SourceDestCheck: check, Attachment: attachment, NetworkInterfaceId: _id, DryRun: _dryRun, ...others } = input;
  if (Object.values(others).some((value) => value !== undefined)) throw unsupportedRequest("This attribute of network interfaces is not supported yet.");
  const given = [groups[0], description, check, attachment].filter((each) => each !== undefined).length;
  if (given !== 1) throw invalidParameterCombination(given === 0 ? "No attributes specified." : "Fields for multiple attribute types specified");
  if (groups.length > 0) return { kind: "groups", groupIds: [...new Set(groups)] };
  if (description !== undefined) return { kind: "columns", columns: { description: description.Value ?? "" } };
  if (check !== undefined) return { kind: "columns", columns: { source_dest_check: check.Value === true ? 1 : 0 } };
  const { AttachmentId: id = "", DeleteOnTermination: dies } = attachment ?? {};
  if (dies === undefined) throw missingParameter("attachment.deleteOnTermination");
  if (nic.attachment_id !== id) throw notFound("networkInterfaceAttachment", id);
  return { kind: "columns", columns: { delete_on_termination: dies ? 1 : 0 } };
}
