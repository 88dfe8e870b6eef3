/** Security groups as requests name them. */
import { groupNameNotFound, invalidParameterValue, invalidValueOf, missingParameter, noDefaultVpc } from "../../base/api-error.ts";
import { ownedRows, requireOwnedRow } from "../../compute/owned-rows.ts";
import { groupTextRule, isGroupText } from "../../network/group-text.ts";
import { findGroupByName } from "../../network/security-group-rules.ts";
import { findDefaultVpc } from "../../network/vpc.ts";
import type { SecurityGroupRow, VpcRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { Caller } from "../action.ts";

interface GroupRequest {
  readonly GroupId?: string | undefined;
  readonly GroupName?: string | undefined;
}

/** The group of the id, or the default VPC's of the name. */
export async function requireGroup(tx: Tx, caller: Caller, { GroupId: id, GroupName: name }: GroupRequest): Promise<SecurityGroupRow> {
  if (id === undefined && name === undefined) throw missingParameter("groupName or groupId");
  if (id !== undefined) return requireOwnedRow(tx, "security_groups", caller, id);
  const vpc = await requireDefaultVpc(tx, caller);
  const group = findGroupByName(await ownedRows(tx, "security_groups", caller), vpc.id, name ?? "");
  if (group === undefined) throw groupNameNotFound(name ?? "", vpc.id);
  return group;
}

export async function requireDefaultVpc(tx: Tx, caller: Caller): Promise<VpcRow> {
  const vpc = await findDefaultVpc(tx, caller);
  if (vpc === undefined) throw noDefaultVpc();
  return vpc;
}

/** Fails for characters and lengths that names and descriptions of groups may not have. */
export function requireGroupText(parameter: "groupName" | "groupDescription", text: string): string {
  if (text === "") throw missingParameter(parameter);
  const noun = parameter === "groupName" ? "name" : "description";
  if (!isGroupText(text)) throw invalidParameterValue(`Invalid security group ${noun}. Valid ${noun}s are ${groupTextRule}`);
  if (noun === "name" && text.toLowerCase().startsWith("sg-")) throw invalidValueOf("groupName", text, "Group names may not be in the format sg-*.");
  return text;
}
