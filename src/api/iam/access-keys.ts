/** Access keys of users, and of the root for itself. */
import { invalidIdentityInput, noSuchEntity } from "../../base/api-error.ts";
import { createAccessKey, listAccessKeys, requireAccessKey } from "../../iam/access-key.ts";
import { entityArn } from "../../iam/entity.ts";
import type { Person } from "../../iam/person.ts";
import type { AccessKeyRow } from "../../store/identity-tables.ts";
import { defineServiceAction, type Action } from "../action.ts";
import { paged, personAction, text } from "./iam-action.ts";

const CreateAccessKey = personAction({
  name: "CreateAccessKey",
  apply: async (holder, { tx, secretKey, random, now }) => {
    const { row, secret } = await createAccessKey(tx, secretKey, holder, random, now);
    return { AccessKey: { ...toKeyView(holder, row), SecretAccessKey: secret } };
  },
});

const ListAccessKeys = personAction({
  name: "ListAccessKeys",
  readOnly: true,
  apply: async (holder, call) => {
    const { page, end } = paged("ListAccessKeys", await listAccessKeys(call.tx, holder), (row) => row.id, call);
    return { AccessKeyMetadata: page.map((row) => toKeyView(holder, row)), ...end };
  },
});

const UpdateAccessKey = personAction({
  name: "UpdateAccessKey",
  apply: async (holder, { input, tx }) => {
    const { id } = await requireAccessKey(tx, holder, text(input, "AccessKeyId"));
    const status = text(input, "Status");
    if (status !== "Active" && status !== "Inactive") throw invalidIdentityInput(`The status ${status} is not valid for an access key.`);
    await tx.db.updateTable("access_keys").set({ status }).where("id", "=", id).execute();
    return {};
  },
});

const DeleteAccessKey = personAction({
  name: "DeleteAccessKey",
  apply: async (holder, { input, tx }) => {
    const { id } = await requireAccessKey(tx, holder, text(input, "AccessKeyId"));
    await tx.db.deleteFrom("access_keys").where("id", "=", id).execute();
    return {};
  },
});

function toKeyView({ name }: Person, { id, status, created_at: createdAt }: AccessKeyRow): { UserName: string; AccessKeyId: string; Status: AccessKeyRow["status"]; CreateDate: Date } {
  return { UserName: name, AccessKeyId: id, Status: status, CreateDate: new Date(createdAt) };
}

const GetAccessKeyLastUsed = defineServiceAction("iam", {
  name: "GetAccessKeyLastUsed",
  supported: "calls that change something count",
  readOnly: true,
  load: async ({ input, caller, tx }) => {
    const key = await tx.db.selectFrom("access_keys").selectAll().where("id", "=", input.AccessKeyId).where("account", "=", caller.account).executeTakeFirst();
    const user = key === undefined ? undefined : await tx.db.selectFrom("iam_entities").selectAll().where("id", "=", key.user_id).executeTakeFirst();
    return { key, user };
  },
  authorize: ({ user }, { caller: { account } }) => [{ action: "iam:GetAccessKeyLastUsed", resource: user === undefined ? `arn:aws:iam::${account}:user/*` : entityArn(user) }],
  apply: async ({ key, user }, { input, tx }) => {
    if (key === undefined) throw noSuchEntity(`The Access Key with id ${input.AccessKeyId} cannot be found.`);
    const used = await tx.db.selectFrom("audit_events").select(["at", "region", "service"]).where("account", "=", key.account).where("access_key_id", "=", key.id).orderBy("at", "desc").limit(1).executeTakeFirst();
    const last = used === undefined ? { Region: "N/A", ServiceName: "N/A", LastUsedDate: undefined } : { Region: used.region, ServiceName: used.service, LastUsedDate: new Date(used.at) };
    return { UserName: user?.name ?? "root", AccessKeyLastUsed: last };
  },
});

export const accessKeyActions: readonly Action[] = [CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed];
