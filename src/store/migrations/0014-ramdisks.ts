/** The first file system that a paravirtual kernel boots with: of kernel images, and of instances as of their launch. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { images: "t?ramdisk_file", instances: "t?ramdisk_file" });
}
