/** Users in groups, roles in instance profiles. */
import { passRoleGrant } from "../../iam/pass-role.ts";
import { entityArn, findEntity, requireEntity } from "../../iam/entity.ts";
import { addRoleToProfile, addUserToGroup, listContainers, listMembers, removeMember } from "../../iam/members.ts";
import { defineServiceAction, type Action } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { entityAction, entityList, paged, text } from "./iam-action.ts";
import { toEntityView, toProfileView } from "./iam-views.ts";

const AddUserToGroup = entityAction({
  name: "AddUserToGroup",
  kind: "group",
  apply: async (group, { input, caller, tx, now }) => {
    await addUserToGroup(tx, group, await requireEntity(tx, caller.account, "user", text(input, "UserName")), now);
    return {};
  },
});

const RemoveUserFromGroup = entityAction({
  name: "RemoveUserFromGroup",
  kind: "group",
  apply: async (group, { input, caller, tx }) => {
    await removeMember(tx, group, await requireEntity(tx, caller.account, "user", text(input, "UserName")));
    return {};
  },
});

/** Whoever puts a role into a profile hands it on to instances. */
const AddRoleToInstanceProfile = defineServiceAction("iam", {
  name: "AddRoleToInstanceProfile",
  supported: "whole",
  load: async ({ input, caller, tx }) => ({
    profile: await findEntity(tx, caller.account, "instance-profile", input.InstanceProfileName),
    role: await findEntity(tx, caller.account, "role", input.RoleName),
  }),
  authorize: ({ profile, role }, { input, caller: { account } }) => [
    { action: "iam:AddRoleToInstanceProfile", resource: entityArn(profile ?? { account, kind: "instance-profile", path: "/", name: input.InstanceProfileName }) },
    passRoleGrant(entityArn(role ?? { account, kind: "role", path: "/", name: input.RoleName }), "ec2.amazonaws.com"),
  ],
  apply: async (_found, { input, caller, tx, now }) => {
    const profile = await requireEntity(tx, caller.account, "instance-profile", input.InstanceProfileName);
    await addRoleToProfile(tx, profile, await requireEntity(tx, caller.account, "role", input.RoleName), now);
    return {};
  },
});

const RemoveRoleFromInstanceProfile = entityAction({
  name: "RemoveRoleFromInstanceProfile",
  kind: "instance-profile",
  apply: async (profile, { input, caller, tx }) => {
    await removeMember(tx, profile, await requireEntity(tx, caller.account, "role", text(input, "RoleName")));
    return {};
  },
});

const ListInstanceProfilesForRole = entityAction({
  name: "ListInstanceProfilesForRole",
  kind: "role",
  readOnly: true,
  apply: async (role, call) => {
    const { page, end } = paged("ListInstanceProfilesForRole", await listContainers(call.tx, role.id), (row) => row.folded_name, call);
    return { InstanceProfiles: await inTurn(page, async (row) => toProfileView(row, await listMembers(call.tx, row.id))), ...end };
  },
});

export const memberActions: readonly Action[] = [
  AddUserToGroup,
  RemoveUserFromGroup,
  entityList("user", "ListGroupsForUser", "Groups", (user, { tx }) => listContainers(tx, user.id), (row) => row.folded_name, (row) => toEntityView(row)),
  AddRoleToInstanceProfile,
  RemoveRoleFromInstanceProfile,
  ListInstanceProfilesForRole,
];
