/** Instances keep the boot mode of their image. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { instances: "t?boot_mode" });
}
