/** Who pushed a key for a serial console: what they may do is asked again as long as they have it. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { serial_keys: "t?caller" });
}
