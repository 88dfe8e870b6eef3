/** Create, get, list, update and delete of users, groups, roles and instance profiles. */
import { requireBoundary } from "../../iam/entity-policies.ts";
import { changeEntity, createEntity, listEntities, renameEntity, requireEntityName, requirePath } from "../../iam/entity.ts";
import { listEntityTags, parseEntityTags, putEntityTags } from "../../iam/entity-tags.ts";
import { listMembers } from "../../iam/members.ts";
import { removeEntity } from "../../iam/remove-entity.ts";
import { requireSessionDuration, requireTrustPolicy } from "../../iam/role.ts";
import type { IamEntityKind, IamEntityRow } from "../../store/identity-tables.ts";
import type { ActionName } from "../../wire/action-types.ts";
import type { Action } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { accountAction, arnsOf, entityAction, nameMembers, optionalText, paged, text, type IamCall } from "./iam-action.ts";
import { nouns, toEntityView, toProfileView, toRoleView } from "./iam-views.ts";

type Kind = Exclude<IamEntityKind, "policy">;

/** With its tags: what Get and Create answer. */
async function view({ tx }: IamCall, row: IamEntityRow): Promise<object> {
  const tags = await listEntityTags(tx, row.id);
  if (row.kind === "role") return toRoleView(row, tags);
  return row.kind === "instance-profile" ? toProfileView(row, await listMembers(tx, row.id), tags) : toEntityView(row, tags);
}

function create(kind: Kind): Action {
  const [noun, member] = [nouns[kind], nameMembers[kind]];
  return accountAction({
    name: `Create${noun}` as ActionName<"iam">, // there is one for each noun
    resource: (call) => arnsOf(call, kind, optionalText(call.input, "Path") ?? "/", text(call.input, member)),
    conditions: ({ input }) => ({ "iam:PermissionsBoundary": optionalText(input, "PermissionsBoundary") }),
    apply: async (call) => {
      const { input, caller, tx, random, now } = call;
      const name = requireEntityName(kind, member.charAt(0).toLowerCase() + member.slice(1), text(input, member));
      const boundary = optionalText(input, "PermissionsBoundary");
      const tags = parseEntityTags(input.Tags);
      const more = {
        boundary_arn: boundary === undefined ? null : await requireBoundary(tx, caller.account, boundary),
        description: optionalText(input, "Description") ?? null,
        trust_policy: kind === "role" ? requireTrustPolicy(text(input, "AssumeRolePolicyDocument")) : null,
        max_session_seconds: kind === "role" ? requireSessionDuration(input.MaxSessionDuration) : null,
      };
      const row = await createEntity(tx, { account: caller.account, kind, name, path: requirePath(optionalText(input, "Path")) }, more, random, now);
      await putEntityTags(tx, row, tags);
      return { [noun]: await view(call, row) };
    },
  });
}

function get(kind: Kind): Action {
  return entityAction({ name: `Get${nouns[kind]}` as ActionName<"iam">, kind, readOnly: true, apply: async (row, call) => ({ [nouns[kind]]: await view(call, row) }) }); // as above
}

/** Lists leave out tags, as IAM's do. */
function list(kind: Kind): Action {
  const name = `List${nouns[kind]}s` as ActionName<"iam">; // as above
  const viewListed = async ({ tx }: IamCall, row: IamEntityRow) => (kind === "role" ? toRoleView(row) : kind === "instance-profile" ? toProfileView(row, await listMembers(tx, row.id)) : toEntityView(row));
  return accountAction({
    name,
    readOnly: true,
    resource: (call) => arnsOf(call, kind, optionalText(call.input, "PathPrefix") ?? "/", ""),
    apply: async (call) => {
      const rows = await listEntities(call.tx, call.caller.account, kind, optionalText(call.input, "PathPrefix"));
      const { page, end } = paged(name, rows, (row) => row.folded_name, call);
      return { [`${nouns[kind]}s`]: await inTurn(page, (row) => viewListed(call, row)), ...end };
    },
  });
}

function remove(kind: Kind): Action {
  return entityAction({
    name: `Delete${nouns[kind]}` as ActionName<"iam">, // as above
    kind,
    apply: async (row, { tx }) => {
      await removeEntity(tx, row);
      return {};
    },
  });
}

/** A new name, a new path, or both. */
function rename(kind: "user" | "group"): Action {
  const member = `New${nameMembers[kind]}`;
  return entityAction({
    name: `Update${nouns[kind]}` as ActionName<"iam">, // as above
    kind,
    apply: async (row, { input, tx }) => {
      const [name, path] = [optionalText(input, member), optionalText(input, "NewPath")];
      await renameEntity(tx, row, { name: name === undefined ? undefined : requireEntityName(kind, `new${nameMembers[kind]}`, name), path: path === undefined ? undefined : requirePath(path) });
      return {};
    },
  });
}

const GetGroup = entityAction({
  name: "GetGroup",
  kind: "group",
  readOnly: true,
  apply: async (row, call) => {
    const { page, end } = paged("GetGroup", await listMembers(call.tx, row.id), (user) => user.folded_name, call);
    return { Group: toEntityView(row), Users: page.map((user) => toEntityView(user)), ...end };
  },
});

const UpdateRole = entityAction({
  name: "UpdateRole",
  kind: "role",
  apply: async (row, { input, tx }) => {
    const seconds = input.MaxSessionDuration;
    const change = { description: optionalText(input, "Description") ?? row.description, ...(seconds === undefined ? {} : { max_session_seconds: requireSessionDuration(seconds) }) };
    await changeEntity(tx, row, change);
    return {};
  },
});

const UpdateRoleDescription = entityAction({
  name: "UpdateRoleDescription",
  kind: "role",
  apply: async (row, call) => {
    const description = text(call.input, "Description");
    await changeEntity(call.tx, row, { description });
    return { Role: await view(call, { ...row, description }) };
  },
});

const UpdateAssumeRolePolicy = entityAction({
  name: "UpdateAssumeRolePolicy",
  kind: "role",
  apply: async (row, { input, tx }) => {
    await changeEntity(tx, row, { trust_policy: requireTrustPolicy(text(input, "PolicyDocument")) });
    return {};
  },
});

const kinds: readonly Kind[] = ["user", "group", "role", "instance-profile"];

export const entityActions: readonly Action[] = [
  ...kinds.flatMap((kind) => [create(kind), list(kind), remove(kind)]),
  get("user"),
  GetGroup,
  get("role"),
  get("instance-profile"),
  rename("user"),
  rename("group"),
  UpdateRole,
  UpdateRoleDescription,
  UpdateAssumeRolePolicy,
];
