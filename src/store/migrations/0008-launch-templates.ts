/** Launch templates and their versions. */
import type { Kysely } from "kysely";
import { createIndexes, createTables } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, {
    launch_templates: "t!id t account t region t name i default_version i latest_version i next_version i created_at t created_by",
    launch_template_versions: "t!template_id i!version t?description t data i created_at t created_by",
  });
  await createIndexes(db, ["unique launch_templates account region name"], "launch_templates");
}
