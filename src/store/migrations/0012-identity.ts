/** Users, groups, roles, instance profiles and policies. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  iam_entities: "t!id t account t kind t name t folded_name t path t?description t?boundary_arn t?trust_policy i?max_session_seconds i?version_count i created_at",
  iam_members: "t!container_id t!member_id i created_at",
  iam_attachments: "t!entity_id t!policy_arn i created_at",
  iam_inline_policies: "t!entity_id t!name t document",
  iam_policy_versions: "t!policy_id t!version t document i is_default i created_at",
};

const indexes = ["unique iam_entities account kind folded_name", "iam_members member_id", "iam_attachments policy_arn", "access_keys user_id"];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await addColumns(db, { access_keys: "t='Active' status", instances: "t?instance_profile t?role_credentials" });
  await createIndexes(db, indexes, "identity");
}
