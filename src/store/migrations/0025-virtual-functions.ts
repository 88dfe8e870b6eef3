/** Virtual functions of network cards: instances whose interfaces are such, and how many are promised of a host. */
import { type Kysely, sql } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { instances: "i=0 virtual_functions", host_reservations: "i=0 functions" });
  await sql`create index host_reservations_functions on host_reservations (host_id) where functions > 0`.execute(db);
}
