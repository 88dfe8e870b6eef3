/** How fast a volume is to fetch what it begins as; and what an account's volumes have together, without a look at each of them. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { volumes: "i?initialization_rate" });
  await createIndexes(db, ["volumes account region type want size_gib iops"], "sums");
}
