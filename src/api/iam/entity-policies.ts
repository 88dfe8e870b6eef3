/** The policies of users, groups and roles: attaching, writing inline, limiting. */
import { attachPolicy, deleteInlinePolicy, detachPolicy, listAttachedPolicies, listInlinePolicies, putInlinePolicy, requireInlinePolicy, setBoundary } from "../../iam/entity-policies.ts";
import { requireEntityName } from "../../iam/entity.ts";
import type { ActionName } from "../../wire/action-types.ts";
import type { Action } from "../action.ts";
import { entityAction, entityList, nameMembers, optionalText, text, type IamCall } from "./iam-action.ts";
import { encodeDocument, nouns, toAttachedView } from "./iam-views.ts";

type Holder = "user" | "group" | "role";

const named = (name: string) => name as ActionName<"iam">; // each of these is there for each holder

const policyArn = ({ input }: IamCall) => ({ "iam:PolicyARN": text(input, "PolicyArn") });

function attachment(kind: Holder): readonly Action[] {
  const noun = nouns[kind];
  const attach = entityAction({
    name: named(`Attach${noun}Policy`),
    kind,
    conditions: policyArn,
    apply: async (entity, { input, tx, now }) => {
      await attachPolicy(tx, entity, text(input, "PolicyArn"), now);
      return {};
    },
  });
  const detach = entityAction({
    name: named(`Detach${noun}Policy`),
    kind,
    conditions: policyArn,
    apply: async (entity, { input, tx }) => {
      await detachPolicy(tx, entity, text(input, "PolicyArn"));
      return {};
    },
  });
  return [attach, detach, entityList(kind, named(`ListAttached${noun}Policies`), "AttachedPolicies", (entity, { tx }) => listAttachedPolicies(tx, entity.id), (arn) => arn, toAttachedView)];
}

function inline(kind: Holder): readonly Action[] {
  const noun = nouns[kind];
  const put = entityAction({
    name: named(`Put${noun}Policy`),
    kind,
    apply: async (entity, { input, tx }) => {
      const name = requireEntityName("policy", "policyName", text(input, "PolicyName"));
      await putInlinePolicy(tx, entity, { name, document: text(input, "PolicyDocument") });
      return {};
    },
  });
  const get = entityAction({
    name: named(`Get${noun}Policy`),
    kind,
    readOnly: true,
    apply: async (entity, { input, tx }) => {
      const { name, document } = await requireInlinePolicy(tx, entity, text(input, "PolicyName"));
      return { [nameMembers[kind]]: entity.name, PolicyName: name, PolicyDocument: encodeDocument(document) };
    },
  });
  const remove = entityAction({
    name: named(`Delete${noun}Policy`),
    kind,
    apply: async (entity, { input, tx }) => {
      await deleteInlinePolicy(tx, entity, text(input, "PolicyName"));
      return {};
    },
  });
  return [put, get, remove, entityList(kind, named(`List${noun}Policies`), "PolicyNames", (entity, { tx }) => listInlinePolicies(tx, entity.id), ({ name }) => name, ({ name }) => name)];
}

function boundary(kind: "user" | "role"): readonly Action[] {
  const set = (verb: string, arnOf: (call: IamCall) => string | undefined) =>
    entityAction({
      name: named(`${verb}${nouns[kind]}PermissionsBoundary`),
      kind,
      conditions: (call) => ({ "iam:PermissionsBoundary": arnOf(call) }),
      apply: async (entity, call) => {
        await setBoundary(call.tx, entity, arnOf(call));
        return {};
      },
    });
  return [set("Put", ({ input }) => optionalText(input, "PermissionsBoundary")), set("Delete", () => undefined)];
}

const holders: readonly Holder[] = ["user", "group", "role"];

export const entityPolicyActions: readonly Action[] = [...holders.flatMap((kind) => [...attachment(kind), ...inline(kind)]), ...boundary("user"), ...boundary("role")];
