/**
 * Who is given a permission and from whom it is taken, as ModifySnapshotAttribute and ModifyImageAttribute say it: in a structure of its own
 * (`Add.1.UserId=…`) or flat (`OperationType=add&UserId.1=…`).
 */
import { invalidParameterCombination, invalidParameterValue, invalidUserId, invalidValueOf, missingParameter } from "../../base/api-error.ts";

interface Grantee {
  readonly UserId?: string | undefined;
  readonly Group?: string | undefined;
}

export interface PermissionInput {
  readonly structure: { readonly Add?: readonly Grantee[] | undefined; readonly Remove?: readonly Grantee[] | undefined } | undefined;
  readonly operation: string | undefined;
  readonly users: readonly string[] | undefined;
  readonly groups: readonly string[] | undefined;
}

/** Accounts, and `all` for everybody. */
export interface PermissionRequest {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

const mostChanges = 500;

export function parsePermissionRequest({ structure, operation, users = [], groups = [] }: PermissionInput): PermissionRequest {
  const flat = [...users.map((UserId) => ({ UserId })), ...groups.map((Group) => ({ Group }))];
  if (structure !== undefined && flat.length > 0) throw invalidParameterCombination("Specify the users and groups in one way only.");
  if (flat.length > 0 && operation !== "add" && operation !== "remove") throw invalidValueOf("operationType", operation ?? "", "Valid values are add, remove.");
  const add = (structure?.Add ?? (operation === "add" ? flat : [])).map(toGrantee);
  const remove = (structure?.Remove ?? (operation === "remove" ? flat : [])).map(toGrantee);
  if (add.length + remove.length === 0) throw missingParameter("operationType");
  if (add.length + remove.length > mostChanges) throw invalidParameterValue(`At most ${mostChanges} permissions can be changed in one call.`);
  return { add, remove };
}

function toGrantee({ UserId: user, Group: group }: Grantee): string {
  if (group !== undefined && user === undefined) {
    if (group !== "all") throw invalidValueOf("group", group, "The only group is all.");
    return group;
  }
  if (user === undefined || group !== undefined) throw invalidParameterCombination("A permission names either a user or a group.");
  if (!/^\d{12}$/.test(user)) throw invalidUserId(user);
  return user;
}
